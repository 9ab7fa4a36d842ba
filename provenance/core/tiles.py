"""C2SP tlog-tiles: how the tree and its entries are cut into plain files, and how those are read.

A tile holds up to 256 neighbouring hashes of one level, a bundle up to 256 entries. Full ones
never change, and a partial one is the beginning of the full one.
"""

import re
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from .errors import ProvenanceError
from .merkle import (
    HASH_BYTES,
    MAX_SIZE,
    Node,
    Span,
    fold,
    peaks_of,
    perfect_root,
)
from .records import ENTRY_LIMIT

HEIGHT = 8
WIDTH = 1 << HEIGHT
_NUMBER = r"(?:x\d{3}/)*\d{3}"
_PATH = re.compile(
    rf"(?P<level>entries|0|[1-9]\d?)/(?P<n>{_NUMBER})(?:\.p/(?P<width>[1-9]\d{{0,2}}))?", re.ASCII
)


class TileRefused(ProvenanceError):
    """No such tile can be, or its bytes are damaged."""


@dataclass(frozen=True)
class Tile:
    """One file: `level` None for entry bundles, 0 for leaf hashes; `width` 1 to 256."""

    level: int | None
    n: int
    width: int = WIDTH

    @property
    def is_full(self) -> bool:
        """Whether nothing will ever be added to it."""
        return self.width == WIDTH

    @property
    def path(self) -> str:
        """Its path below `tile/`."""
        groups = [f"{self.n % 1000:03d}"]
        rest = self.n // 1000
        while rest:
            groups.append(f"x{rest % 1000:03d}")
            rest //= 1000
        level = "entries" if self.level is None else str(self.level)
        number = "/".join(reversed(groups))
        return f"{level}/{number}" + ("" if self.is_full else f".p/{self.width}")


def parse_path(path: str) -> Tile:
    """The tile at a path below `tile/`; raises TileRefused where the path is no tile's only one."""
    found = _PATH.fullmatch(path) if len(path) <= 100 else None
    if found is None:
        raise TileRefused("There is no tile of that name.")
    number = int(found["n"].replace("/", "").replace("x", ""))
    level = None if found["level"] == "entries" else int(found["level"])
    tile = Tile(level, number, int(found["width"] or WIDTH))
    # Leading groups of zeros and .p/256 would be second names of the same tile.
    absurd = tile.width > WIDTH or (level or 0) * HEIGHT > 63 or number > MAX_SIZE
    if absurd or tile.path != path:
        raise TileRefused("There is no tile of that name.")
    return tile


def in_tree(tile: Tile, size: int) -> bool:
    """Whether a tree of `size` entries has all the hashes (or entries) of this tile."""
    complete = size >> (HEIGHT * (tile.level or 0))
    return tile.n * WIDTH + tile.width <= complete


