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

from generation.models import Clip, Visibility
from provenance.log import outbox

from .errors import BadPlace

WORKS_A_PAGE = 24
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


def page(after: Place | None = None) -> Page:
    """The works older than `after`, or the newest ones; two queries however many there are."""
    found = list(_published(after)[: WORKS_A_PAGE + 1])
    clips, more = found[:WORKS_A_PAGE], len(found) > WORKS_A_PAGE
    entries = outbox.indexes_of([clip.credential.generated_ticket for clip in clips])
    works = [
        Work(
            clip,
            str(clip.generation.artist),
            entries.get(clip.credential.generated_ticket),
        )
        for clip in clips
    ]
    return Page(works, _place(clips[-1]) if more else None)


def _published(after: Place | None) -> QuerySet[Clip]:
    clips = (
        Clip.objects.filter(visibility=Visibility.PUBLISHED)
        .select_related("generation__artist", "credential")
        .only(
            *("id", "title", "model_title", "width", "height", "frames", "fps", "published_at"),
            "credential__generated_ticket",
            "generation__artist__pseudonym",
        )
        .order_by("-published_at", "-id")
    )
    if after is None:
        return clips
    # The first condition alone bounds the index scan; the second settles equal times.
    return clips.filter(
        Q(published_at__lte=after.published_at),
        Q(published_at__lt=after.published_at) | Q(id__lt=after.id),
    )


def _place(clip: Clip) -> Place:
    if clip.published_at is None:
        raise BadPlace("A clip that was never published hangs nowhere.")
    return Place(clip.published_at, clip.id)
