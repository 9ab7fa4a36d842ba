"""Empties the database after a transactional test, for less than Django's flush costs.

Django truncates every table and makes its content types and permissions anew, after each such test.
Here only what holds rows is emptied, and what a migration made stays. The log's triggers refuse any
of it: only the owner of the tables can lift them, and only in sight of everybody, by DDL.
"""

from collections.abc import Iterable
from typing import LiteralString

from django.core.management.commands import flush
from django.db import connection, transaction
from django.db.backends.base.operations import BaseDatabaseOperations
from django.db.backends.utils import CursorWrapper
from psycopg import sql

KEPT = {"django_content_type", "auth_permission", "django_migrations"}


def empty_quickly() -> None:
    """Have every flush of this process do it so."""
    BaseDatabaseOperations.execute_sql_flush = _emptied  # type: ignore[method-assign,assignment]
    flush.emit_post_migrate_signal = lambda *_, **__: None  # type: ignore[attr-defined]


def _emptied(_operations: BaseDatabaseOperations, _truncating: Iterable[str]) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        full = _with_rows(cursor)
        guards = [guard for guard in _guards(cursor) if guard[1] in full]
        for name, table in guards:
            cursor.execute(_about("ALTER TABLE {} DISABLE TRIGGER {}", table, name))
        for table in full:  # in any order: foreign keys are looked at when the transaction ends
            cursor.execute(_about("DELETE FROM {}", table))
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # no table changes while checks are pending
        for name, table in guards:
            cursor.execute(_about("ALTER TABLE {} ENABLE ALWAYS TRIGGER {}", table, name))


def _about(statement: LiteralString, *names: str) -> sql.Composed:
    return sql.SQL(statement).format(*map(sql.Identifier, names))


def _with_rows(cursor: CursorWrapper) -> list[str]:
    names = set(connection.introspection.django_table_names(only_existing=True)) - KEPT
    one = sql.SQL("SELECT {} WHERE EXISTS (SELECT FROM {})")
    each = [one.format(sql.Literal(name), sql.Identifier(name)) for name in sorted(names)]
    cursor.execute(sql.SQL(" UNION ALL ").join(each))
    return [name for (name,) in cursor.fetchall()]


def _guards(cursor: CursorWrapper) -> list[tuple[str, str]]:
    cursor.execute(
        "SELECT tgname, relname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid"
        " WHERE tgenabled = 'A'"
    )
    return [(name, table) for name, table in cursor.fetchall()]
