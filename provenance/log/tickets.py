"""Tickets: by these the site's rows, and openings and anchors, find their entries.

A row whose ticket leads nowhere waits for its entry for ever, so the audit looks each one up. A
ticket says nothing about an entry, and whoever holds none of an entry's does not miss it.
"""

import uuid
from collections.abc import Iterator

from django.apps import apps
from django.db import connection
from django.db.models import UUIDField

from .models import Entry, Pending

_LOST = """
    SELECT {column} FROM {table} r
    WHERE {column} IS NOT NULL
      AND NOT EXISTS (SELECT FROM log_entry e WHERE e.ticket = r.{column})
      AND NOT EXISTS (SELECT FROM log_pending p WHERE p.ticket = r.{column})
"""


def lost() -> Iterator[str]:
    """Each row anywhere in the database that looks for an entry by a ticket nobody has."""
    for table, column in _holders():
        query = _LOST.format(table=table, column=column)
        with connection.cursor() as cursor:
            cursor.execute(query)
            found = [ticket for (ticket,) in cursor.fetchall()]
        for ticket in found:
            yield said(ticket, f"{table}.{column} looks for an entry")


def said(ticket: uuid.UUID, words: str, place: int | None = None) -> str:
    """What is wrong where no entry has a ticket: with the entry whose own differs by a single
    flipped bit, where there is one, else with the place that is given.
    """
    where = _where([uuid.UUID(int=ticket.int ^ 1 << bit) for bit in range(128)])
    if where is None and place is not None:
        where = f"entry {place}"
    return f"{f'{where}: ' if where else ''}{words}, and its ticket is lost"


def placed(ticket: uuid.UUID, words: str) -> str:
    """What is wrong with a row that has an entry's ticket, with the place of that entry."""
    where = _where([ticket])
    return f"{where}: {words}" if where else said(ticket, words)


def _where(tickets: list[uuid.UUID]) -> str | None:
    """The entry, or the row that waits to be one, that has one of these tickets."""
    place = Entry.objects.filter(ticket__in=tickets).values_list("index", flat=True).first()
    if place is not None:
        return f"entry {place}"
    waits = Pending.objects.filter(ticket__in=tickets).values_list("id", flat=True).first()
    return None if waits is None else f"row {waits} of the outbox"


def _holders() -> Iterator[tuple[str, str]]:
    """Table and column of every field that is called a ticket, wherever it is declared."""
    for model in apps.get_models():
        if model._meta.app_label != "log" and not model._meta.proxy:
            for field in model._meta.local_concrete_fields:
                if isinstance(field, UUIDField) and field.name.endswith("ticket"):
                    quote = connection.ops.quote_name
                    yield quote(model._meta.db_table), quote(field.column)
