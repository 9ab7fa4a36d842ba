"""Reports: a verdict at an address that can be quoted, with all that a reader needs to weigh it.

The verbs of a report: make, find, open, check again, forget a statement, delete, remove unopened.
"""

import hashlib
import json
import logging
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, transaction
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
from .models import Credential, Finding, Report, TrustSnapshot
from .turns import turn

log = logging.getLogger(__name__)

_ID_BYTES = 16  # 22 letters
_KEY_BYTES = 24
_OPENED_TO = timedelta(days=1)
_LOCK = 0x5245504F  # any number of ours: PostgreSQL's advisory locks have no names


@dataclass(frozen=True)
class Made:
    """A new report, its first finding, and the key of its delete link, which is kept nowhere."""

    report: Report
    finding: Finding
    key: str


@dataclass(frozen=True)
class Rechecked:
    """A file that was checked again: what was said before and what is said now.

    `now` is None where the kept file could not be read; `trouble` then tells why.
    """

    report: Report
    before: Finding
    now: Finding | None
    trouble: str = ""


def check(path: Path, *, keep: bool = False) -> tuple[Verdict, Made]:
    """Check a file and make the report of it; `keep` leaves a copy of the file with it.

    Nothing is kept that discloses what the archive has erased. Raises OSError where the file cannot
    be opened, ReportRefused where it cannot be kept, Busy where others are being checked, NoKeys
    where the archive has none.
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
    """Check again every kept file whose report is outdated; what was said before stays.

    A file that cannot be read, or a report that is removed meanwhile, keeps no other from its turn.
    """
    trust = site_list()
    for report in Report.objects.filter(kept=True).prefetch_related("findings"):
        if outdated(report, trust):
            again = _checked_again(report, trust)
            if again is not None:
                yield again


def _checked_again(report: Report, trust: TrustList) -> Rechecked | None:
    """None where report or file were removed while it was checked."""
    before = report.findings.all()[0]
    try:
        verdict = child.check(kept.path_of(report.pk), trust)
    except OSError as error:
        gone = not Report.objects.filter(pk=report.pk, kept=True).exists()
        return None if gone else Rechecked(report, before, None, error.strerror or str(error))
    with transaction.atomic():
        trust_id = _among_others(trust)
        if not Report.objects.select_for_update().filter(pk=report.pk, kept=True).exists():
            return None
        return Rechecked(report, before, _add(report, verdict, trust_id))


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
    _alone()
    found = list(about(manifest_ids))
    for finding in Finding.objects.filter(report__in=found).select_for_update():
        _withhold(finding.document, fields)
        finding.save(update_fields=["document"])
    Report.objects.filter(pk__in=[report.pk for report in found]).update(kept=False)
    for report in found:
        transaction.on_commit(partial(kept.drop, report.pk))
    return len(found)


def _withhold(document: dict[str, Any], fields: Iterable[str]) -> None:
    """Take what was erased out of the document of a finding."""
    labels = {LABELS[field] for field in fields if field in LABELS}
    for claim in document["claims"]:
        if claim["label"] in labels:
            claim["value"] = wording.WITHHELD


def _issued(document: Mapping[str, Any]) -> list[Credential]:
    """The rows of the ledger that a finding is about, as of now."""
    if document["original"] is None:
        return []
    names = {document["manifest"], document["original"]["manifest"]}
    return list(Credential.objects.filter(manifest_id__in=names))


_SHARED = f"""
SELECT pg_advisory_xact_lock_shared(%s),
    EXISTS (SELECT FROM {TrustSnapshot._meta.db_table} WHERE sha256 = %s)
"""  # noqa: S608


def _among_others(trust: TrustList) -> str:
    """Until the transaction ends nothing is forgotten: what comes later finds this report.

    Keeps the trust list that the check rests on, and returns its SHA-256.
    """
    sha256 = trust_sha256(trust.text)
    with connection.cursor() as cursor:
        cursor.execute(_SHARED, [_LOCK, sha256])
        ((_, is_kept),) = cursor.fetchall()
    if not is_kept:
        TrustSnapshot.objects.get_or_create(sha256=sha256, defaults={"text": trust.text})
    return sha256


def _alone() -> None:
    """Until the transaction ends no report is written: who waits for it sees what was erased."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])


def storable(value: Any) -> Any:
    """The same without what a database cannot hold as text: NUL, and halves of surrogate pairs."""
    written = json.dumps(value)  # in ASCII: both show, and looking through it is quick
    if "\\u0000" not in written and "\\ud" not in written:
        return value
    return _mended(value)


def _mended(value: Any) -> Any:
    if isinstance(value, str):
        text = value.replace("\0", "\N{REPLACEMENT CHARACTER}")
        return text.encode("utf-8", "replace").decode()
    if isinstance(value, Mapping):
        return {key: _mended(inner) for key, inner in value.items()}
    return [_mended(inner) for inner in value] if isinstance(value, list) else value


def program() -> str:
    """Name and version of this program, as a finding notes it."""
    return f"Sora Archive {settings.VERSION}"


def _make(verdict: Verdict, trust: TrustList, upload: Path | None) -> Made:
    now, key = timezone.now(), secrets.token_urlsafe(_KEY_BYTES)
    report = Report(
        id=secrets.token_urlsafe(_ID_BYTES), delete_key_sha256=_hashed(key), sha256=verdict.sha256,
        size=verdict.size, created_at=now, opened_at=now,
    )  # fmt: skip
    if upload is not None:
        kept.keep(report.pk, upload)
    with transaction.atomic():
        finding = _finding(report, 1, verdict, _among_others(trust))
        if upload is not None:
            report.kept = not any(row.sealed for row in _issued(finding.document))
        report.save(force_insert=True)
        finding.save(force_insert=True)
    if upload is not None and not report.kept:
        kept.drop(report.pk)
    return Made(report, finding, key)


def _add(report: Report, verdict: Verdict, trust_id: str) -> Finding:
    last = Finding.objects.filter(report=report).aggregate(Max("number"))["number__max"]
    finding = _finding(report, last + 1, verdict, trust_id)
    finding.save(force_insert=True)
    return finding


def _finding(report: Report, number: int, verdict: Verdict, trust_id: str) -> Finding:
    document: dict[str, Any] = storable(verdict.in_full())
    for row in _issued(document):  # the check may have begun before an erasure
        _withhold(document, row.erased)
    return Finding(
        report=report, number=number, at=timezone.now(), program=program(),
        validator=verdict.validator, trust_id=trust_id, document=document,
    )  # fmt: skip


@lru_cache(maxsize=8)
def trust_sha256(text: str) -> str:
    """SHA-256 of a trust.json, by which reports name it."""
    return _hashed(text)


def _hashed(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
