"""The tree as it is stored: tiles, full or partial, and the proofs that are read from them.

Only full tiles are rows. A partial tile is put together from the leaf hashes or from the roots of
the tiles below it, so that no row ever has to be changed.
"""

from collections.abc import Iterable

from django.db import connection

from provenance.core.merkle import EMPTY_ROOT, HASH_BYTES, Span, consistency_spans, inclusion_spans
from provenance.core.merkle import span_hash as hash_of_span
from provenance.core.tiles import (
    WIDTH,
    Edge,
    Tile,
    TileHashes,
    TileRefused,
    edge_tiles,
    split,
    tiles_for,
)


def inclusion_proof(index: int, size: int) -> list[bytes]:
    """The hashes that prove entry `index` in the tree of `size`, the leaf's sibling first."""
    return _proof(inclusion_spans(index, size), size)


def consistency_proof(old: int, new: int) -> list[bytes]:
    """The hashes that prove that the tree of `new` begins with that of `old`."""
    return _proof(consistency_spans(old, new), new)


def root_of(size: int) -> bytes:
    """The root over the first `size` entries, worked out from the tiles."""
    return _proof([Span(0, size)], size)[0] if size else EMPTY_ROOT


def edge_of(size: int) -> Edge:
    """The right side of the tree of `size`, to go on from."""
    wanted = edge_tiles(size)
    found = read_tiles(tile for tile in wanted if tile.width)
    return Edge(size, [split(found[tile]) if tile.width else [] for tile in wanted])


def read_tiles(tiles: Iterable[Tile]) -> dict[Tile, bytes]:
    """The bytes of tiles of hashes: the full ones by one query, each partial one by another.

    Raises TileRefused where hashes are missing.
    """
    wanted = list(tiles)
    found = {tile: _partial(tile) for tile in wanted if not tile.is_full}
    if full := [tile for tile in wanted if tile.is_full]:
        found |= _full(full)
    for tile in wanted:
        if len(found.get(tile, b"")) != tile.width * HASH_BYTES:
            raise TileRefused(f"The log lacks hashes of its tile {tile.path}.")
    return found


def read_entries(tile: Tile) -> list[bytes]:
    """The entries of a bundle, in order; raises TileRefused where some are missing."""
    start = tile.n * WIDTH
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT data FROM log_entry WHERE index >= %s AND index < %s ORDER BY index",
            [start, start + tile.width],
        )
        entries = [bytes(data) for (data,) in cursor.fetchall()]
    if len(entries) != tile.width:
        raise TileRefused(f"The log lacks entries of its bundle {tile.path}.")
    return entries


def _proof(spans: list[Span], size: int) -> list[bytes]:
    hashes = TileHashes(size, read_tiles(tiles_for(spans, size)))
    return [hash_of_span(span, hashes) for span in spans]


def _full(tiles: list[Tile]) -> dict[Tile, bytes]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT level, n, hashes FROM log_tile JOIN unnest(%s::smallint[], %s::bigint[])"
            " AS wanted(level, n) USING (level, n)",
            [[tile.level for tile in tiles], [tile.n for tile in tiles]],
        )
        return {Tile(level, n): bytes(hashes) for level, n, hashes in cursor.fetchall()}


def _partial(tile: Tile) -> bytes:
    start, end = tile.n * WIDTH, tile.n * WIDTH + tile.width
    with connection.cursor() as cursor:
        if tile.level == 0:
            cursor.execute(
                "SELECT leaf_hash FROM log_entry WHERE index >= %s AND index < %s ORDER BY index",
                [start, end],
            )
        else:
            cursor.execute(
                "SELECT root FROM log_tile WHERE level = %s AND n >= %s AND n < %s ORDER BY n",
                [(tile.level or 0) - 1, start, end],
            )
        return b"".join(bytes(value) for (value,) in cursor.fetchall())
