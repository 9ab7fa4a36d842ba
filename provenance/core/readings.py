"""The validator's raw report to a Reading: who signed, what is claimed by whom, what failed.

A reading states what the file says and what the validator found; it does not judge. The subject of
the certificate is shown but never decides anything: whoever signs chooses it.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import islice
from typing import Any, Literal

from . import manifests, wording
from .ancestry import Ancestor, Redaction, Store, ancestors, list_in, redactions, software
from .credentials import RawReport
from .errors import DamagedCredential, Unreadable
from .failures import words_for
from .lines import Claim, Failure, part_of
from .lines import dig as _dig
from .lines import shown as _text
from .phrases import N_
from .proofs import Receipt
from .records import Hidden, Opening
from .redactions import LABELS

__all__ = ["Claim", "Evidence", "Failure", "Reading", "State", "reading"]

State = Literal["trusted", "valid", "invalid"]
_STATES: Mapping[str, State] = {"Trusted": "trusted", "Valid": "valid", "Invalid": "invalid"}
# A report is kept: what a stranger's credential can put into it has an end.
_MOST_LINES = 200
_MOST_LETTERS = 40_000
_STAMP_LIST = ", trust list: "


@dataclass(frozen=True)
class Evidence:
    """What a credential of this archive brings along from the log, as text, unchecked."""

    origin: str
    receipts: tuple[Receipt, ...]
    openings: tuple[Opening, ...]
    file_salt: str
    hidden: tuple[Hidden, ...] = ()


@dataclass(frozen=True)
class Reading:
    """A credential as read. `signature_holds` and `trust_uri` together say whose it is.

    `stamp_uri` is the list that vouches for who stamped it, empty where there is no stamp or none
    that holds: whether that list may vouch for stamps, the reader of this decides.
    """

    state: State
    trust_uri: str
    signature_holds: bool
    signer: Mapping[str, str]
    manifest_id: str
    claims: tuple[Claim, ...]
    failures: tuple[Failure, ...]
    evidence: Evidence | None
    validator: str
    stamp_uri: str = ""
    history: tuple[Ancestor, ...] = ()
    redactions: tuple[Redaction, ...] = ()
    redacted: tuple[str, ...] = ()

    @property
    def stamped_at(self) -> datetime | None:
        """The time that its stamp names (aware), whoever gave it; None without one."""
        try:
            return datetime.fromisoformat(self.signer.get("time_stamp", ""))
        except ValueError:
            return None

    def as_json(self) -> dict[str, Any]:
        """Plain values, as a pipe or a file can carry them; `from_json` is the way back."""
        plain = asdict(self)
        if self.evidence is not None:
            for opening in plain["evidence"]["openings"]:
                opening["salt"] = opening["salt"].hex()
        return plain

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> "Reading":
        """The reading that `as_json` gave; raises Unreadable for anything else."""
        try:
            evidence = plain["evidence"]
            return cls(
                **{
                    **plain,
                    "claims": tuple(Claim(**claim) for claim in plain["claims"]),
                    "failures": tuple(Failure(**failure) for failure in plain["failures"]),
                    "history": tuple(_ancestor_from_json(each) for each in plain["history"]),
                    "redacted": tuple(plain["redacted"]),
                    "redactions": tuple(Redaction(**each) for each in plain["redactions"]),
                    "evidence": None if evidence is None else _evidence_from_json(evidence),
                }
            )
        except (KeyError, TypeError, ValueError) as error:
            raise Unreadable("this is not a reading") from error


def reading(raw: RawReport) -> Reading:
    """Put the validator's report into our words; raises DamagedCredential where it has not its
    shape."""
    try:
        active = str(raw.store["active_manifest"])
        manifest = next(each for each in raw.crjson["manifests"] if each["label"] == active)
        results = raw.store["validation_results"]
        passed = {each["code"] for each in results["activeManifest"]["success"]}
        assertions = manifest.get("assertions", {})
        store = Store.of(raw.store, raw.crjson)
        trust_uri = _trust_uri(results)
        history = ancestors(store, active, trust_uri)
        claim = manifest.get("claim.v2") or manifest.get("claim") or {}
        return Reading(
            state=_STATES[raw.store["validation_state"]],
            trust_uri=trust_uri,
            signature_holds="claimSignature.validated" in passed,
            signer=_signer(raw.store["manifests"][active], manifest),
            manifest_id=active,
            claims=tuple(_bounded(_claims(claim, assertions))),
            failures=tuple(islice(_failures(results, history), _MOST_LINES)),
            evidence=_evidence(assertions),
            validator=raw.validator,
            stamp_uri=_stamp_uri(results) if "timeStamp.validated" in passed else "",
            history=history,
            redactions=redactions(store),
            redacted=_redacted(raw.crjson["manifests"], assertions),
        )
    except (KeyError, TypeError, ValueError, AttributeError, StopIteration) as error:
        raise DamagedCredential("the validator's report has not the expected shape") from error


def _trust_uri(results: Mapping[str, Any]) -> str:
    """The list that vouched for the signer of the active manifest.

    The library's own `trustListUri` is that of the last signature it looked at: an ingredient's, or
    a time-stamp's. Whoever works with a clip of this archive would pass for the archive by it.
    """
    for each in results["activeManifest"]["success"]:
        if each["code"] == "signingCredential.trusted":
            return list_in(each)
    return ""


def _stamp_uri(results: Mapping[str, Any]) -> str:
    """The list that vouched for the time-stamp authority.

    The library takes any list for one of authorities. The name before the address is the
    authority's own choice, so only what follows the last mark counts.
    """
    for each in results["activeManifest"]["success"]:
        if each["code"] == "timeStamp.trusted":
            return str(each.get("explanation")).rpartition(_STAMP_LIST)[2]
    return ""


def _redacted(
    manifests_inside: Iterable[Mapping[str, Any]], assertions: Mapping[str, Any]
) -> tuple[str, ...]:
    """Which of our disclosures the claims say were taken out, and the file does not make itself."""
    gone = {
        str(uri).rsplit("/", 1)[-1].partition("__")[0]
        for manifest in manifests_inside
        for uri in (manifest.get("claim.v2") or {}).get("redacted_assertions") or ()
    }
    return tuple(field for field, label in LABELS.items() if label in gone - assertions.keys())


def _signer(stored: Mapping[str, Any], manifest: Mapping[str, Any]) -> dict[str, str]:
    info = stored.get("signature_info") or {}
    certificate = (manifest.get("signature") or {}).get("certificateInfo") or {}
    subject, issuer = certificate.get("subject") or {}, certificate.get("issuer") or {}
    validity = certificate.get("validity") or {}
    found = {
        "common_name": subject.get("CN"),
        "organization": subject.get("O"),
        "issuer_common_name": issuer.get("CN"),
        "issuer_organization": issuer.get("O"),
        "serial": info.get("cert_serial_number"),
        "algorithm": info.get("alg"),
        "not_before": validity.get("notBefore"),
        "not_after": validity.get("notAfter"),
        "time_stamp": info.get("time"),
    }
    return {name: _text(value) for name, value in found.items()}


def _failures(results: Mapping[str, Any], history: tuple[Ancestor, ...]) -> Iterator[Failure]:
    """Failures of the credential itself, then those of every ancestor, each with its place."""
    for each in results["activeManifest"].get("failure") or ():
        code = str(each["code"])
        yield Failure(code, words_for(code), part_of(each.get("url")))
    for ancestor in history:
        yield from ancestor.failures


def _bounded(claims: Iterator[Claim]) -> Iterator[Claim]:
    left = _MOST_LETTERS
    for claim in islice(claims, _MOST_LINES):
        value = claim.value if len(claim.value) <= left else claim.value[:left] + "…"
        left = max(0, left - len(value))
        yield Claim(_text(claim.label), claim.text, value, claim.asserted_by)


def _claims(claim: Mapping[str, Any], assertions: Mapping[str, Any]) -> Iterator[Claim]:
    """What is said, in a fixed order, each line with who stands for it."""
    yield Claim("claim", N_("Title"), _text(claim.get("dc:title")), "signer")
    yield Claim("claim", N_("Made with"), software(claim.get("claim_generator_info")), "signer")
    yield from _action_claims(assertions)
    for label, path, words, asserted_by in _LINES:
        value = _dig(assertions.get(label), path)
        if label == manifests.TRAINING_MINING and value:
            value = _uses(value)
        if path[-1] == "libraries" and isinstance(value, Mapping):
            value = ", ".join(f"{name} {_text(version)}" for name, version in value.items())
        if value not in (None, ""):
            yield Claim(label, words, _text(value), asserted_by)
    if _dig(assertions.get(manifests.PROMPT), ("hidden",)) is True:
        yield Claim(manifests.PROMPT, N_("Prompt"), wording.HIDDEN, manifests.BY_ARTIST)
    for label in assertions:
        if label not in _EXPLAINED and not label.startswith(_ELSEWHERE):
            yield Claim(label, N_("Further statement, not explained here"), label, "signer")


def _action_claims(assertions: Mapping[str, Any]) -> Iterator[Claim]:
    for label in (manifests.ACTIONS, "c2pa.actions"):
        for action in _dig(assertions.get(label), ("actions",)) or ():
            yield Claim(
                label, N_("What was done"), wording.deed(_text(action.get("action"))), "signer"
            )
            if action.get("action") == "c2pa.redacted" and action.get("description"):
                yield Claim(label, N_("Redacted"), _text(action["description"]), "signer")
            source = _text(action.get("digitalSourceType"))
            if source == manifests.FULLY_GENERATED:
                yield Claim(label, N_("Source"), wording.GENERATED, "signer")
            elif source:
                yield Claim(label, N_("Source"), source, "signer")
            if action.get("when"):
                yield Claim(label, N_("When"), _text(action["when"]), "signer")


_Path = tuple[str, ...]


def _parameter(name: str) -> _Path:
    return ("parameters", "value", name)


_LINES: tuple[tuple[str, _Path, str, str], ...] = (
    (manifests.PROMPT, ("value", "prompt"), N_("Prompt"), manifests.BY_ARTIST),
    (manifests.PROMPT, ("value", "negative_prompt"), N_("Negative prompt"), manifests.BY_ARTIST),
    (manifests.ARTIST, ("value", "name"), N_("Artist"), manifests.BY_ARCHIVE),
    (manifests.GENERATION, ("model", "title"), N_("Model"), manifests.BY_ARCHIVE),
    (manifests.GENERATION, ("model", "note"), N_("About the model"), manifests.BY_ARCHIVE),
    (manifests.GENERATION, ("model", "id"), N_("Model name"), manifests.BY_ARCHIVE),
    (manifests.GENERATION, ("model", "revision"), N_("Model revision"), manifests.BY_ARCHIVE),
    (manifests.GENERATION, ("model", "weights_sha256"), N_("SHA-256 of the weights"),
     manifests.BY_ARCHIVE),
    (manifests.GENERATION, ("model", "licence"), N_("Licence of the model"), manifests.BY_ARCHIVE),
    (manifests.GENERATION, ("model", "pipeline"), N_("Pipeline"), manifests.BY_ARCHIVE),
    (manifests.GENERATION, _parameter("seed"), N_("Seed"), manifests.BY_ARTIST),
    (manifests.GENERATION, _parameter("steps"), N_("Steps"), manifests.BY_ARTIST),
    (manifests.GENERATION, _parameter("guidance"), N_("Guidance"), manifests.BY_ARTIST),
    (manifests.GENERATION, _parameter("width"), N_("Width asked for"), manifests.BY_ARTIST),
    (manifests.GENERATION, _parameter("height"), N_("Height asked for"), manifests.BY_ARTIST),
    (manifests.GENERATION, _parameter("fps"), N_("Frames per second"), manifests.BY_ARTIST),
    (manifests.GENERATION, _parameter("frames"), N_("Frames"), manifests.BY_ARTIST),
    (manifests.GENERATION, ("engine", "name"), N_("Engine"), manifests.BY_ARCHIVE),
    (manifests.GENERATION, ("engine", "scheduler"), N_("Scheduler"), manifests.BY_ARCHIVE),
    (manifests.GENERATION, ("engine", "libraries"), N_("Libraries"), manifests.BY_ARCHIVE),
    (manifests.AI_DISCLOSURE, ("modelName",), N_("Disclosed AI model"), "signer"),
    (manifests.METADATA, ("xmpRights:UsageTerms",), N_("Terms of use"), "signer"),
    (manifests.TRAINING_MINING, ("entries",), N_("Use for training and mining"), "signer"),
    (manifests.RECEIPT, ("origin",), N_("Public log"), manifests.BY_ARCHIVE),
)  # fmt: skip
# What the check itself answers for, and what the history tells.
_ELSEWHERE = ("c2pa.hash.", "c2pa.thumbnail.", "c2pa.ingredient")
_EXPLAINED = {line[0] for line in _LINES} | {manifests.ACTIONS, "c2pa.actions"}


def _evidence(assertions: Mapping[str, Any]) -> Evidence | None:
    """The log's receipts and the openings beside them; None where this is no clip of an archive.

    A stranger can put anything under our labels: what has not the shape is left out here, and the
    verdict then misses it.
    """
    holder = assertions.get(manifests.RECEIPT)
    if not isinstance(holder, Mapping):
        return None
    places = {
        "prompt": assertions.get(manifests.PROMPT),
        "artist": assertions.get(manifests.ARTIST),
        "parameters": _dig(assertions.get(manifests.GENERATION), ("parameters",)),
        "media": holder.get("media"),
    }
    openings = (_opening(field, disclosed) for field, disclosed in places.items())
    receipts = holder.get("receipts")
    return Evidence(
        origin=_text(holder.get("origin")),
        receipts=tuple(
            Receipt(entry=each["entry"], proof=each["proof"])
            for each in (receipts if isinstance(receipts, list) else ())
            if isinstance(_dig(each, ("entry",)), str) and isinstance(_dig(each, ("proof",)), str)
        ),
        openings=tuple(opening for opening in openings if opening),
        file_salt=_text(holder.get("file_salt")),
        hidden=tuple(
            Hidden(field, disclosed["commitment"])
            for field, disclosed in places.items()
            if _is_hidden(disclosed)
        ),
    )


def _is_hidden(disclosed: Any) -> bool:
    """Whether a value was kept back, so that its commitment alone stands in its place."""
    return (
        _dig(disclosed, ("hidden",)) is True
        and _dig(disclosed, ("value",)) is None
        and isinstance(_dig(disclosed, ("commitment",)), str)
    )


def _opening(field: str, disclosed: Any) -> Opening | None:
    salt = _dig(disclosed, ("salt",))
    value = _dig(disclosed, ("value",))
    if not isinstance(salt, str) or value is None:
        return None
    try:
        return Opening(field, bytes.fromhex(salt), value)
    except ValueError:
        return None


def _evidence_from_json(plain: Mapping[str, Any]) -> Evidence:
    return Evidence(
        origin=plain["origin"],
        receipts=tuple(Receipt(**receipt) for receipt in plain["receipts"]),
        openings=tuple(
            Opening(each["field"], bytes.fromhex(each["salt"]), each["value"])
            for each in plain["openings"]
        ),
        file_salt=plain["file_salt"],
        hidden=tuple(Hidden(**each) for each in plain["hidden"]),
    )


def _ancestor_from_json(plain: Mapping[str, Any]) -> Ancestor:
    return Ancestor(**{**plain, "failures": tuple(Failure(**each) for each in plain["failures"])})


def _uses(entries: Any) -> str:
    """The uses that the training-and-mining statement speaks of, each with what is said of it."""
    if not isinstance(entries, Mapping):
        return _text(entries)
    shown = (
        wording.USE.said(
            use=str(use).removeprefix("cawg.").replace("_", " "),
            said=_text(_dig(entry, ("use",))).replace("notAllowed", "not allowed"),
        )
        for use, entry in entries.items()
    )
    return wording.BETWEEN_USES.join(shown)
