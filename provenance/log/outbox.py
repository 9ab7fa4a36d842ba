"""The way into the log: a business transaction leaves its entry here and gets a ticket for it.

Entry and business row are committed together or not at all. The sequencer gives the entry its
place soon after, and the ticket leads to it.
"""

import json
import secrets
import time
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db import connection
from django.db.models import OuterRef, Subquery
from django.utils import timezone

from provenance.core.records import (
    JSON,
    SALT_BYTES,
    EntryRefused,
    EntryType,
    Opening,
    canonical,
    entry_bytes,
)

from . import models
from .errors import LogUnavailable, OutboxMisused

CHANNEL = "log_pending"
_FIRST_PAUSE = 0.005
_LONGEST_PAUSE = 0.1
_BATCH = 2000
_FIND = """
    SELECT ticket, index FROM log_entry
    WHERE ticket = ANY(%s) AND index < (SELECT max(size) FROM log_checkpoint)
"""

__all__ = [
    "CHANNEL", "LogUnavailable", "OutboxMisused", "Prepared", "index_of", "indexes_of",
    "new_opening", "openings_of", "openings_of_all", "place_of", "prepare", "submit", "submit_all",
    "submit_prepared", "wait_for", "waiting",
]  # fmt: skip


def new_opening(field: str, value: JSON) -> Opening:
    """A commitment-to-be with a fresh random salt."""
    return Opening(field, secrets.token_bytes(SALT_BYTES), value)


@dataclass(frozen=True)
class Prepared:
    """An entry whose bytes are fixed and that is not in the outbox yet, with its openings."""

    data: bytes
    openings: Sequence[Opening] = ()


def prepare(
    kind: EntryType, body: Mapping[str, JSON], openings: Sequence[Opening] = ()
) -> Prepared:
    """Fix the bytes of an entry, as `submit` would write them now.

    Each opening adds its commitment to the body under its field. Raises EntryRefused for a body
    that its type does not have.
    """
    committed = {opening.field: opening.commitment for opening in openings}
    if len(committed) < len(openings) or committed.keys() & body.keys():
        raise EntryRefused(f"{kind.value}: a field is given twice.")
    return Prepared(entry_bytes(kind, timezone.now(), {**body, **committed}), openings)


def submit(
    kind: EntryType, body: Mapping[str, JSON], openings: Sequence[Opening] = ()
) -> uuid.UUID:
    """Leave an entry for the log in the current transaction; returns its ticket.

    The openings are kept in the erasable table. Raises OutboxMisused outside transaction.atomic,
    and what `prepare` raises.
    """
    return submit_prepared(prepare(kind, body, openings))


def submit_prepared(entry: Prepared) -> uuid.UUID:
    """Leave an entry whose bytes were fixed before; as `submit`."""
    if not connection.in_atomic_block:
        raise OutboxMisused("An entry is only submitted inside transaction.atomic.")
    ticket = models.Pending.objects.create(data=entry.data).ticket
    models.Opening.objects.bulk_create(
        models.Opening(
            ticket=ticket,
            field=opening.field,
            salt=opening.salt,
            value=canonical(opening.value).decode(),
        )
        for opening in entry.openings
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, '')", [CHANNEL])
    return ticket


def submit_all(kind: EntryType, bodies: Sequence[Mapping[str, JSON]]) -> list[uuid.UUID]:
    """Leave many entries of one type that commit to nothing; their tickets, in the same order.

    Raises as submit does.
    """
    if not connection.in_atomic_block:
        raise OutboxMisused("Entries are only submitted inside transaction.atomic.")
    now = timezone.now()
    rows = [models.Pending(data=entry_bytes(kind, now, body)) for body in bodies]
    models.Pending.objects.bulk_create(rows, batch_size=_BATCH)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, '')", [CHANNEL])
    return [row.ticket for row in rows]


def waiting() -> bool:
    """Whether an entry waits that has no place yet."""
    return bool(models.Pending.objects.exists())


def index_of(ticket: uuid.UUID) -> int | None:
    """The place of an entry, once a signed checkpoint covers it."""
    return indexes_of([ticket]).get(ticket)


def indexes_of(tickets: Iterable[uuid.UUID]) -> dict[uuid.UUID, int]:
    """The places of those entries that a signed checkpoint covers."""
    with connection.cursor() as cursor:
        cursor.execute(_FIND, [list(tickets)])
        return dict(cursor.fetchall())


def place_of(ticket: str) -> Subquery:
    """The same as a part of another's query: `ticket` is the column that holds the ticket."""
    signed = models.Checkpoint.objects.order_by("-head_id").values("head_id")[:1]
    entry = models.Entry.objects.filter(ticket=OuterRef(ticket), index__lt=Subquery(signed))
    return Subquery(entry.values("index")[:1])


def wait_for(ticket: uuid.UUID, timeout: float, tick: Callable[[], None] | None = None) -> int:
    """The place of an entry as soon as a signed checkpoint covers it.

    `timeout` in seconds; `tick` is called between two looks, and what it raises ends the waiting.
    Raises LogUnavailable when the time is over, OutboxMisused where a transaction would be held
    open meanwhile.
    """
    deadline, pause = time.monotonic() + timeout, _FIRST_PAUSE
    while (index := index_of(ticket)) is None:
        if connection.in_atomic_block:
            raise OutboxMisused("The log is not waited for inside transaction.atomic.")
        if time.monotonic() >= deadline:
            raise LogUnavailable(
                f"The log has not taken up the entry within {timeout:.0f} s: is the sequencer "
                "running (manage.py sequencer)? The entry is not lost."
            )
        if tick is not None:
            tick()
        time.sleep(min(pause, max(deadline - time.monotonic(), 0.0)))
        pause = min(pause * 1.5, _LONGEST_PAUSE)
    return index


def openings_of(ticket: uuid.UUID) -> dict[str, Opening]:
    """The openings of an entry that have not been erased, by field."""
    return {
        row.field: Opening(row.field, bytes(row.salt), json.loads(row.value))
        for row in models.Opening.objects.filter(ticket=ticket)
    }


def openings_of_all(tickets: Iterable[uuid.UUID], field: str) -> dict[uuid.UUID, Opening]:
    """The openings of one field of many entries, where they have not been erased, by ticket."""
    return {
        row.ticket: Opening(row.field, bytes(row.salt), json.loads(row.value))
        for row in models.Opening.objects.filter(ticket__in=list(tickets), field=field)
    }
