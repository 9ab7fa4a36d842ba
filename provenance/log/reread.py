"""What was written is read again and hashed again before it is signed.

A log died of one bit that flipped between hashing and storing: the checkpoint then speaks of
bytes that nobody has. So the signature is over what the database gives back.
"""

from collections.abc import Iterator, Sequence

from provenance.core.merkle import leaf_hash
from provenance.core.tiles import FullTile, Tile, TileRefused

from . import binary, receipts, tree
from .errors import SequencerRefused
from .models import Checkpoint, Head

_READ = (
    "SELECT index, data, leaf_hash FROM log_entry WHERE index >= %s AND index < %s ORDER BY index"
)
_ROUND = 4096


def check_growth(signed: Checkpoint | None, head: Head) -> None:
    """Check the rows between the last signed size and a head.

    Raises SequencerRefused where entries, tiles and root do not agree.
    """
    start = 0 if signed is None else signed.head_id
    try:
        edge = tree.edge_of(start)
        if signed is not None and edge.root != receipts.content(signed).root:
            raise _refusal(f"the first {start} entries do not hash to their signed root")
        full: list[FullTile] = []
        for leaves in _leaves(start, head.size):
            full += edge.extend(leaves)
        _check_tiles(full)
    except TileRefused as error:
        raise _refusal(str(error)) from error
    if edge.size != head.size or edge.root != bytes(head.root):
        raise _refusal(f"the {head.size} entries do not hash to the root of their head")


def _leaves(start: int, end: int) -> Iterator[list[bytes]]:
    """The hashes of entries, round by round, worked out from the entries' own bytes."""
    for at in range(start, end, _ROUND):
        rows = binary.rows(_READ, [at, min(at + _ROUND, end)])
        leaves = [leaf_hash(data) for _, data, _ in rows]
        places, stored = [row[0] for row in rows], [row[2] for row in rows]
        if stored != leaves or places != list(range(at, at + len(rows))):
            raise _first_wrong(rows, leaves, at)
        yield leaves


def _first_wrong(
    rows: Sequence[tuple[int, bytes, bytes]], leaves: Sequence[bytes], at: int
) -> SequencerRefused:
    for place, (row, leaf) in enumerate(zip(rows, leaves, strict=True), at):
        if row[0] != place:
            return _refusal(f"entry {place} is missing")
        if row[2] != leaf:
            return _refusal(f"entry {place} has not the hash that was stored beside it")
    raise AssertionError("they were found to differ")


def _check_tiles(full: list[FullTile]) -> None:
    stored = tree.read_tiles(Tile(tile.level, tile.n) for tile in full)
    for tile in full:
        if stored[Tile(tile.level, tile.n)] != tile.hashes:
            raise _refusal(f"the tile {Tile(tile.level, tile.n).path} is not that of its entries")


def _refusal(what: str) -> SequencerRefused:
    return SequencerRefused(
        f"Nothing was signed: {what}. The database or the disk is damaged, or somebody changed "
        "rows. Run manage.py auditlog, and restore a backup that passes it.",
        "What the database gives back is not what was written.",
    )
