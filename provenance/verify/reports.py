"""Reports: a verdict at an address that can be quoted, with all that a reader needs to weigh it.

The verbs of a report: make, find, open, check again, forget a statement, delete, remove unopened.
"""

import hashlib
import logging
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Max, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext

from provenance.core import wording
from provenance.core.credentials import validator
from provenance.core.errors import KeysRefused
from provenance.core.redactions import LABELS
from provenance.core.trustlists import TrustList
from provenance.core.verdicts import Verdict

from . import child, kept
from .belief import site_list
from .errors import NoKeys
from .models import Finding, Report, TrustSnapshot
from .turns import turn

log = logging.getLogger(__name__)

_ID_BYTES = 16  # 22 letters
_KEY_BYTES = 24
_OPENED_TO = timedelta(days=1)


@dataclass(frozen=True)
class Made:
    """A new report, its first finding, and the key of its delete link, which is kept nowhere."""

    report: Report
    finding: Finding
    key: str


@dataclass(frozen=True)
class Rechecked:
    """A file that was checked again: what was said before and what is said now."""

    report: Report
    before: Finding
    now: Finding


def check(path: Path, *, keep: bool = False) -> tuple[Verdict, Made]:
    """Check a file and make the report of it; `keep` leaves a copy of the file with it.

    Raises OSError where the file cannot be opened or kept, ReportRefused where there is no room,
    Busy where others are being checked, NoKeys where the archive has none.
    """
    trust = _believed()
    with turn():
        verdict = child.check(path, trust)
    return verdict, _make(verdict, trust, path if keep else None)


def _believed() -> TrustList:
    try:
        return site_list()
    except KeysRefused as error:  # it names folders, which are the operator's business alone
        log.exception("a file cannot be checked")
        raise NoKeys(
            gettext(
                "This archive has no keys yet, or cannot read them, so no file can be checked here"
                " now. Its operator can mend that."
            )
        ) from error


def find(report_id: str) -> Report | None:
    """A report by the id in its address."""
    return Report.objects.filter(pk=report_id).first()


def opened(report: Report) -> None:
    """Note, to the day, that somebody read it."""
    now = timezone.now()
    stale = Report.objects.filter(pk=report.pk, opened_at__lt=now - _OPENED_TO)
    stale.update(opened_at=now)


def belongs_to(report: Report, key: str) -> bool:
    """Whether this is the key of the report's delete link."""
    return secrets.compare_digest(_hashed(key), report.delete_key_sha256)


def delete(report: Report) -> None:
    """Remove a report and the file that was left with it, for good."""
    report_id = report.pk  # which deleting takes from it
    report.delete()
    kept.drop(report_id)


def remove_unopened(now: datetime) -> int:
    """Remove the reports that nobody has opened for a long time; returns how many.

    Files without a report, which a crash can leave, go as well.
    """
    limit = now - timedelta(days=settings.VERIFY_REPORT_DAYS)
    unopened = list(Report.objects.filter(opened_at__lt=limit))
    for report in unopened:
        delete(report)
    kept.sweep(frozenset(Report.objects.filter(kept=True).values_list("pk", flat=True)))
    return len(unopened)


def outdated_here(report: Report) -> bool:
    """Whether this site would check it otherwise today; False where it has no keys to say by."""
    try:
        return outdated(report, site_list())
    except KeysRefused:
        log.exception("whether a report is outdated cannot be told")
        return False


def outdated(report: Report, trust: TrustList) -> bool:
    """Whether the present program, validator or trust list is another than at its last check."""
    newest = report.findings.all()[0]
    return (newest.program, newest.validator, newest.trust_id) != (
        program(), newest.validator and validator(), trust_sha256(trust.text),
    )  # fmt: skip


