"""The process that reads a hostile file: limits first, then the reader, one JSON answer, gone.

Started by child.py as `python -m provenance.verify.reader` with the file as an open descriptor and
the request on its standard input. No Django here: it must start fast and know nothing.
"""

import json
import os
import re
import resource
import signal
import sys
from collections.abc import Mapping
from typing import IO, Any

MENTION = re.compile(rb"urn:c2pa:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
MENTIONS_READ = 64 * 1024 * 1024
MENTIONS_KEPT = 8
# An honest credential gives some 20 KB; the parent holds the answer in memory.
ANSWER_BYTES = 1024 * 1024
_CHUNK = 1024 * 1024
_URN_LENGTH = 45


def main() -> int:
    """Answer one request; the exit status is 0 when an answer was written."""
    request = json.loads(sys.stdin.buffer.read())
    confine(request["limits"])
    with os.fdopen(request["file"], "rb") as stream:
        answer = examine(stream, request["anchors"])
    said = json.dumps(answer).encode()
    if len(said) > ANSWER_BYTES:
        over = {"validator": answer["validator"], "trouble": "archive.file.limits"}
        said = json.dumps(over).encode()
    sys.stdout.buffer.write(said)
    return 0


def confine(limits: Mapping[str, int]) -> None:
    """Give up everything that reading a file does not need; going over it ends the process."""
    _limit(resource.RLIMIT_CPU, limits["cpu_seconds"])
    _limit(resource.RLIMIT_AS, limits["memory_bytes"])
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_CORE, 0)
    # The parent kills on time; the alarm is for the day when the parent itself was killed.
    signal.alarm(limits["wall_seconds"] + 1)


def examine(stream: IO[bytes], anchors: list[Mapping[str, str]]) -> dict[str, Any]:
    """Read the credential of a file: {"reading"}, {"trouble", ...} or {"reading": null}."""
    # Imported under the limits, so that whatever the library does at import counts as well.
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


if __name__ == "__main__":
    sys.exit(main())
