"""Copies of a log, in a folder or behind an address: read within limits, and never believed."""

import http.client
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path

from provenance.core.mirrors import BUNDLE_LIMIT, Fault, FileMissing, Read
from provenance.core.tiles import HEIGHT, WIDTH, Tile

from .export import tiles_in

TIMEOUT_SECONDS = 20.0
TRIES = 3
PAUSE_SECONDS = 1.0


def folder(root: Path) -> Read:
    """Files below a folder."""

    def read(path: str, limit: int) -> bytes:
        try:
            with (root / path).open("rb") as file:
                return _within(file.read(limit + 1), limit, path)
        except OSError as error:
            raise FileMissing(f"{root / path}: {error.strerror}") from error

    return read


def website(address: str, pause: Callable[[float], None] = time.sleep) -> Read:
    """Files below an address (https://archive.example/log/); a busy server is asked again.

    Raises FileMissing at once where the address is none of http or https.
    """
    base = address.rstrip("/") + "/"
    parts = urllib.parse.urlsplit(base)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise FileMissing(f"{address} is no address that begins with https:// or http://.")

    def read(path: str, limit: int) -> bytes:
        for left in reversed(range(TRIES)):
            try:
                return _within(_get(base + path, limit), limit, path)
            except urllib.error.HTTPError as error:
                error.close()
                if error.code < 500 or not left:
                    raise FileMissing(f"{base + path} answers {error.code}") from error
            except (OSError, http.client.HTTPException) as error:
                if not left:
                    raise FileMissing(f"{base + path}: {error}") from error
            pause(PAUSE_SECONDS)
        raise AssertionError("the last try returns or raises")

    return read


def strays(root: Path, size: int, read: Read) -> list[Fault]:
    """What lies in a folder's `tile/` beside the tiles of the tree of `size` entries.

    Partial tiles of earlier sizes are right where they agree with those of now, and so are tiles
    that an export has already written for its next checkpoint; other names are faults.
    """
    faults = []
    for path, tile in tiles_in(root):
        name = path.relative_to(root).as_posix()
        if tile is None:
            faults.append(Fault(0, f"the file {name} is no file of a log"))
            continue
        now = _as_wide_as_now(tile, size)
        if now not in {None, tile} and not _agree(path.read_bytes(), _of(now, read)):
            first = tile.n * WIDTH ** ((tile.level or 0) + 1)
            faults.append(Fault(first, f"the file {name} contradicts {now and now.path}"))
    return faults


def _as_wide_as_now(tile: Tile, size: int) -> Tile | None:
    width = min(WIDTH, (size >> (HEIGHT * (tile.level or 0))) - tile.n * WIDTH)
    return Tile(tile.level, tile.n, width) if width > 0 else None


def _of(tile: Tile | None, read: Read) -> bytes:
    """The file of a tile of now; nothing where it is missing, which the audit has told already."""
    try:
        return read(f"tile/{tile.path}", BUNDLE_LIMIT) if tile else b""
    except FileMissing:
        return b""


def _agree(one: bytes, other: bytes) -> bool:
    """Whether one is the beginning of the other."""
    return one.startswith(other) or other.startswith(one)


def _get(address: str, limit: int) -> bytes:
    asked = urllib.request.Request(  # noqa: S310 - website() allows http and https alone
        address, headers={"User-Agent": "sora-archive-audit"}
    )
    with urllib.request.urlopen(asked, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310 - as above
        data: bytes = answer.read(limit + 1)
    return data


def _within(data: bytes, limit: int, path: str) -> bytes:
    if len(data) > limit:
        raise FileMissing(f"{path} is larger than any such file can be")
    return data
