"""A damaged row of the outbox put right: where a single bit has flipped, the seal tells which.

Every bit of the row is turned in its turn until the seal fits. Where more is damaged none does,
and the row stays as it is until a person has judged it.
"""

import hashlib
from collections.abc import Iterator
from typing import NamedTuple

from django.db import connection, transaction

from provenance.core.merkle import LEAF_PREFIX, leaf_hash
from provenance.core.records import MalformedEntry, parse_entry

from . import outbox, seals
from .errors import MendingRefused

# In microseconds since 2000, since a damaged time may be one that no datetime holds.
_AT = "timestamptz '2000-01-01 00:00:00+00' + %s * interval '1 microsecond'"
_MEND = f"""
    UPDATE log_pending SET id = %s, ticket = %s::uuid, created_at = {_AT}, data = %s, seal = %s
    WHERE id = %s
"""  # noqa: S608
_TAKE = "DELETE FROM log_pending WHERE id = %s"
_LEAVE = f"INSERT INTO log_pending (id, ticket, created_at, data) VALUES (%s, %s::uuid, {_AT}, %s)"  # noqa: S608


class Row(NamedTuple):
    """A row of the outbox: id, ticket and time as they are sealed, its bytes, and its seal."""

    known: bytes
    data: bytes
    seal: bytes

    @property
    def number(self) -> int:
        """Its id."""
        return _number(self.known[:8])


def damaged() -> list[Row]:
    """The rows that are not as they were written."""
    return [Row(*row) for row in seals.broken_waiting()]


def mended(row: Row) -> Row | None:
    """The row as it was, where it differs from that by one bit; None where it does not."""
    leaf = leaf_hash(row.data)
    right = seals.of_waiting(row.known, leaf)
    if (int.from_bytes(right, "big") ^ int.from_bytes(row.seal, "big")).bit_count() == 1:
        return row._replace(seal=right)
    for known in _turned(row.known):
        if seals.of_waiting(known, leaf) == row.seal:
            return row._replace(known=known)
    for data, hashed in _turned_leaves(row.data):
        if seals.of_waiting(row.known, hashed) == row.seal:
            return row._replace(data=bytes(data))
    return None


def mend() -> tuple[list[Row], list[Row]]:
    """Put right what can be; the rows that are right now, and those that are damaged still."""
    right, left = [], []
    with transaction.atomic():
        for row in damaged():
            was = mended(row)
            if was is None:
                left.append(row)
                continue
            with connection.cursor() as cursor:
                cursor.execute(_MEND, [*_values(was), was.seal, row.number])
            right.append(was)
        _notify()
    return right, left


def accept(number: int) -> None:
    """Seal a damaged row as it stands, since a person has judged that it may go into the log so.

    Raises MendingRefused where the row is not damaged, or is no entry.
    """
    with transaction.atomic():
        row = next((row for row in damaged() if row.number == number), None)
        if row is None:
            raise MendingRefused(f"Row {number} of log_pending is not there, or not damaged.")
        try:
            parse_entry(row.data)
        except MalformedEntry as error:
            raise MendingRefused(f"Row {number} of log_pending holds no entry: {error}") from error
        with connection.cursor() as cursor:
            cursor.execute(_TAKE, [number])
            cursor.execute(_LEAVE, _values(row))
        _notify()


def _notify() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, '')", [outbox.CHANNEL])


def _values(row: Row) -> tuple[int, str, int, bytes]:
    return row.number, row.known[8:24].hex(), _number(row.known[24:]), row.data


def _number(data: bytes) -> int:
    return int.from_bytes(data, "big", signed=True)


def _turned(data: bytes) -> Iterator[bytes]:
    """The bytes with each of their bits turned."""
    for at in range(len(data)):
        for bit in range(8):
            yield data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1 :]


def _turned_leaves(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The same, each with its leaf hash; what lies before the bit is hashed once."""
    before = hashlib.sha256(LEAF_PREFIX)
    for at, byte in enumerate(data):
        after = data[at + 1 :]
        for bit in range(8):
            other = bytes([byte ^ 1 << bit])
            hashed = before.copy()
            hashed.update(other)
            hashed.update(after)
            yield data[:at] + other + after, hashed.digest()
        before.update(data[at : at + 1])
