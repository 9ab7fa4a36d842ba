"""The manifest of a redacted file: everything its predecessor said, but for what was erased.

The predecessor becomes the parent; the erased assertions are taken out of it, and of every older
manifest that it carries, by C2PA redaction. Only an edit can do that: the library signs redactions
in an update manifest too, but leaves the statement in the file.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from . import manifests
from .clip_facts import Generator
from .errors import ManifestRefused
from .proofs import Receipt
from .records import SALT_BYTES

# What can be erased, and the assertion that alone discloses it.
LABELS: Mapping[str, str] = {"prompt": manifests.PROMPT, "artist": manifests.ARTIST}
PARENT = "predecessor"
# Made anew for each file by whoever signs it.
_OF_ITS_OWN_FILE = ("c2pa.actions", "c2pa.hash.", "c2pa.thumbnail.", "c2pa.ingredient")
# One of the reasons that the specification lists; a prompt need not be about a person.
_REASONS = {"artist": "c2pa.PII.present", "prompt": "org.sora-archive.erased"}


@dataclass(frozen=True)
class Redaction:
    """What was erased (a key of LABELS), by which role, and why, both as the log's short codes.

    `manifests` are the URNs of all credentials of the clip that it is about: the file's own, or
    those of a clip that it is a remix of.
    """

    field: str
    by: str
    reason: str
    manifests: frozenset[str]


@dataclass(frozen=True)
class SuccessorFacts:
    """What a redacted file states anew; `receipts` are of the log, `file_salt` has 32 bytes."""

    title: str
    at: datetime
    generator: Generator
    redactions: Sequence[Redaction]
    receipts: Sequence[Receipt]
    file_salt: bytes
    log_origin: str

    def __post_init__(self) -> None:
        if self.at.utcoffset() != timedelta(0):
            raise ManifestRefused("The time of the redaction must be given in UTC.")
        if not self.redactions or any(each.field not in LABELS for each in self.redactions):
            raise ManifestRefused(f"What can be redacted is {', '.join(LABELS)}.")
        if not self.title.strip() or not self.log_origin or not self.receipts:
            raise ManifestRefused("A clip needs a title, the log's origin and its receipts.")
        if len(self.file_salt) != SALT_BYTES:
            raise ManifestRefused("The salt of the file's commitment has 32 bytes.")


def successor_manifest(store: Mapping[str, Any], facts: SuccessorFacts) -> manifests.Manifest:
    """The manifest definition of a file's redacted successor; `store` is the validator's report
    of the predecessor. The builder adds the predecessor as the ingredient PARENT.

    Raises ManifestRefused where the predecessor brings no receipt from the log: it is none of ours.
    """
    places = [
        (redaction, uri) for redaction in facts.redactions for uri in disclosing(store, redaction)
    ]
    active = store["active_manifest"]
    gone = {LABELS[each.field] for each in facts.redactions if active in each.manifests}
    kept = {
        each["label"]: each
        for each in store["manifests"][active]["assertions"]
        if each["label"] not in gone and not each["label"].startswith(_OF_ITS_OWN_FILE)
    }
    if manifests.RECEIPT not in kept:
        raise ManifestRefused("The file carries no receipt of the log: it is no clip of ours.")
    kept[manifests.RECEIPT] = {
        "label": manifests.RECEIPT, "data": _receipt(kept[manifests.RECEIPT]["data"], facts)
    }  # fmt: skip
    actions = {"label": manifests.ACTIONS, "data": _actions(places, facts)}
    definition = {
        "claim_version": 2,
        "claim_generator_info": [manifests.generator_info(facts.generator)],
        "title": facts.title,
        "redactions": [uri for _, uri in places],
        "assertions": [{**each, "created": True} for each in (actions, *kept.values())],
    }
    return manifests.Manifest(definition)


def disclosing(store: Mapping[str, Any], redaction: Redaction) -> list[str]:
    """The JUMBF addresses of the assertions in a file that disclose what is to be taken out."""
    return [
        f"self#jumbf=/c2pa/{manifest_id}/c2pa.assertions/{each['label']}"
        for manifest_id, manifest in store["manifests"].items()
        if manifest_id in redaction.manifests
        for each in manifest.get("assertions") or ()
        if each["label"].partition("__")[0] == LABELS[redaction.field]
    ]


def _actions(places: Sequence[tuple[Redaction, str]], facts: SuccessorFacts) -> dict[str, Any]:
    """C2PA 2.4, Actions: what is edited is opened first; a redaction names its place and reason."""
    when = facts.at.strftime("%Y-%m-%dT%H:%M:%SZ")
    agent = {"name": facts.generator.name, "version": facts.generator.version}
    opened = {"action": "c2pa.opened", "parameters": {"ingredientIds": [PARENT]}}
    redacted = [
        {
            "action": "c2pa.redacted",
            "reason": _REASONS[redaction.field],
            "when": when,
            "softwareAgent": agent,
            "description": f"The {redaction.field} was erased by the {redaction.by}:"
            f" {redaction.reason}.",
            "parameters": {"redacted": uri},
        }
        for redaction, uri in places
    ]
    return {"actions": [opened, *redacted], "allActionsIncluded": True}


def _receipt(predecessor: Mapping[str, Any], facts: SuccessorFacts) -> dict[str, Any]:
    return {
        **predecessor,
        "origin": facts.log_origin,
        "receipts": [{"entry": each.entry, "proof": each.proof} for each in facts.receipts],
        "file_salt": facts.file_salt.hex(),
    }
