"""The process that reads hostile files: limits first, then the library, one JSON answer a file.

Started by readers.py as `python -m provenance.verify.reader N`, N being the descriptor of a socket:
terms come first, then for each file an open descriptor. No Django here: it must start fast and know
nothing. It goes by itself when it has served enough, grown too large, or is left alone.
"""

import json
import os
import re
import resource
import signal
import socket
import struct
import sys
from collections.abc import Mapping
from typing import IO, Any

MENTION = re.compile(rb"urn:c2pa:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
MENTIONS_READ = 64 * 1024 * 1024
MENTIONS_KEPT = 8
# An honest credential gives some 20 KB; the parent holds the answer in memory.
ANSWER_BYTES = 1024 * 1024
FILES_PER_READER = 250
IDLE_SECONDS = 60
GROWN_BYTES = 256 * 1024 * 1024
_CHUNK = 1024 * 1024
_URN_LENGTH = 45


def main(line: socket.socket) -> int:
    """Serve files until there is a reason to go; the exit status is 0 when every one had answer."""
    terms = json.loads(_receive(line, struct.unpack(">I", _receive(line, 4))[0]))
    limits = terms["limits"]
    confine(limits)
    # Imported under the limits, so that whatever the library does at import counts as well.
    import provenance.core.readings  # noqa: F401

    for _ in range(FILES_PER_READER):
        line.settimeout(IDLE_SECONDS)
        try:
            called, files, _flags, _address = socket.recv_fds(line, 1, 1)
        except TimeoutError:
            return 0
        if not called:
            return 0
        line.settimeout(None)
        ration(limits)
        with os.fdopen(files[0], "rb") as stream:
            said = said_of(stream, terms["anchors"])
        signal.alarm(0)
        line.sendall(struct.pack(">I", len(said)) + said)
        if resident() > GROWN_BYTES:
            break
    return 0


def confine(limits: Mapping[str, int]) -> None:
    """Give up everything that reading files does not need; going over it ends the process."""
    resource.setrlimit(
        resource.RLIMIT_CPU, (limits["cpu_seconds"], limits["cpu_seconds"] * (FILES_PER_READER + 1))
    )
    _limit(resource.RLIMIT_AS, limits["memory_bytes"])
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_CORE, 0)


def ration(limits: Mapping[str, int]) -> None:
    """Give the next file its own share of time."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    share = int(used.ru_utime + used.ru_stime) + limits["cpu_seconds"]
    resource.setrlimit(resource.RLIMIT_CPU, (min(share, hard), hard))
    # The parent kills on time; the alarm is for the day when the parent itself was killed.
    signal.alarm(limits["wall_seconds"] + 1)


def resident() -> int:
    """Bytes of memory held now, as Linux tells; the peak would count that of who started us."""
    with open("/proc/self/statm") as status:  # noqa: PTH123 - pathlib is not loaded here
        return int(status.read().split()[1]) * resource.getpagesize()


def said_of(stream: IO[bytes], anchors: list[Mapping[str, str]]) -> bytes:
    """The answer about one file, of bounded size."""
    answer = examine(stream, anchors)
    said = json.dumps(answer).encode()
    if len(said) > ANSWER_BYTES:
        over = {"validator": answer["validator"], "trouble": "archive.file.limits"}
        said = json.dumps(over).encode()
    return said


def examine(stream: IO[bytes], anchors: list[Mapping[str, str]]) -> dict[str, Any]:
    """Read the credential of a file: {"reading"}, {"trouble", ...} or {"reading": null}."""
    from provenance.core import credentials, errors, readings

    answer: dict[str, Any] = {"validator": credentials.validator(), "reading": None}
    if not stream.read(1):
        return answer | {"trouble": "archive.file.empty"}
    stream.seek(0)
    try:
        raw = credentials.read(stream, [credentials.Anchor(**anchor) for anchor in anchors])
        return answer | {"reading": readings.reading(raw).as_json() if raw else None}
    except errors.RemoteManifest as error:
        return answer | {"trouble": "archive.credential.elsewhere", "where": error.url}
    except errors.UnsupportedKind:
        return answer | {"trouble": "archive.file.kind"}
    except errors.DamagedCredential:
        return answer | {"trouble": "archive.credential.damaged", "named": mentions(stream)}
    except errors.Unreadable:
        return answer | {"trouble": "archive.file.malformed", "named": mentions(stream)}


def mentions(stream: IO[bytes]) -> list[str]:
    """The manifests that the first 64 MiB of a file name, where they can no longer be parsed."""
    stream.seek(0)
    found: dict[str, None] = {}
    tail, left = b"", MENTIONS_READ
    while left > 0 and (chunk := stream.read(min(_CHUNK, left))):
        found |= dict.fromkeys(name.decode() for name in MENTION.findall(tail + chunk))
        tail, left = chunk[1 - _URN_LENGTH :], left - len(chunk)
        if len(found) >= MENTIONS_KEPT:
            break
    return list(found)[:MENTIONS_KEPT]


def _limit(kind: int, value: int) -> None:
    resource.setrlimit(kind, (value, value))


def _receive(line: socket.socket, size: int) -> bytes:
    parts: list[bytes] = []
    while size > 0:
        part = line.recv(size)
        if not part:
            raise EOFError
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


if __name__ == "__main__":
    sys.exit(main(socket.socket(fileno=int(sys.argv[1]))))
