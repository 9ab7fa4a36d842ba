"""Forgetting what a commitment stands for, in the log's own tables and in sight of everybody.

The opening goes, the entry that holds the commitment stays as it is, so every proof still holds.
Copies of the value elsewhere (the request, the file, the search) are the caller's to erase in
the same transaction.
"""

import uuid
from collections.abc import Sequence

from django.db import connection, transaction

from provenance.core.records import EntryType

from . import outbox
from .errors import OutboxMisused
from .models import Opening


def erase(ticket: uuid.UUID, fields: Sequence[str], by: str) -> list[uuid.UUID]:
    """Delete the openings of an entry's fields; one `erasure` entry for each says so.

    `by` is the role that asked for it (artist, curator), never a name. Returns the tickets of
    the entries; empty where nothing was left to erase. Raises outbox.LogUnavailable where the
    entry has no index yet that could be named, OutboxMisused outside transaction.atomic.
    """
    if not connection.in_atomic_block:
        raise OutboxMisused("Openings are only erased inside transaction.atomic.")
    target = outbox.index_of(ticket)
    if target is None:
        raise outbox.LogUnavailable(
            "The entry has not reached the log yet, which takes about a second: try again."
        )
    with transaction.atomic():
        return [
            outbox.submit(EntryType.ERASURE, {"target": target, "field": name, "by": by})
            for name in fields
            if Opening.objects.filter(ticket=ticket, field=name).delete()[0]
        ]
