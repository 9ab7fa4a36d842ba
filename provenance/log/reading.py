"""The entries of the log in their order, for whoever counts them."""

from collections.abc import Collection, Iterator
from uuid import UUID

from django.db import connection

from provenance.core.records import Entry as Parsed
from provenance.core.records import parse_entry

from . import receipts
from .errors import LogUnavailable
from .models import Entry, Head

_READ = """
    SELECT index, data FROM log_entry
    WHERE index >= %s AND index < %s AND kind = ANY(%s) ORDER BY index
"""
_ROUND = 2000


def entries(start: int, end: int, kinds: Collection[str]) -> Iterator[tuple[int, Parsed]]:
    """Index and content of the entries of these kinds, from `start` to before `end`."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(_READ, [start, end, list(kinds)])
        while rows := cursor.fetchmany(_ROUND):
            for index, data in rows:
                yield index, parse_entry(bytes(data))


def signed_head() -> tuple[int, bytes]:
    """Size and root of the log under its newest signed checkpoint."""
    checkpoint = receipts.newest()
    if checkpoint is None:
        raise LogUnavailable("The log has no checkpoint yet: has the sequencer ever run?")
    return checkpoint.head_id, receipts.content(checkpoint).root


def root_at(size: int) -> bytes | None:
    """The root that the log signed at that size; None where it signed none."""
    found = Head.objects.filter(size=size).values_list("root", flat=True).first()
    return None if found is None else bytes(found)


def ticket_of(index: int) -> UUID | None:
    """The ticket of the entry with that index, if there is one."""
    return Entry.objects.filter(index=index).values_list("ticket", flat=True).first()