def tiles_of(size: int) -> Iterator[Tile]:
    """All tiles of a tree, levels upward, without the bundles; empty tiles are left out."""
    level, complete = 0, size
    while complete:
        yield from (Tile(level, n) for n in range(complete // WIDTH))
        if complete % WIDTH:
            yield Tile(level, complete // WIDTH, complete % WIDTH)
        level, complete = level + 1, complete // WIDTH


def tile_of(node: Node, size: int) -> Tile:
    """The tile, as wide as a tree of `size` has it, from which a node's hash can be worked out."""
    level, inside = divmod(node.level, HEIGHT)
    n = (node.n << inside) // WIDTH
    return Tile(level, n, min(WIDTH, (size >> (HEIGHT * level)) - n * WIDTH))


@dataclass(frozen=True)
class TileHashes:
    """Works out hashes of nodes from the tiles of a tree of `size` entries."""

    size: int
    tiles: Mapping[Tile, bytes]

    def __call__(self, node: Node) -> bytes:
        """The node's hash, 32 bytes; raises TileRefused where its tile is missing or too short."""
        tile = tile_of(node, self.size)
        inside = node.level % HEIGHT
        start = (node.n << inside) - tile.n * WIDTH
        hashes = split(self.tiles.get(tile, b""))[start : start + (1 << inside)]
        if len(hashes) != 1 << inside:
            raise TileRefused(f"The tile {tile.path} is missing or too short.")
        return perfect_root(hashes)


def tiles_for(spans: Iterable[Span], size: int) -> set[Tile]:
    """All the tiles that the hashes of these spans need."""
    return {tile_of(node, size) for span in spans for node in peaks_of(span)}


def split(data: bytes) -> list[bytes]:
    """The hashes of a tile; raises TileRefused where its length is not one of a tile."""
    if len(data) % HASH_BYTES or len(data) > WIDTH * HASH_BYTES:
        raise TileRefused(f"A tile of {len(data)} bytes cannot be.")
    return [data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES)]


@dataclass(frozen=True)
class FullTile:
    """A tile that has just become full: its 256 hashes, and the one that goes a level up."""

    level: int
    n: int
    hashes: bytes
    root: bytes


@dataclass
class Edge:
    """The unfinished right side of a tree: all that is needed to go on and to know the root.

    `levels[l]` holds the hashes of the partial tile of level l.
    """

    size: int = 0
    levels: list[list[bytes]] = field(default_factory=list)

    def append(self, leaf: bytes) -> list[FullTile]:
        """Add a leaf's hash; returns the tiles that became full by it, levels upward."""
        return self.extend([leaf])

    def extend(self, leaves: Sequence[bytes]) -> list[FullTile]:
        """Add the hashes of leaves; returns the tiles that became full, each before those above."""
        full: list[FullTile] = []
        at = 0
        while at < len(leaves):
            if not self.levels:
                self.levels.append([])
            taken = leaves[at : at + WIDTH - len(self.levels[0])]
            self.levels[0] += taken
            self.size += len(taken)
            at += len(taken)
            if len(self.levels[0]) == WIDTH:
                full += self._carry()
        return full

    def _carry(self) -> Iterator[FullTile]:
        """Close the full tile at level 0, and each one above that it fills."""
        level, end = 0, self.size
        while len(self.levels[level]) == WIDTH:
            row, end = self.levels[level], end // WIDTH
            tile = FullTile(level, end - 1, b"".join(row), perfect_root(row))
            row.clear()
            level += 1
            if level == len(self.levels):
                self.levels.append([])
            self.levels[level].append(tile.root)
            yield tile

    @property
    def root(self) -> bytes:
        """The root of the tree, 32 bytes."""
        return fold([peak for row in reversed(self.levels) for peak in _peaks(row)])


def edge_tiles(size: int) -> list[Tile]:
    """The partial tiles of a tree, one a level upward; width 0 where a level has none."""
    tiles, level = [], 0
    while size >> (HEIGHT * level):
        complete = size >> (HEIGHT * level)
        tiles.append(Tile(level, complete // WIDTH, complete % WIDTH))
        level += 1
    return tiles


def bundle(entries: Sequence[bytes]) -> bytes:
    """An entry bundle: each entry behind its length of two bytes, big-endian."""
    if len(entries) > WIDTH or any(len(entry) > ENTRY_LIMIT for entry in entries):
        raise TileRefused(f"A bundle holds {WIDTH} entries of {ENTRY_LIMIT} bytes at most.")
    return b"".join(struct.pack(">H", len(entry)) + entry for entry in entries)


def unbundle(data: bytes) -> list[bytes]:
    """The entries of a bundle; raises TileRefused where it is cut off or too long."""
    entries, rest = unbundle_sound(data)
    if rest:
        raise TileRefused("The bundle is cut off or too long.")
    return entries


def unbundle_sound(data: bytes) -> tuple[list[bytes], bytes]:
    """The entries of a bundle as far as they can be read, and the bytes that cannot."""
    entries: list[bytes] = []
    at = 0
    while at + 2 <= len(data) and len(entries) < WIDTH:
        end = at + 2 + int.from_bytes(data[at : at + 2], "big")
        if end > len(data):
            break
        entries.append(data[at + 2 : end])
        at = end
    return entries, data[at:]


def _peaks(row: Sequence[bytes]) -> Iterator[bytes]:
    for node in peaks_of(Span(0, len(row))):
        yield perfect_root(row[node.n << node.level : (node.n + 1) << node.level])
