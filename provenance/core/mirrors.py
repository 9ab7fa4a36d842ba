"""A log checked from its files alone, wherever they lie: every hash is derived anew from entries.

The layout is that of C2SP tlog-tiles. Files are asked for by path and judged by their bytes; where
they come from (a folder, a web server) is the caller's business, and need not be trusted.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from .errors import ProvenanceError
from .histories import History
from .merkle import (
    HASH_BYTES,
    TreeRefused,
    consistency_spans,
    leaf_hash,
    span_hash,
    verify_consistency,
)
from .notes import NOTE_LIMIT, Checkpoint, NoteRefused, open_checkpoint
from .records import ENTRY_LIMIT, Entry, MalformedEntry, look_at, parse_entry
from .tiles import WIDTH, Edge, Tile, TileHashes, TileRefused, split, tiles_for, unbundle_sound

TILE_LIMIT = WIDTH * HASH_BYTES
BUNDLE_LIMIT = WIDTH * (ENTRY_LIMIT + 2)
MOST_FAULTS = 100

# The bytes of the file at a path below the log's address, never more than the number given.
Read = Callable[[str, int], bytes]
# Somebody who is shown the entries in their order, and says in words what is wrong about one.
Take = Callable[[int, Entry], Iterable[str]]


class FileMissing(ProvenanceError):
    """The copy of the log lacks this file, or it cannot be read; the text says why."""


class Contradiction(ProvenanceError):
    """The log does not extend what it has signed before: the two checkpoints prove it."""


@dataclass(frozen=True)
class Fault:
    """Something that does not agree; `index` is the first entry that it concerns."""

    index: int
    words: str

    def __str__(self) -> str:
        return f"entry {self.index}: {self.words}"


@dataclass(frozen=True)
class Findings:
    """What an audit of the files found; without faults everything agrees."""

    checkpoint: Checkpoint
    note: str
    entries: int
    tiles: int
    pending: Mapping[int, datetime]
    faults: Sequence[Fault]

    @property
    def first(self) -> Fault | None:
        """The fault with the lowest index."""
        return min(self.faults, key=lambda fault: fault.index, default=None)


def checkpoint_of(read: Read, vkey: str) -> tuple[Checkpoint, str]:
    """The checkpoint of a copy, and its note; raises FileMissing or NoteRefused."""
    try:
        note = read("checkpoint", NOTE_LIMIT).decode()
    except UnicodeDecodeError as error:
        raise NoteRefused("The checkpoint is no text in UTF-8.") from error
    return open_checkpoint(note, vkey), note


def check_growth(read: Read, old: Checkpoint, new: Checkpoint) -> None:
    """Check with tiles of the new tree that it begins with the old one: RFC 9162 §2.1.4.2.

    Raises Contradiction where it does not, FileMissing or TileRefused where tiles are missing or
    too short to tell.
    """
    if new.size < old.size:
        raise Contradiction(f"The log has {new.size} entries; it had signed {old.size} before.")
    spans = consistency_spans(old.size, new.size)
    tiles = {tile: read_tile(read, tile) for tile in tiles_for(spans, new.size)}
    hashes = TileHashes(new.size, tiles)
    proof = [span_hash(span, hashes) for span in spans]
    try:
        verify_consistency(old.size, new.size, old.root, new.root, proof)
    except TreeRefused as error:
        raise Contradiction(
            f"The log of {new.size} entries does not begin with that of {old.size}: {error}"
        ) from error


def read_tile(read: Read, tile: Tile) -> bytes:
    """The bytes of a tile of hashes, cut from the full one where the partial one is gone."""
    data, is_cut = _read_file(read, tile, TILE_LIMIT)
    return data[: tile.width * HASH_BYTES] if is_cut else data


def audit(
    read: Read, vkey: str, progress: Callable[[int, int], None], take: Take | None = None
) -> Findings:
    """Derive the whole tree from the entries of a copy and compare it with tiles and checkpoint.

    `progress` is told the number of entries done and of all; `take` is given each entry in its
    turn, and what it finds wrong is a fault too. Raises FileMissing or NoteRefused
    where there is no checkpoint of that key; all else is a fault in the findings. After
    MOST_FAULTS of them it stops.
    """
    checkpoint, note = checkpoint_of(read, vkey)
    run = _Audit(read, checkpoint.size, take)
    for n in range((checkpoint.size + WIDTH - 1) // WIDTH):
        run.bundle(n)
        progress(run.edge.size, checkpoint.size)
        if len(run.faults) >= MOST_FAULTS:
            break
    else:
        run.right_edge()
        if run.edge.root != checkpoint.root and not run.damaged:
            run.damage(0, "the entries do not hash to the root that the checkpoint signs")
    return Findings(
        checkpoint, note, run.edge.size, run.tiles, run.history.pending, tuple(run.faults)
    )


@dataclass
class _Audit:
    """The state of one run: the tree as it grows from the entries' bytes."""

    read: Read
    size: int
    taker: Take | None
    edge: Edge = field(default_factory=Edge)
    history: History = field(default_factory=History)
    tiles: int = 0
    faults: list[Fault] = field(default_factory=list)
    damaged: list[int] = field(default_factory=list)

    def damage(self, index: int, words: str) -> None:
        """Bytes are not what they were: the hashes above them will not agree either."""
        self.faults.append(Fault(index, words))
        self.damaged.append(index)

    def bundle(self, n: int) -> None:
        """One bundle, its tile of leaf hashes, and the tiles above that become full with it."""
        width = min(WIDTH, self.size - n * WIDTH)
        hashes = self._hashes(Tile(0, n, width))
        for place, data in enumerate(self._entries(Tile(None, n, width)), n * WIDTH):
            leaf = self._leaf(place, data, hashes[place - n * WIDTH])
            for full in self.edge.append(leaf):
                if full.level:
                    self._compare(Tile(full.level, full.n), split(full.hashes))

    def right_edge(self) -> None:
        """The partial tiles above the leaves, which nothing has become full to show."""
        for level, row in enumerate(self.edge.levels):
            if level and row:
                n = (self.size >> (8 * level)) // WIDTH
                self._compare(Tile(level, n, len(row)), row)

    def _entries(self, tile: Tile) -> Iterator[bytes | None]:
        """The entries of a bundle, None for each that cannot be read."""
        first = tile.n * WIDTH
        try:
            data, is_cut = _read_file(self.read, tile, BUNDLE_LIMIT)
            found, rest = unbundle_sound(data)
            if len(found) < tile.width:
                self.damage(
                    first + len(found), f"the bundle {tile.path} is cut off or damaged here"
                )
            elif not is_cut and (rest or len(found) > tile.width):
                self.damage(first, f"the bundle {tile.path} holds more than its entries")
        except FileMissing as error:
            self.damage(first, f"the bundle {tile.path} cannot be had: {error}")
            found = []
        yield from found[: tile.width]
        yield from [None] * (tile.width - len(found))

    def _leaf(self, place: int, data: bytes | None, stored: bytes | None) -> bytes:
        """The hash to go on with; that of the tile only where there is no entry to hash."""
        if data is None:
            return stored or bytes(HASH_BYTES)
        leaf = leaf_hash(data)
        if stored is not None and leaf != stored:
            self.damage(place, "its bytes do not have the hash that stands in its tile")
        try:
            self.faults += [
                Fault(place, words) for words in self.history.take(place, look_at(data))
            ]
            if self.taker is not None:
                self.faults += [
                    Fault(place, words) for words in self.taker(place, parse_entry(data))
                ]
        except MalformedEntry as error:
            self.faults.append(Fault(place, str(error)))
        return leaf

    def _compare(self, tile: Tile, derived: Sequence[bytes]) -> None:
        below = WIDTH ** (tile.level or 0)
        for at, (mine, theirs) in enumerate(zip(derived, self._hashes(tile), strict=True)):
            first = (tile.n * WIDTH + at) * below
            # Where damage was found below, the hash above it says nothing new.
            known = any(first <= index < first + below for index in self.damaged)
            if theirs is not None and mine != theirs and not known:
                self.damage(
                    first,
                    f"hash {at} of tile {tile.path} is not that of the {below} entries from here",
                )

    def _hashes(self, tile: Tile) -> Sequence[bytes | None]:
        """The hashes of a tile; None for each where it cannot be had, which is a fault."""
        self.tiles += 1
        try:
            hashes: Sequence[bytes | None] = split(read_tile(self.read, tile))
            if len(hashes) == tile.width:
                return hashes
            problem = f"it has {len(hashes)} hashes instead of {tile.width}"
        except (FileMissing, TileRefused) as error:
            problem = str(error)
        first = tile.n * WIDTH ** ((tile.level or 0) + 1)
        self.damage(first, f"the tile {tile.path} is of no use: {problem}")
        return [None] * tile.width


def _read_file(read: Read, tile: Tile, limit: int) -> tuple[bytes, bool]:
    """The file of a tile, and whether it is the full one in place of a partial one."""
    try:
        return read(f"tile/{tile.path}", limit), False
    except FileMissing:
        if tile.is_full:
            raise
        return read(f"tile/{Tile(tile.level, tile.n).path}", limit), True
