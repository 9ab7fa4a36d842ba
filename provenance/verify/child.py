"""The parent's side of a check: start the reader in a child, end it in time, judge its answer.

Whatever the file does to the reader — crash, hang, eat memory — is an answer here, never an error.
"""

import hashlib
import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from django.conf import settings

import provenance
from provenance import vault
from provenance.core.errors import Unreadable
from provenance.core.readings import Reading
from provenance.core.verdicts import FileFacts, Trouble, Trust, Verdict, judge

from . import ledger

_ROOT: Final = Path(provenance.__file__).resolve().parent.parent
_OVER_LIMIT = {-signal.SIGXCPU, -signal.SIGKILL, -signal.SIGALRM, -signal.SIGABRT, -signal.SIGXFSZ}


@dataclass(frozen=True)
class Answer:
    """What the child said: a reading, a trouble, or None for no credential."""

    found: Reading | Trouble | None
    validator: str = ""


def check(path: Path) -> Verdict:
    """Check one file against the archive's trust list, ledger and log.

    Raises OSError where the file itself cannot be opened; everything else is part of the verdict.
    """
    with path.open("rb") as stream:
        facts = FileFacts(
            hashlib.file_digest(stream, "sha256").hexdigest(), os.fstat(stream.fileno()).st_size
        )
        stream.seek(0)
        answer = ask(stream.fileno())
    anchors = vault.anchors(settings.KEYS_DIR)
    trust = Trust(
        frozenset(anchor.trust_uri for anchor in anchors), vault.log_vkey(settings.KEYS_DIR)
    )
    known = ledger.consult(facts.sha256, _manifests(answer.found))
    return judge(facts, answer.found, trust, known, answer.validator)


def ask(descriptor: int) -> Answer:
    """Let a child of our own read the file behind an open descriptor, within the limits."""
    request = {
        "file": descriptor,
        "anchors": [asdict(anchor) for anchor in vault.anchors(settings.KEYS_DIR)],
        "limits": {
            "cpu_seconds": settings.VERIFY_CPU_SECONDS,
            "wall_seconds": settings.VERIFY_WALL_SECONDS,
            "memory_bytes": settings.VERIFY_MEMORY_BYTES,
        },
    }
    with subprocess.Popen(
        [sys.executable, "-m", "provenance.verify.reader"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # a hostile file must not be able to write into our log
        pass_fds=[descriptor],
        cwd=_ROOT,
        env={"LANG": "C.UTF-8", "RAYON_NUM_THREADS": "1"},
        start_new_session=True,
    ) as reader:
        try:
            output, _ = reader.communicate(
                json.dumps(request).encode(), timeout=settings.VERIFY_WALL_SECONDS
            )
        except subprocess.TimeoutExpired:
            return Answer(Trouble("archive.file.limits"))
        finally:
            _end(reader)
    return _answer(reader.returncode, output)


def _end(reader: subprocess.Popen[bytes]) -> None:
    """End the child and whatever it may have started; it leads a process group of its own."""
    if reader.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(reader.pid, signal.SIGKILL)
        reader.wait()


def _answer(status: int, output: bytes) -> Answer:
    if status in _OVER_LIMIT:
        return Answer(Trouble("archive.file.limits"))
    if status != 0:
        return Answer(Trouble("archive.file.reader"))
    try:
        said: dict[str, Any] = json.loads(output)
        validator = str(said["validator"])
        if "trouble" in said:
            trouble = Trouble(said["trouble"], tuple(said.get("named", ())), said.get("where", ""))
            return Answer(trouble, validator)
        plain = said["reading"]
        return Answer(None if plain is None else Reading.from_json(plain), validator)
    except (ValueError, KeyError, TypeError, RecursionError, Unreadable):
        return Answer(Trouble("archive.file.reader"))


def _manifests(found: Reading | Trouble | None) -> tuple[str, ...]:
    if isinstance(found, Reading):
        return (found.manifest_id,)
    return found.named if found else ()
