"""The history that a credential tells: the files it was made from, what failed in each, and what
was taken out of which credential and why.

The standard calls a file sound although a file it was made from had been changed: it only records
that. So every ancestor is shown with failures of its own.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .failures import words_for
from .lines import Failure, dig, shown

MOST_ANCESTORS = 64
DEEPEST = 16
_UNTRUSTED = "signingCredential.untrusted"
_TRUSTED = "signingCredential.trusted"
_OF_MANIFEST = re.compile(r"/c2pa/([^/]+)")
_LIST = re.compile(r"found in \[([^\]]*)\]")


@dataclass(frozen=True)
class Ancestor:
    """A file that another was made from; `depth` 1 is a parent of the file in hand.

    `trust_uri` names the list that vouches for its signer here and now, where one does.
    """

    depth: int
    title: str
    relation: str
    manifest_id: str
    made_with: str
    signed_by: str
    trust_uri: str
    failures: tuple[Failure, ...] = ()


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
                vouching = _LIST.search(str(each.get("explanation")))
                self.trusted[_manifest_in(each)] = vouching.group(1) if vouching else ""
        for each in delta.get("failure") or ():
            self.failed.setdefault(_manifest_in(each), []).append(str(each.get("code")))


def ancestors(store: Store, active: str) -> tuple[Ancestor, ...]:
    """Every ancestor, each right before its own, at most 64 and 16 deep."""
    found: list[Ancestor] = []
    for ancestor in _walk(store, active, 1, frozenset({active})):
        found.append(ancestor)
        if len(found) == MOST_ANCESTORS:
            break
    return tuple(found)


def redactions(store: Store) -> tuple[Redaction, ...]:
    """What the manifests of a file say was taken out of others, at most 64."""
    found = [each for label, plain in store.plain.items() for each in _redacted(label, plain)]
    return tuple(found[:MOST_ANCESTORS])


def _walk(store: Store, label: str, depth: int, above: frozenset[str]) -> Iterator[Ancestor]:
    for ingredient in dig(store.manifests.get(label), ("ingredients",)) or ():
        own = shown(ingredient.get("active_manifest"))
        yield _ancestor(store, ingredient, own, depth)
        if own and own not in above and depth < DEEPEST:
            yield from _walk(store, own, depth + 1, above | {own})


def _ancestor(store: Store, ingredient: Mapping[str, Any], own: str, depth: int) -> Ancestor:
    title = shown(ingredient.get("title"))
    plain = store.plain.get(own)
    return Ancestor(
        depth=depth,
        title=title,
        relation=shown(ingredient.get("relationship")),
        manifest_id=own,
        made_with=software(dig(plain, ("claim.v2", "claim_generator_info"))),
        signed_by=shown(dig(plain, ("signature", "certificateInfo", "subject", "CN"))),
        trust_uri=store.trusted.get(own, ""),
        failures=tuple(_failures(store, ingredient, own, f"in the ingredient “{title}”: ")),
    )


def _failures(
    store: Store, ingredient: Mapping[str, Any], own: str, place: str
) -> Iterator[Failure]:
    """What failed when it was used, and what fails now; who is believed is asked anew."""
    recorded = dig(ingredient, ("validation_results", "activeManifest", "failure")) or ()
    for each in recorded:
        code = str(each["code"])
        if not (code == _UNTRUSTED and own in store.trusted):
            where = str(each.get("url") or "").rsplit("/", 1)[-1]
            yield Failure(code, words_for(code), place + where, in_ingredient=True)
    for code in store.failed.get(own, ()):
        yield Failure(code, words_for(code), place.rstrip(": "), in_ingredient=True)


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


def _manifest_in(each: Mapping[str, Any]) -> str:
    found = _OF_MANIFEST.search(str(each.get("url") or ""))
    return found.group(1) if found else ""
