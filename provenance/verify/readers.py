"""The processes that read hostile files, from the parent's side: start, ask, end in time, reuse.

No Django here: the offline command reads through the same limits as the page. A reader serves one
file at a time and is replaced after a number of files, after a kill and when its terms change.
"""

import atexit
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import provenance
from provenance.core.credentials import Anchor
from provenance.core.errors import Unreadable
from provenance.core.readings import Reading
from provenance.core.verdicts import Trouble

from .reader import ANSWER_BYTES

_ROOT: Final = Path(provenance.__file__).resolve().parent.parent
_OVER_LIMIT = {-signal.SIGXCPU, -signal.SIGKILL, -signal.SIGALRM, -signal.SIGABRT, -signal.SIGXFSZ}
_IDLE_KEPT = 4
_GOING_SECONDS = 5.0
LIMITS = Trouble("archive.file.limits")
NO_ANSWER = Trouble("archive.file.reader")


@dataclass(frozen=True)
class Limits:
    """What one file may cost: processor and clock time in seconds, memory in bytes."""

    cpu_seconds: int = 20
    wall_seconds: int = 40
    memory_bytes: int = 3 * 1024**3


@dataclass(frozen=True)
class Terms:
    """What a reader is started with: whom to believe, and within which limits."""

    anchors: tuple[Anchor, ...]
    limits: Limits

    def as_json(self) -> bytes:
        """The first message to a reader."""
        anchors = [asdict(anchor) for anchor in self.anchors]
        return json.dumps({"anchors": anchors, "limits": asdict(self.limits)}).encode()


@dataclass(frozen=True)
class Answer:
    """What a reader said: a reading, a trouble, or None for no credential."""

    found: Reading | Trouble | None
    validator: str = ""


class Gone(Exception):
    """The reader ended without an answer; `status` is as subprocess gives it."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Reader:
    """One process that reads files, one after the other."""

    def __init__(self, terms: Terms) -> None:
        self.terms, self.served = terms, 0
        self._line, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "provenance.verify.reader", str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,  # a hostile file must not be able to write into our log
                stderr=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                cwd=_ROOT,
                env={"LANG": "C.UTF-8", "RAYON_NUM_THREADS": "1"},
                start_new_session=True,
            )
        self._first = terms.as_json()

    def ask(self, descriptor: int) -> bytes:
        """The reader's answer about an open file; raises Gone, TimeoutError."""
        deadline = time.monotonic() + self.terms.limits.wall_seconds
        try:
            self._line.settimeout(self.terms.limits.wall_seconds)
            if self.served == 0:
                self._line.sendall(struct.pack(">I", len(self._first)) + self._first)
            socket.send_fds(self._line, [b"?"], [descriptor])
            (size,) = struct.unpack(">I", self._receive(4, deadline))
            if size > ANSWER_BYTES:
                raise Gone(1)
            said = self._receive(size, deadline)
        except (ConnectionError, BrokenPipeError) as error:
            raise Gone(self._status()) from error
        self.served += 1
        return said

    def idle(self) -> bool:
        """Whether it is still there to be asked."""
        return self._process.poll() is None

    def end(self) -> None:
        """End it, and whatever it may have started: it leads a process group of its own."""
        self._line.close()
        if self._process.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def _receive(self, size: int, deadline: float) -> bytes:
        parts: list[bytes] = []
        while size > 0:
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError
            self._line.settimeout(left)
            part = self._line.recv(min(size, 65_536))
            if not part:
                raise Gone(self._status())
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    def _status(self) -> int:
        """How the process ended, after it has closed its line."""
        try:
            return self._process.wait(_GOING_SECONDS)
        except subprocess.TimeoutExpired:
            return -signal.SIGKILL


class Readers:
    """The readers of one process of the site; threads may ask at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: list[Reader] = []

    def ask(self, descriptor: int, terms: Terms) -> Answer:
        """Let a reader look at the file behind an open descriptor; whatever happens is an answer.

        The file is read from its beginning; the descriptor's offset moves.
        """
        reader = self._take(terms)
        try:
            return self._asked(reader, descriptor)
        except Gone as gone:
            if not (reader.served and gone.status == 0):
                return answer(gone.status, b"")
        # It had served its time while we reached for it: that says nothing about the file.
        fresh = Reader(terms)
        try:
            return self._asked(fresh, descriptor)
        except Gone as gone:
            return answer(gone.status, b"")

    def close(self) -> None:
        """End every reader that waits."""
        with self._lock:
            idle, self._idle = self._idle, []
        for reader in idle:
            reader.end()

    def forget(self) -> None:
        """Leave the readers to the process that was forked from; they are not ours to ask."""
        self._lock, self._idle = threading.Lock(), []

    def _asked(self, reader: Reader, descriptor: int) -> Answer:
        os.lseek(descriptor, 0, os.SEEK_SET)
        try:
            said = answer(0, reader.ask(descriptor))
        except TimeoutError:
            reader.end()
            return Answer(LIMITS)
        except BaseException:
            reader.end()
            raise
        if said == Answer(NO_ANSWER):
            reader.end()  # it answers, but not in our language
        else:
            self._give_back(reader)
        return said

    def _take(self, terms: Terms) -> Reader:
        with self._lock:
            waiting, self._idle = self._idle, []
            usable = [reader for reader in waiting if reader.terms == terms and reader.idle()]
            self._idle = usable[:-1]
        for reader in waiting:
            if reader not in usable:
                reader.end()
        return usable[-1] if usable else Reader(terms)

    def _give_back(self, reader: Reader) -> None:
        with self._lock:
            if len(self._idle) < _IDLE_KEPT:
                self._idle.append(reader)
                return
        reader.end()


def answer(status: int, output: bytes) -> Answer:
    """What an exit status and the bytes of an answer say."""
    if status in _OVER_LIMIT:
        return Answer(LIMITS)
    if status != 0:
        return Answer(NO_ANSWER)
    try:
        said: dict[str, Any] = json.loads(output)
        validator = str(said["validator"])
        if "trouble" in said:
            trouble = Trouble(said["trouble"], tuple(said.get("named", ())), said.get("where", ""))
            return Answer(trouble, validator)
        plain = said["reading"]
        return Answer(None if plain is None else Reading.from_json(plain), validator)
    except (ValueError, KeyError, TypeError, RecursionError, Unreadable):
        return Answer(NO_ANSWER)


READERS: Final = Readers()
os.register_at_fork(after_in_child=READERS.forget)
atexit.register(READERS.close)
