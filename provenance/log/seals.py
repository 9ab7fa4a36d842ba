"""Seals: what a row of the log was when it was written, so that damage to any bit of it is found.

The database seals each row as it takes it in (migration 0005), the sequencer each entry's ticket.
A seal has no key: it tells of accidents, and of a change by somebody who did not think of it.
"""

import hashlib
import struct
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Model

from . import binary, models, tickets

# Id, ticket and time of a row that waits, as they are sealed.
KNOWN = "int8send(id) || uuid_send(ticket) || timestamptz_send(created_at)"
KNOWN_BYTES = 32
_WAITING = f"sha256({KNOWN} || sha256('\\x00'::bytea || data))"
# Each sealed table, and the entry to which one of its rows belongs.
_BY_SIZE = "greatest(size, 1) - 1"
_SEALED: tuple[tuple[type[Model], str], ...] = (
    (models.Origin, "0"),
    (models.Head, _BY_SIZE),
    (models.Checkpoint, _BY_SIZE),
    (models.Cosignature, _BY_SIZE),
    (models.Anchor, _BY_SIZE),
    (models.Contradiction, _BY_SIZE),
    (models.Witness, _BY_SIZE),
    (models.Heartbeat, "NULL::bigint"),
)
_BROKEN = "SELECT {place} FROM {table} WHERE seal <> {seal} ORDER BY 1"
_OPENINGS = "SELECT ticket FROM log_opening WHERE seal <> {seal} ORDER BY 1"
_HALVES = struct.Struct(">qq")
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


def of_place(place: int, ticket: bytes) -> int:
    """The seal of an entry: its ticket, of 16 bytes, folded over its place. A log has millions of
    these, and a hash of each would cost the sequencer a good part of its time.
    """
    high, low = _HALVES.unpack(ticket)
    folded: int = high ^ low ^ place
    return folded


def of_waiting(known: bytes, leaf: bytes) -> bytes:
    """The seal of a row of the outbox: over KNOWN, and the hash that its entry will have."""
    return hashlib.sha256(known + leaf).digest()


def sent(at: datetime) -> bytes:
    """A time as the database sends it; in this form even one that no datetime holds can be read."""
    return struct.pack(">q", (at - _EPOCH) // timedelta(microseconds=1))


def expression(model: type[Model]) -> str:
    """In SQL, the seal that a row should have."""
    if model is models.Pending:
        return _WAITING
    columns = (field.column for field in model._meta.local_concrete_fields)
    return f"sha256(record_send(ROW({', '.join(name for name in columns if name != 'seal')})))"


def broken() -> Iterator[str]:
    """Each row that is not as it was written, with the entry that it belongs to; those of the
    outbox and the entries themselves are looked at where they are read.
    """
    for model, place in _SEALED:
        table = model._meta.db_table
        query = _BROKEN.format(place=place, table=table, seal=expression(model))
        for (index,) in _rows(query):
            at = "" if index is None else f"entry {index}: "
            yield f"{at}a row of {table} is not as it was written"
    for (ticket,) in _rows(_OPENINGS.format(seal=expression(models.Opening))):
        yield tickets.placed(ticket, "a row of log_opening is not as it was written")


def broken_waiting() -> list[tuple[bytes, bytes, bytes]]:
    """KNOWN, data and seal of each row of the outbox that is not as it was written."""
    query = f"SELECT {KNOWN}, data, seal FROM log_pending WHERE seal <> {_WAITING} ORDER BY id"  # noqa: S608
    return binary.rows(query, [])


def _rows(query: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return list(cursor.fetchall())
