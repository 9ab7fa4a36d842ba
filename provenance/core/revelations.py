"""A hidden value that was revealed later: does it open the commitment that the credential holds?

The commitment inside the credential is held against the log as every other one; here a value that
came another way (from the archive, or as a file) is held against the commitment.
"""

from collections.abc import Iterator, Mapping, Sequence

from .failures import words_for
from .lines import Claim, Failure, shown
from .manifests import BY_ARTIST, PROMPT
from .phrases import N_
from .readings import Reading
from .records import EntryRefused, Opening

UNOPENED = "archive.reveal.mismatch"
_LINES = (
    ("prompt", N_("Prompt, hidden at first and revealed")),
    ("negative_prompt", N_("Negative prompt, hidden at first and revealed")),
)


def claims(found: Reading, revealed: Sequence[Opening]) -> Iterator[Claim]:
    """What the values say that open a commitment of the credential."""
    for opening in revealed:
        if opening.field != "prompt" or not _opens(found, opening):
            continue
        for key, words in _LINES:
            value = opening.value.get(key) if isinstance(opening.value, Mapping) else None
            if value:
                yield Claim(PROMPT, words, shown(value), BY_ARTIST)


def failures(found: Reading, revealed: Sequence[Opening]) -> tuple[Failure, ...]:
    """One for each value that opens no commitment of the credential."""
    return tuple(
        Failure(UNOPENED, words_for(UNOPENED), opening.field)
        for opening in revealed
        if not _opens(found, opening)
    )


def _opens(found: Reading, opening: Opening) -> bool:
    if found.evidence is None:
        return False
    held = [(each.field, each.commitment) for each in found.evidence.hidden]
    try:
        held += [(each.field, each.commitment) for each in found.evidence.openings]
        return (opening.field, opening.commitment) in held
    except EntryRefused:  # a changed credential can hold what has no canonical form
        return False
