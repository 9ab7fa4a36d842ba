"""The history that a credential tells: the files it was made from, what failed in each, and what
was taken out of which credential and why.

The standard calls a file sound although a file it was made from had been changed: it only records
that. So every ancestor is shown with failures of its own.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from .failures import words_for
from .lines import NAMED_LETTERS, Failure, dig, part_of, shown
from .wording import IN_INGREDIENT, PART_OF_INGREDIENT, Who

MOST_ANCESTORS = 64
DEEPEST = 16
MOST_FAILURES = 32  # of one ancestor, and as many that were written down
_UNTRUSTED = "signingCredential.untrusted"
_TRUSTED = "signingCredential.trusted"
_OF_MANIFEST = re.compile(r"/c2pa/([^/]+)")
_LIST = re.compile(r"found in \[([^\]]*)\]")


@dataclass(frozen=True)
class Ancestor:
    """A file that another was made from; `depth` 1 is a parent of the file in hand.

    `trusted` says whether a list vouches for its signer here and now, and `trust_uri` which one,
    empty where only a stranger tells. `who` and `signer_text` are the verdict's: whose list it is,
    None where that is not known.
    """

    depth: int
    title: str
    relation: str
    manifest_id: str
    made_with: str
    signed_by: str
    trust_uri: str
    failures: tuple[Failure, ...] = ()
    serial: str = ""
    trusted: bool = False
    who: Who | None = "unknown"
    signer_text: str = ""

    @property
    def broken(self) -> bool:
        """Whether its bytes, or a statement about it, were not those that were signed."""
        return any(each.about_bytes for each in self.failures)


@dataclass(frozen=True)
class Redaction:
    """A statement that was taken out: its label, from which manifest, by which, with what reason.

    `reason` is the standard's code, empty where none is given.
    """

    label: str
    taken_from: str
    taken_by: str
    reason: str


@dataclass
class Store:
    """The validator's two reports, by manifest, with what it found out about ancestors now."""

    manifests: Mapping[str, Any]
    plain: Mapping[str, Any]
    trusted: dict[str, str] = field(default_factory=dict)
    failed: dict[str, list[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, store: Mapping[str, Any], crjson: Mapping[str, Any]) -> "Store":
        """Raises KeyError, TypeError, AttributeError for reports of another shape."""
        found = cls(store["manifests"], {each["label"]: each for each in crjson["manifests"]})
        for delta in store["validation_results"].get("ingredientDeltas") or ():
            found._take(delta.get("validationDeltas") or {})
        return found

    def _take(self, delta: Mapping[str, Any]) -> None:
        for each in delta.get("success") or ():
            if each.get("code") == _TRUSTED:
                self.trusted[_manifest_in(each)] = list_in(each)
        for each in delta.get("failure") or ():
            self.failed.setdefault(_manifest_in(each), []).append(str(each.get("code")))


def ancestors(store: Store, active: str, vouching: str) -> tuple[Ancestor, ...]:
    """Every ancestor, each right before its own, at most 64 and 16 deep.

    `vouching` is the list that vouches for the signer of the active manifest, empty where none.
    """
    found: list[Ancestor] = []
    for ancestor in _walk(store, active, vouching, 1, frozenset({active})):
        found.append(ancestor)
        if len(found) == MOST_ANCESTORS:
            break
    return tuple(found)


def redactions(store: Store) -> tuple[Redaction, ...]:
    """What the manifests of a file say was taken out of others, at most 64."""
    found = [each for label, plain in store.plain.items() for each in _redacted(label, plain)]
    return tuple(found[:MOST_ANCESTORS])


def _walk(
    store: Store, label: str, vouching: str, depth: int, above: frozenset[str]
) -> Iterator[Ancestor]:
    """`vouching` is the list that vouches for the signer of `label`."""
    for ingredient in dig(store.manifests.get(label), ("ingredients",)) or ():
        ancestor = _ancestor(store, ingredient, vouching, depth)
        yield ancestor
        own = ancestor.manifest_id
        if own and own not in above and depth < DEEPEST:
            yield from _walk(store, own, ancestor.trust_uri, depth + 1, above | {own})


def _ancestor(store: Store, ingredient: Mapping[str, Any], vouching: str, depth: int) -> Ancestor:
    title = shown(ingredient.get("title"), NAMED_LETTERS)
    own = shown(ingredient.get("active_manifest"))
    plain = store.plain.get(own)
    trusted, uri = _trusted(store, ingredient, own, vouching)
    return Ancestor(
        depth=depth,
        title=title,
        relation=shown(ingredient.get("relationship")),
        manifest_id=own,
        made_with=software(dig(plain, ("claim.v2", "claim_generator_info"))),
        signed_by=shown(dig(plain, ("signature", "certificateInfo", "subject", "CN"))),
        trust_uri=uri,
        failures=tuple(_failures(store, ingredient, own, title)),
        serial=shown(dig(store.manifests.get(own), ("signature_info", "cert_serial_number"))),
        trusted=trusted,
    )


def _trusted(
    store: Store, ingredient: Mapping[str, Any], own: str, vouching: str
) -> tuple[bool, str]:
    """Whether a list vouches for an ancestor's signer here and now, and which one.

    The validator tells only what differs from what was written down when the file was used. So
    what was written down counts where nothing contradicts it; which list it was counts only from a
    writer for whom the same list vouches.
    """
    if own in store.trusted:
        return True, store.trusted[own]
    recorded = dig(ingredient, ("validation_results", "activeManifest")) or {}
    failed = {str(each.get("code")) for each in recorded.get("failure") or ()}
    if _UNTRUSTED in failed | set(store.failed.get(own, ())):
        return False, ""
    for each in recorded.get("success") or ():
        if each.get("code") == _TRUSTED and _manifest_in(each) == own:
            uri = list_in(each)
            return True, uri if uri == vouching else ""
    return False, ""


def _failures(
    store: Store, ingredient: Mapping[str, Any], own: str, title: str
) -> Iterator[Failure]:
    """What failed when it was used, and what fails now; who is believed is asked anew."""
    recorded = dig(ingredient, ("validation_results", "activeManifest", "failure")) or ()
    for each in islice(recorded, MOST_FAILURES):
        code = shown(str(each["code"]), NAMED_LETTERS)
        if not (code == _UNTRUSTED and own in store.trusted):
            place = PART_OF_INGREDIENT.said(title=title, part=part_of(each.get("url")))
            yield Failure(code, words_for(code), place, in_ingredient=True)
    for code in store.failed.get(own, ())[:MOST_FAILURES]:
        place = IN_INGREDIENT.said(title=title)
        yield Failure(code, words_for(code), place, in_ingredient=True)


def _redacted(label: str, plain: Mapping[str, Any]) -> Iterator[Redaction]:
    for address in dig(plain, ("claim.v2", "redacted_assertions")) or ():
        if isinstance(address, str):
            yield Redaction(
                label=address.rsplit("/", 1)[-1],
                taken_from=_manifest_in({"url": address}),
                taken_by=label,
                reason=_reason(plain, address),
            )


def _reason(plain: Mapping[str, Any], address: str) -> str:
    actions: Sequence[Any] = dig(plain, ("assertions", "c2pa.actions.v2", "actions")) or ()
    for action in actions:
        if dig(action, ("parameters", "redacted")) == address:
            return shown(dig(action, ("reason",)))
    return ""


def software(info: Any) -> str:
    """Name and version of the software that made a claim."""
    first = info[0] if isinstance(info, list) and info else info
    return f"{shown(dig(first, ('name',)))} {shown(dig(first, ('version',)))}".strip()


def list_in(each: Mapping[str, Any]) -> str:
    """The list that the validator found a signer on, as its words tell; empty where they do not."""
    found = _LIST.search(str(each.get("explanation")))
    return found.group(1) if found else ""


def _manifest_in(each: Mapping[str, Any]) -> str:
    found = _OF_MANIFEST.search(str(each.get("url") or ""))
    return found.group(1) if found else ""
