"""Forgetting what a commitment stands for, in the log's own tables and in sight of everybody.

The opening goes, the entry that holds the commitment stays as it is, so every proof still holds.
Copies of the value elsewhere (the request, the file, the search) are the caller's to erase in
the same transaction.
"""

import uuid
from collections.abc import Mapping, Sequence

from django.db import connection, transaction

from provenance.core.records import JSON, EntryType
from provenance.core.records import Opening as NewOpening

from . import outbox
from .errors import OutboxMisused
from .models import Entry, Opening


def erase(ticket: uuid.UUID, fields: Sequence[str], by: str, reason: str = "") -> list[uuid.UUID]:
    """Delete the openings of an entry's fields; one `erasure` entry for each says so.

    `by` is the role that asked for it (artist, curator), never a name; `reason` a short code.
    Returns the tickets of the entries; empty where nothing was left to erase. Raises
    outbox.LogUnavailable where the entry has no index yet that could be named, OutboxMisused
    outside transaction.atomic.
    """
    target = _target(ticket)
    with transaction.atomic():
        return [
            outbox.submit(EntryType.ERASURE, {"target": target, "field": name, **_why(by, reason)})
            for name in fields
            if Opening.objects.filter(ticket=ticket, field=name).delete()[0]
        ]


def forget(ticket: uuid.UUID, fields: Sequence[str]) -> None:
    """Delete the openings of an entry's fields whose erasure the log has already.

    For what came back with an older backup; nothing is entered.
    """
    Opening.objects.filter(ticket=ticket, field__in=fields).delete()


def erase_file(
    ticket: uuid.UUID, by: str, reason: str, named: Mapping[str, JSON], file: NewOpening | None
) -> uuid.UUID:
    """Delete the opening of a finished file, whose entry has this ticket; the `erasure` entry says
    that the file is gone, and names what is in its place.

    `named` may hold clip, manifest and sha256; `file` is the opening of the new file's bytes.
    Raises as `erase` does.
    """
    body = {"target": _target(ticket), "field": "file", **_why(by, reason), **named}
    with transaction.atomic():
        Opening.objects.filter(ticket=ticket, field="file").delete()
        return outbox.submit(EntryType.ERASURE, body, [file] if file else [])


def entries_of(attempt: str, kind: EntryType) -> list[uuid.UUID]:
    """The tickets of an attempt's entries of a type."""
    return list(Entry.objects.filter(attempt=attempt, kind=kind).values_list("ticket", flat=True))


def _target(ticket: uuid.UUID) -> int:
    if not connection.in_atomic_block:
        raise OutboxMisused("Openings are only erased inside transaction.atomic.")
    target = outbox.index_of(ticket)
    if target is None:
        raise outbox.LogUnavailable(
            "The entry has not reached the log yet, which takes about a second: try again."
        )
    return target


def _why(by: str, reason: str) -> dict[str, JSON]:
    return {"by": by, **({"reason": reason} if reason else {})}
