"""A stored verdict in the visitor's language: the check's own sentences, never what a file says.

Reports keep the core's English. Each sentence is looked up as it stands, one with values in it is
taken apart first; what no catalogue knows, such as the words of an older version, stays English.
"""

from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import Any

from django.utils.translation import get_language, gettext

from provenance.core import manifests, wording
from provenance.core.phrases import Phrase
from provenance.core.verdicts import LEDGER, WHAT_FOLLOWS, WHO_SIGNED

_ACTIONS = (manifests.ACTIONS, "c2pa.actions")
# Values that are the check's own words, by the label beside which they can stand.
_OWN_VALUES: Mapping[str, tuple[str, ...]] = {
    LEDGER: tuple(wording.SUPERSEDED.values()),
    manifests.PROMPT: (wording.HIDDEN, wording.WITHHELD),
    manifests.ARTIST: (wording.WITHHELD,),
    **dict.fromkeys(_ACTIONS, (wording.GENERATED,)),
}
_OWN_CLAUSES = (wording.BY_LEDGER, wording.BY_LEDGER_OR_LOG)
_REMEMBERED, _LETTERS = 2_048, 512
"""So many sentences, and none that is longer: a file can bring sentences of any length."""


def in_language(document: Mapping[str, Any]) -> dict[str, Any]:
    """The document of a finding as its page shows it, in the language that is active.

    Beside what is stored, each step tells whether its clause is in our words (`clause_is_ours`);
    the outcome of a step that asks no yes-or-no question is empty.
    """
    words, notes = _said(document["words"]), [_said(note) for note in document["notes"]]
    return {
        **document,
        "words": words,
        "notes": notes,
        "answers": [
            each | {part: _said(each[part]) for part in ("asked", "said", "text")}
            for each in document["answers"]
        ],
        "claims": [
            each | {"text": _said(each["text"]), "value": _value(each["label"], each["value"])}
            for each in document["claims"]
        ],
        "failures": [_failure(each) for each in document["failures"]],
        "steps": [_step(each, document["text"], [words, *notes]) for each in document["steps"]],
        "history": [
            each
            | {"failures": [_failure(failure) for failure in each["failures"]]}
            | {"signer_text": _said(each.get("signer_text", ""))}
            for each in document["history"]
        ],
    }


def _said(text: str) -> str:
    """One of the core's sentences, with values or without."""
    if len(text) > _LETTERS:
        return _looked_up(text)
    return _remembered(text, get_language())


@lru_cache(_REMEMBERED)
def _remembered(text: str, _language: str | None) -> str:
    """Checks say the same few dozen sentences over and over."""
    return _looked_up(text)


def _looked_up(text: str) -> str:
    return _phrase(wording.SPEAKS, text) or _known(text)


def _known(text: str) -> str:
    return gettext(text) if text else ""  # gettext answers nothing with the catalogue's own head


def _phrase(phrase: Phrase, text: str) -> str:
    """A sentence with values in it; empty where the text is not that sentence."""
    values = phrase.values_in(text)
    return "" if values is None else gettext(phrase.template) % values


def _step(step: Mapping[str, Any], conclusion: str, concluded: list[str]) -> dict[str, Any]:
    yes_or_no = step["number"] not in {WHO_SIGNED, WHAT_FOLLOWS}
    ours = step["clause"] in _OWN_CLAUSES
    told = " ".join(concluded) if step["text"] == conclusion else _said(step["text"])
    return {
        **step,
        "title": _said(step["title"]),
        "outcome": _known(step["outcome"]) if yes_or_no else "",
        "text": told,
        "clause": _known(step["clause"]) if ours else step["clause"],
        "clause_is_ours": ours,
    }


def _failure(failure: Mapping[str, Any]) -> dict[str, Any]:
    where = failure["where"]
    place = _phrase(wording.PART_OF_INGREDIENT, where) or _phrase(wording.IN_INGREDIENT, where)
    return {**failure, "text": _said(failure["text"]), "where": place or where}


def _value(label: str, value: str) -> str:
    """The value of a claim: translated where it is in the check's own words."""
    if label == manifests.TRAINING_MINING:
        uses = value.split(wording.BETWEEN_USES)
        return wording.BETWEEN_USES.join(_use(each) for each in uses)
    if label in _ACTIONS and (deed := wording.DEED.values_in(value)):
        words = _one_of(tuple(wording.DEEDS.values()), deed["deed"])
        return wording.DEED.said(deed=words, action=deed["action"])
    return _one_of(_OWN_VALUES.get(label, ()), value)


def _use(text: str) -> str:
    """One use and what is said of it, where both are among those that CAWG names."""
    values = wording.USE.values_in(text)
    if values is None:
        return text
    known = {name: _one_of(wording.USES, value) for name, value in values.items()}
    return gettext(wording.USE.template) % known


def _one_of(ours: Collection[str], text: str) -> str:
    return gettext(text) if text in ours else text
