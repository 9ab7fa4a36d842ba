"""Copies of a log, in a folder or behind an address: read within limits, and never believed."""

import http.client
import re
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path

from provenance.core.mirrors import BUNDLE_LIMIT, Fault, FileMissing, Read
from provenance.core.tiles import HEIGHT, WIDTH, Tile, tiles_of

from .export import INDEX, bundles_of, pages_in, tiles_in

TIMEOUT_SECONDS = 20.0
TRIES = 3
PAUSE_SECONDS = 1.0
_PARTIAL = re.compile(r"[0-9]{3}\.p")


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


def pages(root: Path, size: int) -> list[Fault]:
    """Pages of links by which a crawler would miss files of the tree of `size` entries, or look for
    what is none.

    A page may lack what an export has already written for its next checkpoint, and name a partial
    tile that is gone since. The site itself has no such pages, nor has its mirror.
    """
    if not any((root / "tile").rglob(INDEX)):
        return []
    needed, faults = _needed(root, size), []
    for path, said, there in pages_in(root):
        if path.parent not in needed and not path.exists():
            continue
        lost = [name for name in said if name not in there]
        whole = said and needed.get(path.parent, set()) <= {*said}
        if not whole or any(not _is_partial(path.parent / name) for name in lost):
            name = path.relative_to(root).as_posix()
            words = f"the page of links {name} is damaged, or not that of its folder"
            faults.append(Fault(_first_below(root, path.parent), words))
    return faults


def _needed(root: Path, size: int) -> dict[Path, set[str]]:
    """By folder, what its page has to name."""
    names = {root: {"checkpoint", "vkey"}}
    for tile in (*bundles_of(size), *tiles_of(size)):
        path, name = root / "tile" / tile.path, ""
        while path != root:
            names.setdefault(path.parent, set()).add(path.name + name)
            path, name = path.parent, "/"
    return names


def _is_partial(path: Path) -> bool:
    return any(_PARTIAL.fullmatch(part) for part in path.parts[-2:])


def _first_below(root: Path, place: Path) -> int:
    """The first entry of which a folder holds something."""
    if place in {root, root / "tile"}:
        return 0
    tiles = [tile for path, tile in tiles_in(root) if tile and place in path.parents]
    return min((tile.n * WIDTH ** ((tile.level or 0) + 1) for tile in tiles), default=0)


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
