"""From the outbox into the tree: one batch of entries gets its places, in one transaction.

A place is given here and nowhere else, as the old size plus a running number: sequences of the
database have gaps and are seen out of order.
"""

import struct
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from django.db import transaction

from provenance.core.forms import Glimpse, glimpse
from provenance.core.merkle import leaf_hash
from provenance.core.records import OUTCOMES, EntryType, MalformedEntry, look_at
from provenance.core.tiles import Edge, FullTile

from . import binary, seals, tree
from .errors import SequencerRefused
from .models import Head
from .seals import KNOWN

# By their places on the disk, since the planner knows nothing of a table that is mostly empty: by
# their ids it would now and then read the whole outbox for each of them.
_TAKE = f"""
    DELETE FROM log_pending
    WHERE ctid = ANY(ARRAY(SELECT ctid FROM log_pending ORDER BY id LIMIT %s))
    RETURNING {KNOWN}, data, seal
"""  # noqa: S608
_COPY_ENTRIES = (
    "COPY log_entry (index, ticket, leaf_hash, data, kind, attempt, seal)"
    " FROM STDIN (FORMAT BINARY)"
)
# Seven columns: index, ticket and leaf hash, each behind its length, and the length of the data;
# the seal, behind its own, comes last.
_FIXED = struct.Struct(">hiqi16si32si")
_SEAL = struct.Struct(">iq")
# Two columns, a term behind its length, and the index behind its own.
_TERM, _PLACE = struct.Struct(">hi"), struct.Struct(">iq")
_OPEN = """
    INSERT INTO log_openattempt (attempt, index)
    SELECT attempt, index FROM unnest(%s::text[], %s::bigint[]) AS begun (attempt, index)
    WHERE NOT EXISTS (
        SELECT FROM log_entry WHERE attempt = begun.attempt AND kind = ANY(%s)
    )
    ON CONFLICT DO NOTHING
"""
# One text, since an array of thousands costs more to write than to look up.
_CLOSE = "DELETE FROM log_openattempt WHERE attempt = ANY(string_to_array(%s, E'\\n'))"
_COPY_MENTIONS = "COPY log_mention (term, index) FROM STDIN (FORMAT BINARY)"
_STRIDE = 256  # entries in a part; the database takes one in while the next is being made
_COPY_TILES = "COPY log_tile (level, n, hashes, root) FROM STDIN (FORMAT BINARY)"


class Waiting(NamedTuple):
    """An entry that has no place yet: id, ticket and time of its row as they are sealed, its bytes,
    and its seal; none where it does not come from the outbox.
    """

    known: bytes
    data: bytes
    seal: bytes | None

    @property
    def number(self) -> int:
        """What names it in a complaint."""
        return int.from_bytes(self.known[:8], "big", signed=True)


@dataclass
class _Batch:
    """Entries on their way into the tree, and what is gathered as they pass."""

    start: int
    edge: Edge
    tiles: list[FullTile] = field(default_factory=list)
    mentions: list[bytes] = field(default_factory=list)
    begun: dict[str, int] = field(default_factory=dict)
    ended: set[str] = field(default_factory=set)

    def rows(self, waiting: Sequence[Waiting]) -> Iterator[bytes]:
        """The rows of log_entry, part by part, each as soon as it is made."""
        for at in range(0, len(waiting), _STRIDE):
            taken = waiting[at : at + _STRIDE]
            leaves = [leaf_hash(row.data) for row in taken]
            self.tiles += self.edge.extend(leaves)
            parts: list[bytes] = []
            for place, (row, leaf) in enumerate(zip(taken, leaves, strict=True), self.start + at):
                known, data, seal = row
                if seal is not None and seal != seals.of_waiting(known, leaf):
                    raise _damaged(row)
                entry = glimpse(data) or _read(row)
                self._note(place, entry)
                ticket = known[8:24]
                fixed = _FIXED.pack(7, 8, place, 16, ticket, 32, leaf, len(data))
                sealed = _SEAL.pack(8, seals.of_place(place, ticket))
                parts += (fixed, data, _kind(entry.type), binary.text(entry.attempt), sealed)
            yield b"".join(parts)

    def _note(self, place: int, entry: Glimpse) -> None:
        for term in entry.terms:
            data = term.encode()
            self.mentions += (_TERM.pack(2, len(data)), data, _PLACE.pack(8, place))
        if entry.attempt and entry.type == EntryType.ATTEMPT:
            self.begun.setdefault(entry.attempt, place)
        elif entry.attempt and entry.type in OUTCOMES:
            self.ended.add(entry.attempt)