def recheck() -> Iterator[Rechecked]:
    """Check again every kept file whose report is outdated; what was said before stays."""
    trust = site_list()
    for report in Report.objects.filter(kept=True).prefetch_related("findings"):
        if outdated(report, trust):
            before = report.findings.all()[0]
            verdict = child.check(kept.path_of(report.pk), trust)
            with transaction.atomic():
                yield Rechecked(report, before, _add(report, verdict, trust))


def about(manifest_ids: Sequence[str]) -> QuerySet[Report]:
    """The reports on files that carry, come from, or descend from these manifests."""
    named = Q()
    for manifest_id in manifest_ids:
        named |= Q(findings__document__manifest=manifest_id)
        named |= Q(findings__document__original__manifest=manifest_id)
        named |= Q(findings__document__history__contains=[{"manifest_id": manifest_id}])
    return Report.objects.filter(named).distinct() if manifest_ids else Report.objects.none()


def forget(manifest_ids: Sequence[str], fields: Sequence[str]) -> int:
    """Take what was erased (keys of redactions.LABELS) out of every report about these manifests.

    Files that were left with such reports go, because they may still tell it. Returns how many
    reports there were. Call it inside the transaction of the erasure.
    """
    labels = {LABELS[field] for field in fields}
    found = list(about(manifest_ids))
    for finding in Finding.objects.filter(report__in=found).select_for_update():
        for claim in finding.document["claims"]:
            if claim["label"] in labels:
                claim["value"] = wording.WITHHELD
        finding.save(update_fields=["document"])
    Report.objects.filter(pk__in=[report.pk for report in found]).update(kept=False)
    for report in found:
        transaction.on_commit(partial(kept.drop, report.pk))
    return len(found)


def storable(value: Any) -> Any:
    """The same without what a database cannot hold as text: NUL, and halves of surrogate pairs."""
    if isinstance(value, str):
        text = value.replace("\0", "\N{REPLACEMENT CHARACTER}")
        return text.encode("utf-8", "replace").decode()
    if isinstance(value, Mapping):
        return {key: storable(inner) for key, inner in value.items()}
    return [storable(inner) for inner in value] if isinstance(value, list) else value


def program() -> str:
    """Name and version of this program, as a finding notes it."""
    return f"Sora Archive {settings.VERSION}"


def _make(verdict: Verdict, trust: TrustList, upload: Path | None) -> Made:
    now, key = timezone.now(), secrets.token_urlsafe(_KEY_BYTES)
    report = Report(
        id=secrets.token_urlsafe(_ID_BYTES), delete_key_sha256=_hashed(key), sha256=verdict.sha256,
        size=verdict.size, kept=upload is not None, created_at=now, opened_at=now,
    )  # fmt: skip
    if upload is not None:
        kept.keep(report.pk, upload)
    with transaction.atomic():
        report.save(force_insert=True)
        finding = _finding(report, 1, verdict, trust)
        finding.save(force_insert=True)
    return Made(report, finding, key)


def _add(report: Report, verdict: Verdict, trust: TrustList) -> Finding:
    last = Finding.objects.filter(report=report).aggregate(Max("number"))["number__max"]
    finding = _finding(report, last + 1, verdict, trust)
    finding.save(force_insert=True)
    return finding


def _finding(report: Report, number: int, verdict: Verdict, trust: TrustList) -> Finding:
    document: dict[str, Any] = storable(verdict.in_full())
    return Finding(
        report=report, number=number, at=timezone.now(), program=program(),
        validator=verdict.validator, trust_id=_snapshot(trust.text), document=document,
    )  # fmt: skip


def _snapshot(text: str) -> str:
    """Keep the trust list that a check rests on; returns its SHA-256."""
    sha256 = trust_sha256(text)
    if not TrustSnapshot.objects.filter(pk=sha256).exists():
        TrustSnapshot.objects.get_or_create(sha256=sha256, defaults={"text": text})
    return sha256


@lru_cache(maxsize=8)
def trust_sha256(text: str) -> str:
    """SHA-256 of a trust.json, by which reports name it."""
    return _hashed(text)


def _hashed(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
