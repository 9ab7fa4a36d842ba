"""The log as plain files that a web server serves and anybody mirrors, the checkpoint written last.

Whatever a reader finds, it is whole: files appear at once and never change, and the checkpoint
comes after everything that it covers. The export copies; to judge is the audit's business.
"""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from provenance.core.merkle import HASH_BYTES
from provenance.core.notes import Checkpoint, NoteRefused, open_checkpoint
from provenance.core.tiles import (
    WIDTH,
    Tile,
    TileRefused,
    bundle,
    in_tree,
    parse_path,
    tiles_of,
)

from . import receipts, tree
from .errors import ExportRefused, LogUnavailable
from .files import write_whole
from .models import Origin

INDEX = "index.html"
_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>{title}</title>
<h1>{title}</h1>
<p>Files of a public log (C2SP tlog-tiles). Copy them with <code>wget -r -np</code>.</p>
<ul>
{links}
</ul>
</html>
"""
_LINK = re.compile(rb'<li><a href="([^"]*)">')


@dataclass(frozen=True)
class Exported:
    """What an export has done: the log's size, and the tiles and bundles that were new."""

    size: int
    written: int


def export(folder: Path, progress: Callable[[int, int], None], *, again: bool = False) -> Exported:
    """Bring a folder up to the newest checkpoint; `again` writes the files anew that are there.

    `progress` is told the number of files done and of all. Raises LogUnavailable where nothing
    was signed yet, ExportRefused where the folder holds another log or a later state of this one.
    """
    checkpoint, origin = receipts.newest(), Origin.objects.first()
    if checkpoint is None or origin is None:
        raise LogUnavailable("The log has no checkpoint yet: has the sequencer ever run?")
    before = _previous(folder, origin.vkey, checkpoint.head_id)
    folder.mkdir(parents=True, exist_ok=True)
    size, written = checkpoint.head_id, 0
    wanted = [*bundles_of(size), *tiles_of(size)]
    for done, tile in enumerate(wanted, 1):
        path = folder / "tile" / tile.path
        if again or not _is_whole(path, tile):
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, _bytes(tile))
            written += 1
        progress(done, len(wanted))
    # A reader of the last checkpoint may still want its partial tiles; of those before, nobody.
    _drop_partials(folder, before)
    write_whole(folder / "vkey", f"{origin.vkey}\n".encode())
    _write_indexes(folder)
    write_whole(folder / "checkpoint", checkpoint.note.encode())
    return Exported(size, written)


def bundles_of(size: int) -> Iterator[Tile]:
    """The entry bundles of a log."""
    yield from (Tile(None, n) for n in range(size // WIDTH))
    if size % WIDTH:
        yield Tile(None, size // WIDTH, size % WIDTH)


def tiles_in(folder: Path) -> Iterator[tuple[Path, Tile | None]]:
    """Every file below `tile/` but the indexes, and which tile its name says it is."""
    for place, _, names in os.walk(folder / "tile"):
        for path in (Path(place, name) for name in names):
            if path.name == INDEX or path.name.startswith("."):
                continue
            try:
                yield path, parse_path(path.relative_to(folder / "tile").as_posix())
            except TileRefused:
                yield path, None


def _previous(folder: Path, vkey: str, size: int) -> int:
    """The size that the folder has now, after checking that it is an earlier state of this log."""
    path = folder / "checkpoint"
    if not path.exists():
        if folder.is_dir() and any(folder.iterdir()) and not (folder / "tile").is_dir():
            raise ExportRefused(f"{folder} holds other files: give an empty folder.")
        return 0
    try:
        found: Checkpoint = open_checkpoint(path.read_text(encoding="utf-8"), vkey)
    except (NoteRefused, UnicodeDecodeError) as error:
        raise ExportRefused(f"{folder} holds another log, or a damaged one: {error}") from error
    if found.size > size:
        raise ExportRefused(
            f"{folder} has {found.size} entries, the database {size}: the database is older than "
            "what was already published. See docs/log-format.md on restored backups."
        )
    if found.root != tree.root_of(found.size):
        raise ExportRefused(
            f"{folder} holds another history of the first {found.size} entries. Keep it: it is "
            "evidence. Run manage.py auditlog."
        )
    return found.size


def _is_whole(path: Path, tile: Tile) -> bool:
    if tile.level is None:
        return path.exists()
    return path.exists() and path.stat().st_size == tile.width * HASH_BYTES


def _bytes(tile: Tile) -> bytes:
    if tile.level is None:
        return bundle(tree.read_entries(tile))
    return tree.read_tiles([tile])[tile]


def _drop_partials(folder: Path, before: int) -> None:
    for path, tile in list(tiles_in(folder)):
        if tile and not tile.is_full and in_tree(Tile(tile.level, tile.n), before):
            path.unlink()
            if {left.name for left in path.parent.iterdir()} <= {INDEX}:
                shutil.rmtree(path.parent)


def pages_in(folder: Path) -> Iterator[tuple[Path, list[str], list[str]]]:
    """The place of each folder's page of links, what the page says it links to, and what is there.

    Where the page is not exactly what this module writes for its links, it has none.
    """
    for place, folders, names in os.walk(folder):
        path = Path(place, INDEX)
        try:
            page = path.read_bytes()
        except OSError:
            page = b""
        said = [link.decode(errors="replace") for link in _LINK.findall(page)]
        if page != _page(folder, Path(place), said):
            said = []
        yield path, said, _links(folder, Path(place), folders, names)


def _write_indexes(folder: Path) -> None:
    """A page of links in each folder, so that a crawler finds every file without a listing."""
    for place, folders, names in os.walk(folder):
        page = _page(folder, Path(place), _links(folder, Path(place), folders, names))
        path = Path(place, INDEX)
        if not path.exists() or path.read_bytes() != page:
            write_whole(path, page)


def _links(folder: Path, place: Path, folders: list[str], names: list[str]) -> list[str]:
    links = [f"{name}/" for name in sorted(folders)]
    links += sorted(name for name in names if name != INDEX and not name.startswith("."))
    return sorted({*links, "checkpoint"}) if place == folder else links


def _page(folder: Path, place: Path, links: list[str]) -> bytes:
    listed = "\n".join(f'<li><a href="{link}">{link}</a></li>' for link in links)
    title = "/".join(("log", *place.relative_to(folder).parts))
    return _PAGE.format(title=title, links=listed).encode()
