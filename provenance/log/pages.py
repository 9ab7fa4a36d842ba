"""What the public pages of the log show: the newest checkpoint, a list of entries, one entry."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db.models import QuerySet
from django.urls import reverse

from provenance.core import records
from provenance.core.policies import Policy

from . import models, receipts

PAGE = 20


@dataclass(frozen=True)
class EntryLine:
    """An entry as the list shows it; `at` is None where its bytes are damaged."""

    index: int
    type: str
    at: datetime | None
    url: str


@dataclass(frozen=True)
class EntryPage:
    """One entry with everything a reader needs to check it; `entry` is None where its bytes are
    damaged, which `json` then shows as they are.
    """

    index: int
    entry: records.Entry | None
    json: str
    leaf_hash: str
    size: int
    has_next: bool
    proof_url: str
    same_attempt: Sequence[EntryLine]
    standing: receipts.Standing | None
    asks_witnesses: bool
    stamped: models.Anchor | None


@dataclass(frozen=True)
class WitnessLine:
    """A witness of the policy: what it has cosigned last, or why it does not."""

    name: str
    key_name: str
    vkey: str
    size: int
    at: datetime | None
    problem: str


@dataclass(frozen=True)
class AnchorLine:
    """A time-stamp over a checkpoint, and the entry that commits to it."""

    size: int
    authority: str
    at: datetime
    index: int | None


@dataclass(frozen=True)
class Others:
    """What others say of the log: witnesses, authorities, and whoever met another history."""

    witnesses: Sequence[WitnessLine]
    fewest: int
    witnessed_size: int | None
    witnessed_at: datetime | None
    anchors: Sequence[AnchorLine]
    contradictions: Sequence[models.Contradiction]


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
    others: Others | None


def front(before: int | None) -> LogPage:
    """The newest entries, or those before an index; a log that was never started is empty."""
    checkpoint, origin = receipts.newest(), models.Origin.objects.first()
    if checkpoint is None or origin is None:
        return LogPage("", "", "", None, 0, "", (), None, (), 0, None)
    size = checkpoint.head_id
    end = size if before is None else min(before, size)
    lines = _lines(models.Entry.objects.filter(index__lt=end, index__gte=end - PAGE))
    return LogPage(
        origin=origin.origin,
        vkey=origin.vkey,
        checkpoint=receipts.cosigned(checkpoint),
        signed_at=checkpoint.signed_at,
        size=size,
        root=receipts.content(checkpoint).root.hex(),
        entries=lines,
        older=end - PAGE if end > PAGE else None,
        open_attempts=_open_attempts(size),
        open_count=models.OpenAttempt.objects.filter(index__lt=size).count(),
        others=_others(),
    )


def entry(index: int) -> EntryPage | None:
    """An entry that a signed checkpoint covers, else None."""
    size = receipts.signed_size()
    row = models.Entry.objects.filter(index=index, index__lt=size).first()
    if row is None:
        return None
    attempt = models.Entry.objects.filter(attempt=row.attempt, index__lt=size)
    same = attempt.exclude(index=index) if row.attempt else attempt.none()
    return EntryPage(
        index=index,
        entry=_parsed(row),
        json=bytes(row.data).decode(errors="backslashreplace"),
        leaf_hash=bytes(row.leaf_hash).hex(),
        size=size,
        has_next=index + 1 < size,
        proof_url=reverse("log:proof", args=[index]),
        same_attempt=_lines(same),
        standing=receipts.standing(index),
        asks_witnesses=_policy().asks_witnesses,
        stamped=models.Anchor.objects.filter(ticket=row.ticket).first(),
    )


def policy(vkey: str) -> str:
    """The witness policy as a file for strangers, which names this log as well."""
    given = _policy()
    named = any(log.vkey == vkey for log in given.logs)
    return given.text if named else f"log {vkey}\n{given.text}"


def lines(rows: Sequence[models.Entry]) -> list[EntryLine]:
    """Entries as the list shows them, in the order given."""
    return [_line(row) for row in rows]


def _policy() -> Policy:
    policy: Policy = settings.LOG_WITNESS_POLICY
    return policy


def _others() -> Others:
    seen = receipts.newest_witnessed()
    return Others(
        witnesses=_witnesses(),
        fewest=_policy().fewest,
        witnessed_size=seen.head_id if seen else None,
        witnessed_at=receipts.witnessed(seen).at if seen else None,
        anchors=_anchors(),
        contradictions=list(models.Contradiction.objects.order_by("-id")[:PAGE]),
    )


def _witnesses() -> list[WitnessLine]:
    known = {row.cosigner: row for row in models.Witness.objects.all()}
    found = []
    for witness in _policy().witnesses:
        vkey, state = witness.cosigner.vkey, known.get(witness.cosigner.vkey)
        last = models.Cosignature.objects.filter(cosigner=vkey).order_by("-checkpoint_id").first()
        found.append(
            WitnessLine(
                name=witness.name,
                key_name=witness.cosigner.name,
                vkey=vkey,
                size=last.checkpoint_id if last else 0,
                at=last.at if last else None,
                problem=state.problem if state else "",
            )
        )
    return found


def _anchors() -> list[AnchorLine]:
    rows = list(models.Anchor.objects.order_by("-id")[:5])
    tickets = models.Entry.objects.filter(ticket__in=[row.ticket for row in rows])
    places = dict(tickets.values_list("ticket", "index"))
    return [
        AnchorLine(row.checkpoint_id, row.authority, row.at, places.get(row.ticket)) for row in rows
    ]


def _open_attempts(size: int) -> list[EntryLine]:
    """The attempts without an outcome, the longest open first."""
    oldest = models.OpenAttempt.objects.filter(index__lt=size).order_by("index")[:PAGE]
    places = [attempt.index for attempt in oldest]
    return _lines(models.Entry.objects.filter(index__in=places))[::-1]


def _lines(rows: QuerySet[models.Entry]) -> list[EntryLine]:
    return lines(list(rows.order_by("-index")[:PAGE]))


def _line(row: models.Entry) -> EntryLine:
    parsed, url = _parsed(row), reverse("log:entry", args=[row.index])
    return EntryLine(row.index, row.kind, parsed.at if parsed else None, url)


def _parsed(row: models.Entry) -> records.Entry | None:
    """Damage to one entry must not hide all the others."""
    try:
        return records.parse_entry(bytes(row.data))
    except records.MalformedEntry:
        return None
