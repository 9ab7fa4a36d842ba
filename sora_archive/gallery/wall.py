"""The wall: published clips, newest first, paged by the place of the last one seen.

A place is a pair of time and id, not a page number, so that the hundredth page costs what the first
does and a clip published meanwhile shifts nothing.
"""

import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db.models import Q, QuerySet

from generation.models import Clip
from provenance.log import outbox

from .choice import Choice
from .errors import BadPlace
from .models import Hanging

WORKS_A_PAGE = 24
# What a label, a feed or the API says of a clip; the rest of the rows stays where it is.
_SHOWN = (
    *(f"clip__{name}" for name in ("title", "model_title", "width", "height", "frames", "fps")),
    *(f"clip__{name}" for name in ("untrained", "published_at")),
    *(f"clip__generation__{name}" for name in ("prompt", "prompt_hidden", "prompt_revealed_at")),
    *(f"clip__generation__{name}" for name in ("prompt_erased_at", "name_erased_at")),
    *(
        f"clip__credential__{name}"
        for name in ("generated_ticket", "sha256", "size", "manifest_id")
    ),
    "clip__generation__artist__pseudonym",
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
# Sixteen digits of microseconds reach the year 2286 and stay inside every database's range.
_PLACE = re.compile(r"([0-9]{1,16})-([0-9a-f]{32})", re.ASCII)


@dataclass(frozen=True)
class Place:
    """Where a clip hangs; `str()` is the form used in addresses."""

    published_at: datetime
    id: uuid.UUID

    def __str__(self) -> str:
        return f"{(self.published_at - _EPOCH) // _MICROSECOND}-{self.id.hex}"

    @classmethod
    def parse(cls, text: str) -> "Place":
        """The place that `str()` wrote; raises BadPlace for anything else."""
        match = _PLACE.fullmatch(text)
        if match is None:
            raise BadPlace("This address names a place on the wall that does not exist.")
        return cls(_EPOCH + int(match[1]) * _MICROSECOND, uuid.UUID(match[2]))


@dataclass(frozen=True)
class Work:
    """One clip on the wall: the artist's pseudonym, and its number in the log once it has one."""

    clip: Clip
    artist: str
    entry: int | None


@dataclass(frozen=True)
class Page:
    """At most WORKS_A_PAGE works, and the place after which older ones hang, if any do."""

    works: Sequence[Work]
    older: Place | None


def page(choice: Choice, after: Place | None = None, size: int = WORKS_A_PAGE) -> Page:
    """The chosen works older than `after`, or the newest ones; two queries however many there are.

    `size` is how many works at most.
    """
    found = list(_hanging(choice, after)[: size + 1])
    hangings, more = found[:size], len(found) > size
    tickets = [hanging.clip.credential.generated_ticket for hanging in hangings]
    entries = outbox.indexes_of(tickets) if tickets else {}
    works = [
        Work(hanging.clip, hanging.clip.generation.shown_artist, entries.get(ticket))
        for hanging, ticket in zip(hangings, tickets, strict=True)
    ]
    last = hangings[-1] if more else None
    return Page(works, Place(last.published_at, last.clip_id) if last else None)


def _hanging(choice: Choice, after: Place | None) -> QuerySet[Hanging]:
    hangings = (
        choice.hangings()
        .select_related("clip__generation__artist", "clip__credential")
        .only("published_at", *_SHOWN)
        .order_by("-published_at", "-clip_id")
    )
    if after is None:
        return hangings
    # The first condition alone bounds the index scan; the second settles equal times.
    return hangings.filter(
        Q(published_at__lte=after.published_at),
        Q(published_at__lt=after.published_at) | Q(clip_id__lt=after.id),
    )
