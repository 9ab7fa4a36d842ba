"""What a report shows, on its page and as JSON: the newest finding, those before, whom it believed.

Pages are drawn from what was stored, so that a report says for ever what was said at its time.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.urls import reverse

from provenance.core import states
from provenance.core.verdicts import LEDGER

from . import keyevents, ledger, reports, speaking
from .models import Finding, Report, TrustSnapshot

_PROMISED = (
    "verdict", "bit_identical", "integrity", "signer", "log", "claims", "failures", "validator",
)  # fmt: skip
_TIME = "%Y-%m-%dT%H:%M:%SZ"


@dataclass(frozen=True)
class BelievedList:
    """A list of anchors that a check believed: which kind, its name, SHA-256 of its PEM text."""

    list: str
    name: str
    trust_uri: str
    sha256: str
    certificates: int


@dataclass(frozen=True)
class Believed:
    """The trust.json that a check rested on."""

    sha256: str
    date: str
    lists: Sequence[BelievedList]
    revoked: int


@dataclass(frozen=True)
class LoggedAs:
    """An entry of the log that speaks for the file."""

    type: str
    index: int
    at: datetime


@dataclass(frozen=True)
class Certificate:
    """What the signature was made with: validity and time-stamp as times, where they are times.

    `stamp_counts` tells whether a list that is believed vouches for who stamped.
    """

    serial: str
    issuer: str
    begins: datetime | None
    ends: datetime | None
    stamped: datetime | None
    stamp_counts: bool


@dataclass(frozen=True)
class Told:
    """One finding as the page shows it; `verdict` is the stored document."""

    number: int
    at: datetime
    program: str
    validator: str
    believed: Believed
    verdict: Mapping[str, Any]
    entries: Sequence[LoggedAs]
    witnessed_at: datetime | None = None
    certificate: Certificate | None = None


def told(finding: Finding) -> Told:
    """A finding with what it believed."""
    log = finding.document["log"] or {}
    return Told(
        number=finding.number,
        at=finding.at,
        program=finding.program,
        validator=finding.validator,
        believed=believed(finding.trust_id),
        verdict=speaking.in_language(finding.document),
        entries=[
            LoggedAs(each["type"], each["index"], _instant(each["at"]))
            for each in log.get("entries", ())
        ],
        witnessed_at=_instant(log["witnessed_at"]) if log.get("witnessed_at") else None,
        certificate=_certificate(finding.document["signer"] or {}),
    )


def _certificate(signer: Mapping[str, str]) -> Certificate | None:
    if not signer.get("serial"):
        return None
    names = (signer.get("issuer_common_name"), signer.get("issuer_organization"))
    return Certificate(
        serial=signer["serial"],
        issuer=", ".join(name for name in names if name),
        begins=states.instant(signer.get("not_before", "")),
        ends=states.instant(signer.get("not_after", "")),
        stamped=states.instant(signer.get("time_stamp", "")),
        stamp_counts=bool(signer.get("time_stamp_list")),
    )


def page(report: Report) -> dict[str, Any]:
    """What the page of a report is drawn from."""
    rows = list(report.findings.select_related("trust"))
    findings = [told(each) for each in rows]
    return {
        "report": report,
        "trust_entry": keyevents.entry_of_trust_list(rows[0].trust.text),
        "address": address(report),
        "path": urlsplit(address(report)).path,
        "newest": findings[0],
        "earlier": findings[1:],
        "verdict": findings[0].verdict,
        "outdated": reports.outdated_here(report),
        "original_at": _original_at(findings[0].verdict),
        "bundle_brings_file": _brings_file(findings[0].verdict),
    }


def fresh(report: Report, finding: Finding) -> dict[str, Any]:
    """The same of a report that was made this moment: it has one finding, and nothing is old."""
    newest = told(finding)
    return {
        "report": report,
        "trust_entry": None,
        "address": address(report),
        "path": urlsplit(address(report)).path,
        "newest": newest,
        "earlier": (),
        "verdict": newest.verdict,
        "outdated": False,
        "original_at": _original_at(newest.verdict),
        "bundle_brings_file": _brings_file(newest.verdict),
    }


def as_json(report: Report) -> dict[str, Any]:
    """A report for programs: the newest verdict with its keys, and the report around it."""
    rows = list(report.findings.select_related("trust"))
    newest = rows[0]
    entry = keyevents.entry_of_trust_list(newest.trust.text)
    return {
        **{key: newest.document[key] for key in _PROMISED},  # a database keeps no order of keys
        **newest.document,
        "checked_at": _stamp(newest.at),
        "program": newest.program,
        "trust": asdict(believed(newest.trust_id)) | {"entry": entry},
        "report": {
            "id": report.pk,
            "page": address(report),
            "json": f"{address(report).rstrip('/')}.json",
            "bundle": f"{address(report)}bundle.zip",
            "created_at": _stamp(report.created_at),
            "file_kept": report.kept,
            "checks": [_check(each) for each in rows],
        },
    }


def _check(finding: Finding) -> dict[str, Any]:
    document = finding.document
    return {
        "number": finding.number,
        "checked_at": _stamp(finding.at),
        "program": finding.program,
        "validator": finding.validator,
        "trust_sha256": finding.trust_id,
        "verdict": document["verdict"],
        "state": document["state"],
        "text": document["text"],
    }


def address(report: Report) -> str:
    """The permalink, whole."""
    return f"{settings.SITE_URL}{reverse('verify:report', args=[report.pk])}"


def delete_address(report: Report, key: str) -> str:
    """The link by which its maker can remove it, whole."""
    return f"{settings.SITE_URL}{reverse('verify:delete', args=[report.pk, key])}"


@lru_cache(maxsize=32)
def believed(sha256: str) -> Believed:
    """What a trust.json of that hash says whom to believe; such a text never changes."""
    text = TrustSnapshot.objects.values_list("text", flat=True).get(pk=sha256)
    document = json.loads(text)
    return Believed(
        sha256=sha256,
        date=document["date"],
        lists=tuple(
            BelievedList(
                list=each["list"],
                name=each["name"],
                trust_uri=each["trust_uri"],
                sha256=hashlib.sha256(each["pem"].encode()).hexdigest(),
                certificates=each["pem"].count("-----BEGIN CERTIFICATE-----"),
            )
            for each in document["anchors"]
        ),
        revoked=len(document["revocations"]),
    )


def _original_at(verdict: Mapping[str, Any]) -> datetime | None:
    original = verdict["original"]
    return _instant(original["at"]) if original and original["at"] else None


def _brings_file(verdict: Mapping[str, Any]) -> bool:
    """Whether the evidence has the file itself: everybody may have it, and none took its place."""
    replaced = any(claim["label"] == LEDGER for claim in verdict["claims"])
    public = bool(verdict["bit_identical"]) and verdict["original"]["standing"] == ledger.PUBLISHED
    return public and not replaced


def _instant(text: str) -> datetime:
    return datetime.strptime(text, _TIME).replace(tzinfo=UTC)


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).strftime(_TIME)
