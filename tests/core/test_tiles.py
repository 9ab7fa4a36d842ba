"""Tiles have one path each, and the edge of the tree grows as the standard says."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenance.core import tiles
from provenance.core.merkle import Node, Span, fold, peaks_of, perfect_root
from provenance.core.tiles import Edge, Tile, TileHashes, TileRefused, parse_path


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        (Tile(0, 0), "0/000"),
        (Tile(0, 5, 1), "0/005.p/1"),
        (Tile(2, 1234067), "2/x001/x234/067"),
        (Tile(None, 273, 112), "entries/273.p/112"),
        (Tile(1, 1000, 255), "1/x001/000.p/255"),
    ],
)
def test_paths_of_the_standard(tile: Tile, path: str) -> None:
    assert tile.path == path
    assert parse_path(path) == tile


@given(st.one_of(st.none(), st.integers(0, 7)), st.integers(0, 2**40), st.integers(1, 256))
def test_every_path_leads_back_to_its_tile(level: int | None, n: int, width: int) -> None:
    tile = Tile(level, n, width)
    assert parse_path(tile.path) == tile


@pytest.mark.parametrize(
    "path",
    ["", "0", "0/5", "0/0005", "00/005", "0/x000/005", "0/005/", "0/005.p/0", "0/005.p/01",
     "0/005.p/256", "0/005.p/257", "0/005.p/-1", "64/000", "8/000", "-1/000", "0/x01/005",
     "entries/5", "Entries/000", "0/../000", "0/005.p/1/2", "0/٠٠٥", "0/" + "x001/" * 30 + "000",
     "0/x999/x999/x999/x999/x999/x999/999"],
)  # fmt: skip
def test_a_second_name_or_none_is_refused(path: str) -> None:
    with pytest.raises(TileRefused):
        parse_path(path)


def test_the_tiles_of_70_000_entries() -> None:
    """The partial widths named in the standard's way: floor(size / 256^level) mod 256."""
    found = list(tiles.tiles_of(70_000))
    partial = [tile for tile in found if not tile.is_full]
    assert partial == [Tile(0, 273, 112), Tile(1, 1, 17), Tile(2, 0, 1)]
    assert len(found) == 273 + 1 + 1 + 1 + 1
    assert list(tiles.tiles_of(256)) == [Tile(0, 0), Tile(1, 0, 1)]
    assert list(tiles.tiles_of(0)) == []
    assert all(tiles.in_tree(tile, 70_000) for tile in found)
    assert not tiles.in_tree(Tile(0, 273, 113), 70_000)
    assert not tiles.in_tree(Tile(1, 1, 18), 70_000)
    assert not tiles.in_tree(Tile(None, 273, 113), 70_000)


def test_the_edge_gives_full_tiles_and_goes_on_from_stored_ones() -> None:
    leaves = [hashlib.sha256(str(n).encode()).digest() for n in range(256 * 256 + 300)]
    edge = Edge()
    full = [tile for leaf in leaves for tile in edge.append(leaf)]
    assert [(tile.level, tile.n) for tile in full if tile.level] == [(1, 0)]
    assert [tile.n for tile in full if tile.level == 0] == list(range(257))
    assert full[0].hashes == b"".join(leaves[:256])
    assert full[0].root == perfect_root(leaves[:256])
    above = next(tile for tile in full if tile.level == 1)
    assert above.hashes == b"".join(tile.root for tile in full if tile.level == 0)[: 256 * 32]
    # The same tree, taken up again from its tiles.
    size = edge.size
    stored = {Tile(tile.level, tile.n): tile.hashes for tile in full}
    stored |= {
        Tile(level, (size >> 8 * level) // 256, len(row)): b"".join(row)
        for level, row in enumerate(edge.levels)
        if row
    }
    assert [tile.width for tile in tiles.edge_tiles(size)] == [len(row) for row in edge.levels]
    hashes = TileHashes(size, stored)
    assert fold([hashes(node) for node in peaks_of(Span(0, size))]) == edge.root
    assert hashes(Node(16, 0)) == above.root
    assert hashes(Node(3, 5)) == perfect_root(leaves[40:48])


def test_a_missing_or_short_tile_is_no_hash() -> None:
    with pytest.raises(TileRefused, match="0/000"):
        TileHashes(10, {})(Node(0, 3))
    with pytest.raises(TileRefused, match="0/000"):
        TileHashes(10, {Tile(0, 0, 10): bytes(32 * 9)})(Node(0, 9))
    for length in (31, 257 * 32):
        with pytest.raises(TileRefused, match="cannot be"):
            tiles.split(bytes(length))


@given(st.lists(st.binary(max_size=300), max_size=20))
def test_bundles_read_back(entries: list[bytes]) -> None:
    assert tiles.unbundle(tiles.bundle(entries)) == entries


def test_the_bytes_of_a_bundle() -> None:
    assert tiles.bundle([b"ab", b""]) == b"\x00\x02ab\x00\x00"


@pytest.mark.parametrize("data", [b"\x00", b"\x00\x02a", b"\x00\x00" * 257])
def test_a_damaged_bundle_is_refused(data: bytes) -> None:
    with pytest.raises(TileRefused):
        tiles.unbundle(data)


def test_what_no_bundle_can_hold_is_refused() -> None:
    for entries in ([bytes(65_536)], [b""] * 257):
        with pytest.raises(TileRefused):
            tiles.bundle(entries)
