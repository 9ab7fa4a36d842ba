"""Rows in PostgreSQL's binary form, in and out: what the sequencer's speed hangs on.

As text each byte of an entry would travel as two letters, and a row written value by value costs
more than the database takes to store it.
"""

import struct
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from typing import Any

import psycopg
from django.db import connection
from psycopg.abc import Buffer
from psycopg.adapt import Loader
from psycopg.pq import Format

_SIGNATURE = b"PGCOPY\n\xff\r\n\x00" + bytes(8)  # without flags, without a header extension
_TRAILER = struct.pack(">h", -1)
_ROUND = 2000
_streams = count()
NULL = struct.pack(">i", -1)
_COUNT = struct.Struct(">h")
_LENGTH = struct.Struct(">i")


def rows(query: str, values: Sequence[object]) -> list[tuple[Any, ...]]:
    """All rows of a query, bytes as bytes."""
    with _cursor() as cursor:
        cursor.execute(query.encode(), values, binary=True)
        return cursor.fetchall()


class _Damaged(Loader):
    """A text that may hold letters which are none any more, to be compared and not to be shown."""

    format = Format.BINARY

    def load(self, data: Buffer) -> str:
        return bytes(data).decode(errors="replace")


def stream(query: str) -> Iterator[tuple[Any, ...]]:
    """The rows of a query in rounds of some thousands, bytes as bytes; within a transaction.

    No damage to a text ends the reading.
    """
    connection.ensure_connection()
    name = f"stream {next(_streams)}"
    with (
        connection.wrap_database_errors,
        psycopg.ServerCursor(connection.connection, name) as cursor,
    ):
        for kind in ("text", "varchar"):
            cursor.adapters.register_loader(kind, _Damaged)
        cursor.execute(query.encode(), binary=True)
        while found := cursor.fetchmany(_ROUND):
            yield from found


def execute(order: str, values: Sequence[object]) -> None:
    """An order whose values travel beside it and are not written into its text."""
    with _cursor() as cursor:
        cursor.execute(order.encode(), values)


def copy(order: str, fields: Iterable[Sequence[bytes | None]]) -> None:
    """COPY … FROM STDIN (FORMAT BINARY) of rows whose values are in the binary form already."""
    rows = (part for row in fields for part in (_COUNT.pack(len(row)), *map(value, row)))
    copy_packed(order, [b"".join(rows)])


def copy_packed(order: str, parts: Iterable[bytes]) -> None:
    """The same of rows that are whole already: how many values, and each behind its length.

    The database takes a part in while the next is being made.
    """
    with _cursor() as cursor, cursor.copy(order.encode()) as writing:
        writing.write(_SIGNATURE)
        for part in parts:
            writing.write(part)
        writing.write(_TRAILER)


def value(data: bytes | None) -> bytes:
    """A value behind its length; None is NULL."""
    return NULL if data is None else _LENGTH.pack(len(data)) + data


def text(letters: str | None) -> bytes:
    """A text behind its length; None is NULL."""
    return NULL if letters is None else value(letters.encode())


@contextmanager
def _cursor() -> Iterator["psycopg.Cursor[tuple[Any, ...]]"]:
    """psycopg's own cursor on Django's connection, whose own writes values into the text."""
    connection.ensure_connection()
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        yield cursor


def int8(value: int) -> bytes:
    """A bigint."""
    return value.to_bytes(8, "big", signed=True)


def int2(value: int) -> bytes:
    """A smallint."""
    return value.to_bytes(2, "big", signed=True)
