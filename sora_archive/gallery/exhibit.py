"""One clip and its entries in the log, while it hangs and after."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from generation.models import Act, By, Clip
from provenance.log import outbox
from provenance.log.receipts import Standing, standing

Listed = Sequence[tuple[str, int | None]]


@dataclass(frozen=True)
class Happening:
    """Something that was done to a clip and its entry in the log; no act: it was published."""

    words: str
    at: datetime | None
    act: Act | None
    entry: int | None


@dataclass(frozen=True)
class Entries:
    """Numbers of the clip's entries in the log; None where the log has not taken one in yet.

    `acts` are those of what was done to it afterwards, with words for each; `of_keepers` is what
    curators and the operator did, with who it was and why.
    """

    attempt: int | None
    rendered: int
    generated: int | None
    publication: int | None
    acts: Listed = ()
    of_keepers: Sequence[Happening] = ()

    @property
    def receipt(self) -> Standing | None:
        """What stands behind the entry over the finished file; None while it is being written."""
        return None if self.generated is None else standing(self.generated)

    @property
    def listed(self) -> Listed:
        """The entries in the order in which they were written, each with what it records."""
        return (
            (_("The attempt"), self.attempt),
            (_("The rendering"), self.rendered),
            (_("The finished clip"), self.generated),
            (_("The publication"), self.publication),
            *self.acts,
        )


@dataclass(frozen=True)
class Tombstone:
    """What is left of a clip: what happened to it, from its publication on."""

    happenings: Sequence[Happening]


def entries_of(clip: Clip) -> Entries:
    """Where the clip stands in the log; two queries."""
    acts = list(clip.generation.acts.select_related("person"))
    found = _found(clip, acts)
    publication = clip.publication_ticket
    return Entries(
        attempt=found.get(clip.generation.attempt_ticket),
        rendered=clip.credential.rendered_index,
        generated=found.get(clip.credential.generated_ticket),
        publication=found.get(publication) if publication else None,
        acts=_of_acts(acts, found),
        of_keepers=[_happening(act, found) for act in acts if act.by != By.ARTIST],
    )


def tombstone_of(clip: Clip) -> Tombstone:
    """What the page of a withdrawn or erased clip tells."""
    acts = list(clip.generation.acts.select_related("person"))
    found = _found(clip, acts)
    published = found.get(clip.publication_ticket) if clip.publication_ticket else None
    first = Happening(_("Published"), clip.published_at, None, published)
    return Tombstone([first, *(_happening(act, found) for act in acts)])


def _happening(act: Act, found: Mapping[uuid.UUID, int]) -> Happening:
    words = {
        Act.Kind.WITHDRAWAL: _("Withdrawn"),
        Act.Kind.RESTORATION: _("Restored"),
        Act.Kind.PROMPT_ERASED: _("Prompt erased"),
        Act.Kind.NAME_ERASED: _("Name erased"),
        Act.Kind.CLIP_ERASED: _("Clip erased"),
    }
    entry = found.get(act.ticket) if act.ticket else None
    return Happening(words[Act.Kind(act.kind)], act.at, act, entry)


def _found(clip: Clip, acts: Sequence[Act]) -> Mapping[uuid.UUID, int]:
    tickets = [
        clip.generation.attempt_ticket,
        clip.credential.generated_ticket,
        clip.publication_ticket,
        *(act.ticket for act in acts),
    ]
    return outbox.indexes_of([ticket for ticket in tickets if ticket])


def _of_acts(acts: Sequence[Act], found: Mapping[uuid.UUID, int]) -> Listed:
    words = {
        Act.Kind.WITHDRAWAL: _("The withdrawal"),
        Act.Kind.RESTORATION: _("The restoration"),
        Act.Kind.PROMPT_ERASED: _("The erasure of the prompt"),
        Act.Kind.NAME_ERASED: _("The erasure of the name"),
        Act.Kind.CLIP_ERASED: _("The erasure of the clip"),
    }
    return [(words[Act.Kind(act.kind)], found.get(act.ticket)) for act in acts if act.ticket]
