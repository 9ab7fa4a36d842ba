"""What was written is read again and hashed again before it is signed.

A log died of one bit that flipped between hashing and storing: the checkpoint then speaks of
bytes that nobody has. So the signature is over what the database gives back.
"""

from collections.abc import Iterator

from django.db import connection

from provenance.core.merkle import leaf_hash
from provenance.core.tiles import FullTile, Tile, TileRefused

from . import receipts, tree
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
        for place, leaf in _leaves(start, head.size):
            if place != edge.size:
                raise _refusal(f"entry {edge.size} is missing")
            full += edge.append(leaf)
        _check_tiles(full)
    except TileRefused as error:
        raise _refusal(str(error)) from error
    if edge.size != head.size or edge.root != bytes(head.root):
        raise _refusal(f"the {head.size} entries do not hash to the root of their head")


def _leaves(start: int, end: int) -> Iterator[tuple[int, bytes]]:
    """Places and hashes, the hashes worked out from the entries' own bytes."""
    for at in range(start, end, _ROUND):
        with connection.cursor() as cursor:
            cursor.execute(_READ, [at, min(at + _ROUND, end)])
            for place, data, stored in cursor.fetchall():
                leaf = leaf_hash(bytes(data))
                if leaf != bytes(stored):
                    raise _refusal(f"entry {place} has not the hash that was stored beside it")
                yield place, leaf


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