@lru_cache(maxsize=64)
def _kind(name: str) -> bytes:
    return binary.text(name)


def integrate(limit: int) -> int:
    """Move up to `limit` entries from the outbox into the tree; returns how many it were.

    The head's unique predecessor makes a second sequencer fail here with IntegrityError, and
    with it the whole transaction.
    """
    # Durable: nothing may be signed that an outer transaction could still take back.
    with transaction.atomic(durable=True):
        head = Head.objects.order_by("-size").values_list("size", flat=True)[0]
        waiting = [Waiting(*row) for row in sorted(binary.rows(_TAKE, [limit]))]
        if waiting:
            grow(head, waiting)
    return len(waiting)


def grow(head: int, waiting: Sequence[Waiting]) -> Head:
    """Give entries the places after a head, in the caller's transaction; the new head.

    Raises SequencerRefused where one is no entry, or not what was left in the outbox.
    """
    batch = _Batch(head, tree.edge_of(head))
    binary.copy_packed(_COPY_ENTRIES, batch.rows(waiting))
    _copy_tiles(batch.tiles)
    if batch.mentions:
        binary.copy_packed(_COPY_MENTIONS, [b"".join(batch.mentions)])
    _follow_attempts(batch.begun, batch.ended)
    return Head.objects.create(size=batch.edge.size, previous_id=head, root=batch.edge.root)


def _damaged(row: Waiting) -> SequencerRefused:
    """What is damaged must get no place: nobody could tell the damage from the entry any more."""
    return SequencerRefused(
        f"Row {row.number} of log_pending is not as it was written: a bit of it has flipped, or "
        "somebody changed it. It and what waits behind it stay there. Run manage.py mendoutbox, "
        "which puts a single bit right, then start the sequencer again.",
        "A row of the outbox is damaged.",
    )


def _read(row: Waiting) -> Glimpse:
    """What cannot be an entry must not get a place: there it would stay for ever."""
    try:
        entry = look_at(row.data)
        if not _fits(entry.type, 40) or not _fits(entry.attempt or "", 32):
            raise MalformedEntry("Its type or attempt is longer than a column.")
    except MalformedEntry as error:
        raise SequencerRefused(
            f"Row {row.number} of log_pending holds no entry ({error}). Entries only come from "
            "outbox.submit: find out who wrote it, keep a copy, and delete the row.",
            "Something that is no entry lies in the outbox.",
        ) from error
    return entry


def _fits(letters: str, most: int) -> bool:
    return len(letters) <= most and letters.isprintable()


def _follow_attempts(begun: Mapping[str, int], ended: Set[str]) -> None:
    """Keep the list of attempts without outcome in step with a batch of entries."""
    if ended:
        binary.execute(_CLOSE, ["\n".join(ended)])
    if left := {name: place for name, place in begun.items() if name not in ended}:
        binary.execute(_OPEN, [list(left), list(left.values()), sorted(OUTCOMES)])


def _copy_tiles(tiles: Sequence[FullTile]) -> None:
    rows = (
        (binary.int2(tile.level), binary.int8(tile.n), tile.hashes, tile.root) for tile in tiles
    )
    binary.copy(_COPY_TILES, rows)
