"""One service as a child process: in a group of its own, its words prefixed, ended whole."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO

COLOURS = {
    "database": 34,
    "broker": 35,
    "sequencer": 36,
    "confirmlog": 36,
    "sweep": 33,
    "worker": 32,
    "web": 94,
}
WIDTH = 10


class Console:
    """Whole lines from many threads on one terminal, each behind the name of who says it."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream
        self._lock = threading.Lock()
        self._colour = stream.isatty() and not os.environ.get("NO_COLOR")

    def say(self, text: str, name: str = "archive") -> None:
        """Prints one line. A reader that has gone away is no reason to stop the archive."""
        prefix = f"{name:{WIDTH}}|"
        if self._colour:
            prefix = f"\033[{COLOURS.get(name, 1)}m{prefix}\033[0m"
        try:
            with self._lock:
                self._stream.write(f"{prefix} {text}\n" if text else f"{prefix}\n")
                self._stream.flush()
        except (BrokenPipeError, ValueError):
            self._stream = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123


@dataclass(frozen=True)
class Service:
    """How one service is run and ended; `stop_seconds` of patience between signal and kill."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 10.0
    # What the program says that is true and of no use to anybody.
    hushed: Sequence[str] = field(default=())


class Running:
    """A started service. Start it from the main thread: the kernel ties it to the thread."""

    def __init__(self, service: Service, console: Console, keep_open: Sequence[int] = ()) -> None:
        self.service = service
        self.begun = time.monotonic()
        self.process = subprocess.Popen(
            list(service.command),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=dict(service.environment),
            pass_fds=tuple(keep_open),
            start_new_session=True,  # Ctrl-C reaches the launcher alone, which stops all in order
        )
        self._pump = threading.Thread(target=self._relay, args=(console,), daemon=True)
        self._pump.start()

    def _relay(self, console: Console) -> None:
        assert self.process.stdout is not None  # noqa: S101 - asked for above
        for line in self.process.stdout:
            text = line.decode("utf-8", "replace").rstrip()
            if text and not any(words in text for words in self.service.hushed):
                console.say(text, self.service.name)

    @property
    def ended(self) -> int | None:
        """The exit status, or None while it runs."""
        return self.process.poll()

    def stop(self, patience: float | None = None) -> bool:
        """Ends the service and all it started; False where it had to be killed."""
        seconds = self.service.stop_seconds if patience is None else patience
        clean = True
        if self.process.poll() is None:
            self.process.send_signal(self.service.stop_signal)
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                clean = False
        self._kill_group()
        self.process.wait()
        self._pump.join(1.0)
        return clean

    def _kill_group(self) -> None:
        """Kills what is left of the service's group, also where its first process has ended."""
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            return  # nobody is left but, perhaps, zombies of another user


def described(status: int) -> str:
    """An exit status in words."""
    if status >= 0:
        return f"ended with exit status {status}"
    try:
        return f"was ended by {signal.Signals(-status).name}"
    except ValueError:
        return f"was ended by signal {-status}"


def python(*arguments: str) -> list[str]:
    """A command line of this very Python."""
    return [sys.executable, *arguments]
