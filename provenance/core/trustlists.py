"""trust.json: whom a check believes, in one file that a stranger can keep.

Anchors by the list they stand on, keys of the log, and signing keys that were revoked. The site
checks by the same document as the offline command, so both answer alike.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Literal, get_args

from cryptography import x509

from .credentials import Anchor
from .errors import ProvenanceError
from .policies import NO_WITNESSES, Policy, PolicyRefused, parse_policy
from .verdicts import Revocation, Trust, Who

SCHEMA = 1
DOCUMENT_LIMIT = 8 * 1024 * 1024  # characters
ListKind = Literal["archive", "c2pa", "interim", "tsa"]
KINDS: tuple[str, ...] = get_args(ListKind)
_TIME = "%Y-%m-%dT%H:%M:%SZ"
_WHO: Mapping[str, Who] = {"c2pa": "c2pa", "interim": "interim"}


class TrustListRefused(ProvenanceError):
    """This is no trust.json that can be believed as a whole; the text says why."""


@dataclass(frozen=True)
class Listed:
    """Anchors and the list they stand on; only `archive` makes a signer ours."""

    kind: str
    anchor: Anchor


@dataclass(frozen=True)
class TrustList:
    """Whom a check believes, as of `date` (UTC, to the second)."""

    archive: str
    date: datetime
    listed: tuple[Listed, ...]
    log_vkey: str
    revocations: tuple[Revocation, ...] = ()
    policy: Policy = NO_WITNESSES

    @cached_property
    def anchors(self) -> tuple[Anchor, ...]:
        """All anchors, for the library; which list vouched is told apart by `trust_uri`."""
        return tuple(listed.anchor for listed in self.listed)

    @cached_property
    def trust(self) -> Trust:
        """The lists as a verdict asks them."""
        uris = {listed.anchor.trust_uri: listed.kind for listed in self.listed}
        return Trust(
            uris=frozenset(uri for uri, kind in uris.items() if kind == "archive"),
            log_vkey=self.log_vkey,
            others={uri: _WHO[kind] for uri, kind in uris.items() if kind in _WHO},
            revocations=self.revocations,
            policy=self.policy,
            stamps=frozenset(uri for uri, kind in uris.items() if kind == "tsa"),
        )

    @cached_property
    def text(self) -> str:
        """The document; the same list always gives the same text."""
        document = {
            "schema": SCHEMA,
            "archive": self.archive,
            "date": self.date.astimezone(UTC).strftime(_TIME),
            "anchors": [
                {
                    "list": listed.kind,
                    "name": listed.anchor.name,
                    "trust_uri": listed.anchor.trust_uri,
                    "pem": listed.anchor.pem,
                }
                for listed in self.listed
            ],
            "log": {"vkey": self.log_vkey},
            "witnesses": _witnesses(self.policy),
            "revocations": [
                {"serial": each.serial, "since": each.since.astimezone(UTC).strftime(_TIME)}
                for each in self.revocations
            ],
        }
        return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def parse_trust_list(text: str) -> TrustList:
    """Read a trust.json; raises TrustListRefused where any part of it is not understood."""
    if len(text) > DOCUMENT_LIMIT:
        raise TrustListRefused("The trust list is too long.")
    try:
        document = json.loads(text)
        if document["schema"] != SCHEMA:
            raise TrustListRefused(f"This program reads trust lists of schema {SCHEMA} only.")
        return TrustList(
            archive=str(document["archive"]),
            date=_time(document["date"]),
            listed=_distinct(tuple(_listed(each) for each in document["anchors"])),
            log_vkey=str(document["log"]["vkey"]),
            revocations=tuple(
                Revocation(str(each["serial"]), _time(each["since"]))
                for each in document["revocations"]
            ),
            policy=_policy(document["witnesses"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise TrustListRefused("This is no trust list, or a part of it is missing.") from error


def pem_anchor(name: str, trust_uri: str, pem: str, kind: str) -> Listed:
    """An anchor whose certificates were looked at; raises TrustListRefused."""
    if kind not in KINDS:
        raise TrustListRefused(f"A list is one of {', '.join(KINDS)}, not {kind!r}.")
    if not trust_uri:
        raise TrustListRefused("Every list of anchors has a trust_uri of its own.")
    try:
        x509.load_pem_x509_certificates(pem.encode())
    except ValueError as error:
        raise TrustListRefused(f"{name}: there are no certificates in PEM here.") from error
    return Listed(kind, Anchor(name, trust_uri, pem, "tsa" if kind == "tsa" else "manifest"))


def _listed(plain: Mapping[str, Any]) -> Listed:
    return pem_anchor(str(plain["name"]), str(plain["trust_uri"]), str(plain["pem"]), plain["list"])


def _witnesses(policy: Policy) -> dict[str, Any]:
    """How many witnesses are enough at the least, who they are, and the rule itself (C2SP
    tlog-policy) where there is one."""
    named = {
        "threshold": policy.fewest,
        "vkeys": [witness.cosigner.vkey for witness in policy.witnesses],
    }
    return named | ({"policy": policy.text} if policy.asks_witnesses else {})


def _policy(plain: Mapping[str, Any]) -> Policy:
    if plain["threshold"] == 0:
        return NO_WITNESSES
    try:
        policy = parse_policy(str(plain["policy"]))
    except PolicyRefused as error:
        raise TrustListRefused(f"The policy of the trust list: {error}") from error
    if _witnesses(policy) != plain:
        raise TrustListRefused("The policy of the trust list is not about the witnesses it names.")
    return policy


def _distinct(listed: tuple[Listed, ...]) -> tuple[Listed, ...]:
    """The `trust_uri` alone tells which list vouched: two lists must not share one."""
    if len({each.anchor.trust_uri for each in listed}) < len(listed):
        raise TrustListRefused("Two lists of anchors bear the same trust_uri.")
    return listed


def _time(text: str) -> datetime:
    return datetime.strptime(text, _TIME).replace(tzinfo=UTC)
