"""From the outbox into the tree: one batch of entries gets its places, in one transaction.

A place is given here and nowhere else, as the old size plus a running number: sequences of the
database have gaps and are seen out of order.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import connection, transaction

from provenance.core.merkle import leaf_hash
from provenance.core.records import OUTCOMES, mentions
from provenance.core.tiles import FullTile

from . import tree
from .errors import SequencerRefused
from .models import Head

_TAKE = """
    DELETE FROM log_pending
    WHERE id IN (SELECT id FROM log_pending ORDER BY id LIMIT %s)
    RETURNING id, ticket, data
"""
_COPY_ENTRIES = (
    "COPY log_entry (index, ticket, leaf_hash, data, kind, attempt) FROM STDIN (FORMAT BINARY)"
)
_OPEN = """
    INSERT INTO log_openattempt (attempt, index)
    SELECT attempt, index FROM log_entry AS begun
    WHERE index >= %s AND kind = 'attempt' AND attempt IS NOT NULL AND NOT EXISTS (
        SELECT FROM log_entry WHERE attempt = begun.attempt AND kind = ANY(%s)
    )
    ORDER BY index
    ON CONFLICT DO NOTHING
"""
_CLOSE = """
    DELETE FROM log_openattempt USING log_entry
    WHERE log_entry.index >= %s AND log_entry.kind = ANY(%s)
      AND log_entry.attempt = log_openattempt.attempt
"""
_COPY_MENTIONS = "COPY log_mention (term, index) FROM STDIN (FORMAT BINARY)"
_COPY_TILES = "COPY log_tile (level, n, hashes, root) FROM STDIN (FORMAT BINARY)"


@dataclass(frozen=True)
class _Taken:
    """A row of the outbox, with what its entry is to be looked up by."""

    ticket: UUID
    data: bytes
    kind: str
    attempt: str | None
    mentions: frozenset[str]


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
        edge = tree.edge_of(head)
        leaves = [leaf_hash(row.data) for row in taken]
        tiles = [tile for leaf in leaves for tile in edge.append(leaf)]
        _copy_entries(head, taken, leaves)
        _copy_tiles(tiles)
        _copy_mentions(head, taken)
        _follow_attempts(head)
        Head.objects.create(size=edge.size, previous_id=head, root=edge.root)
    return len(taken)


def _take(limit: int) -> list[_Taken]:
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, [limit])
        rows = sorted(cursor.fetchall())
    return [_parsed(*row) for row in rows]


def _parsed(number: int, ticket: UUID, data: bytes) -> _Taken:
    data = bytes(data)
    try:
        value = json.loads(data)
        kind, attempt = value["type"], value.get("attempt")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise SequencerRefused(
            f"Row {number} of log_pending holds no entry. Entries only come from outbox.submit: "
            "find out who wrote it, keep a copy, and delete the row.",
            "Something that is no entry lies in the outbox.",
        ) from error
    return _Taken(ticket, data, kind, attempt, mentions(value))


def _copy_entries(start: int, taken: Sequence[_Taken], leaves: Sequence[bytes]) -> None:
    types = ("int8", "uuid", "bytea", "bytea", "varchar", "varchar")
    rows = (
        (place, row.ticket, leaf, row.data, row.kind, row.attempt)
        for place, (row, leaf) in enumerate(zip(taken, leaves, strict=True), start)
    )
    _copy(_COPY_ENTRIES, types, rows)


def _copy_mentions(start: int, taken: Sequence[_Taken]) -> None:
    rows = [(term, place) for place, row in enumerate(taken, start) for term in row.mentions]
    if rows:
        _copy(_COPY_MENTIONS, ("varchar", "int8"), rows)


def _follow_attempts(start: int) -> None:
    """Keep the list of attempts without outcome in step with the entries from `start` on."""
    with connection.cursor() as cursor:
        for order in (_OPEN, _CLOSE):
            cursor.execute(order, [start, sorted(OUTCOMES)])


def _copy_tiles(tiles: Sequence[FullTile]) -> None:
    rows = ((tile.level, tile.n, tile.hashes, tile.root) for tile in tiles)
    _copy(_COPY_TILES, ("int2", "int8", "bytea", "bytea"), rows)


def _copy(order: str, types: Sequence[str], rows: Iterable[tuple[object, ...]]) -> None:
    with (
        connection.cursor() as cursor,
        connection.wrap_database_errors,
        cursor.copy(order) as copy,
    ):
        copy.set_types(types)
        for row in rows:
            copy.write_row(row)
