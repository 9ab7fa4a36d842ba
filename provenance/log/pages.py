"""What the public pages of the log show: the newest checkpoint, a list of entries, one entry."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet
from django.urls import reverse

from provenance.core import records

from . import models, receipts

PAGE = 50


@dataclass(frozen=True)
class EntryLine:
    """An entry as the list shows it."""

    index: int
    type: str
    at: datetime
    url: str


@dataclass(frozen=True)
class EntryPage:
    """One entry with everything a reader needs to check it."""

    index: int
    entry: records.Entry
    json: str
    leaf_hash: str
    size: int
    has_next: bool
    proof_url: str
    same_attempt: Sequence[EntryLine]


@dataclass(frozen=True)
class LogPage:
    """The log's front page."""

    origin: str
    vkey: str
    checkpoint: str
    signed_at: datetime | None
    size: int
    root: str
    entries: Sequence[EntryLine]
    older: int | None
    open_attempts: Sequence[EntryLine]
    open_count: int


def front(before: int | None) -> LogPage:
    """The newest entries, or those before an index; a log that was never started is empty."""
    checkpoint, origin = receipts.newest(), models.Origin.objects.first()
    if checkpoint is None or origin is None:
        return LogPage("", "", "", None, 0, "", (), None, (), 0)
    size = checkpoint.head_id
    end = size if before is None else min(before, size)
    lines = _lines(models.Entry.objects.filter(index__lt=end, index__gte=end - PAGE))
    return LogPage(
        origin=origin.origin,
        vkey=origin.vkey,
        checkpoint=checkpoint.note,
        signed_at=checkpoint.signed_at,
        size=size,
        root=receipts.content(checkpoint).root.hex(),
        entries=lines,
        older=end - PAGE if end > PAGE else None,
        open_attempts=_open_attempts(size),
        open_count=models.OpenAttempt.objects.filter(index__lt=size).count(),
    )


def entry(index: int) -> EntryPage | None:
    """An entry that a signed checkpoint covers, else None."""
    size = receipts.signed_size()
    row = models.Entry.objects.filter(index=index, index__lt=size).first()
    if row is None:
        return None
    parsed = records.parse_entry(bytes(row.data))
    attempt = models.Entry.objects.filter(attempt=row.attempt, index__lt=size)
    same = attempt.exclude(index=index) if row.attempt else attempt.none()
    return EntryPage(
        index=index,
        entry=parsed,
        json=bytes(row.data).decode(),
        leaf_hash=bytes(row.leaf_hash).hex(),
        size=size,
        has_next=index + 1 < size,
        proof_url=reverse("log:proof", args=[index]),
        same_attempt=_lines(same),
    )


def _open_attempts(size: int) -> list[EntryLine]:
    """The attempts without an outcome, the longest open first."""
    oldest = models.OpenAttempt.objects.filter(index__lt=size).order_by("index")[:PAGE]
    places = [attempt.index for attempt in oldest]
    return _lines(models.Entry.objects.filter(index__in=places))[::-1]


def _lines(rows: QuerySet[models.Entry]) -> list[EntryLine]:
    return [
        EntryLine(row.index, row.kind, _at(row), reverse("log:entry", args=[row.index]))
        for row in rows.order_by("-index")[:PAGE]
    ]


def _at(row: models.Entry) -> datetime:
    return records.parse_entry(bytes(row.data)).at
