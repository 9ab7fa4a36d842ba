"""From the outbox into the tree: one batch of entries gets its places, in one transaction.

A place is given here and nowhere else, as the old size plus a running number: sequences of the
database have gaps and are seen out of order.
"""

import json
import struct
from collections.abc import Sequence
from typing import NamedTuple

from django.db import transaction

from provenance.core.merkle import leaf_hash
from provenance.core.records import OUTCOMES, EntryType, mentions
from provenance.core.tiles import FullTile

from . import binary, tree
from .errors import SequencerRefused
from .models import Head

_TAKE = """
    DELETE FROM log_pending
    WHERE id IN (SELECT id FROM log_pending ORDER BY id LIMIT %s)
    RETURNING id, uuid_send(ticket), data
"""
_COPY_ENTRIES = (
    "COPY log_entry (index, ticket, leaf_hash, data, kind, attempt) FROM STDIN (FORMAT BINARY)"
)
# Six columns: index, ticket and leaf hash, each behind its length, and the length of the data.
_FIXED = struct.Struct(">hiqi16si32si")
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
_CLOSE = "DELETE FROM log_openattempt WHERE attempt = ANY(%s)"
_COPY_MENTIONS = "COPY log_mention (term, index) FROM STDIN (FORMAT BINARY)"
_COPY_TILES = "COPY log_tile (level, n, hashes, root) FROM STDIN (FORMAT BINARY)"


class Taken(NamedTuple):
    """An entry on its way into the tree, with what it is looked up by; the ticket has 16 bytes."""

    ticket: bytes
    data: bytes
    kind: str
    attempt: str | None
    mentions: list[str]


def integrate(limit: int) -> int:
    """Move up to `limit` entries from the outbox into the tree; returns how many it were.

    The head's unique predecessor makes a second sequencer fail here with IntegrityError, and
    with it the whole transaction.
    """
    # Durable: nothing may be signed that an outer transaction could still take back.
    with transaction.atomic(durable=True):
        head = Head.objects.order_by("-size").values_list("size", flat=True)[0]
        taken = _take(limit)
        if not taken:
            return 0
        grow(head, taken)
    return len(taken)


def grow(head: int, taken: Sequence[Taken]) -> Head:
    """Give entries the places after a head, in the caller's transaction; the new head."""
    edge = tree.edge_of(head)
    leaves = [leaf_hash(row.data) for row in taken]
    tiles = edge.extend(leaves)
    _copy_entries(head, taken, leaves)
    _copy_tiles(tiles)
    _copy_mentions(head, taken)
    _follow_attempts(head, taken)
    return Head.objects.create(size=edge.size, previous_id=head, root=edge.root)


def _take(limit: int) -> list[Taken]:
    return [parsed(*row) for row in sorted(binary.rows(_TAKE, [limit]))]


def parsed(number: int, ticket: bytes, data: bytes) -> Taken:
    """An entry with what it is to be looked up by; raises SequencerRefused where it is none."""
    try:
        value = json.loads(data.decode())
        kind, attempt = value["type"], value.get("attempt")
        if len(kind) > 40 or not kind.isprintable():
            raise ValueError("a type that no column can hold")
        if attempt is not None and (len(attempt) > 32 or not attempt.isprintable()):
            raise ValueError("an attempt that no column can hold")
        return Taken(ticket, data, kind, attempt, mentions(value))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise SequencerRefused(
            f"Row {number} of log_pending holds no entry. Entries only come from outbox.submit: "
            "find out who wrote it, keep a copy, and delete the row.",
            "Something that is no entry lies in the outbox.",
        ) from error


def _copy_entries(start: int, taken: Sequence[Taken], leaves: Sequence[bytes]) -> None:
    parts: list[bytes] = []
    kinds = {kind: binary.value(kind.encode()) for kind in {row.kind for row in taken}}
    for place, (row, leaf) in enumerate(zip(taken, leaves, strict=True), start):
        fixed = _FIXED.pack(6, 8, place, 16, row.ticket, 32, leaf, len(row.data))
        attempt = binary.value(row.attempt.encode()) if row.attempt else binary.NULL
        parts += (fixed, row.data, kinds[row.kind], attempt)
    binary.copy_packed(_COPY_ENTRIES, parts)


def _copy_mentions(start: int, taken: Sequence[Taken]) -> None:
    parts: list[bytes] = []
    for place, row in enumerate(taken, start):
        for term in row.mentions:
            data = term.encode()
            parts += (_TERM.pack(2, len(data)), data, _PLACE.pack(8, place))
    if parts:
        binary.copy_packed(_COPY_MENTIONS, parts)


def _follow_attempts(start: int, taken: Sequence[Taken]) -> None:
    """Keep the list of attempts without outcome in step with the entries from `start` on."""
    ended = {row.attempt for row in taken if row.kind in OUTCOMES and row.attempt}
    begun: dict[str, int] = {}
    for place, row in enumerate(taken, start):
        if row.kind == EntryType.ATTEMPT and row.attempt and row.attempt not in ended:
            begun.setdefault(row.attempt, place)
    if ended:
        binary.execute(_CLOSE, [list(ended)])
    if begun:
        binary.execute(_OPEN, [list(begun), list(begun.values()), sorted(OUTCOMES)])


def _copy_tiles(tiles: Sequence[FullTile]) -> None:
    rows = (
        (binary.int2(tile.level), binary.int8(tile.n), tile.hashes, tile.root) for tile in tiles
    )
    binary.copy(_COPY_TILES, rows)
