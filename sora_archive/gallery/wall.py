"""The wall: published clips, newest first, paged by the place of the last one seen.

A place is a pair of time and id, not a page number, so that the hundredth page costs what the first
does and a clip published meanwhile shifts nothing.
"""

import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, TypeVar

from django.db import connection
from django.db.models import Q, QuerySet
from django.utils import formats
from django.utils.translation import gettext

from generation.models import Clip
from provenance.log import outbox

from . import addresses, reaching
from .choice import Choice
from .errors import BadPlace
from .models import Hanging

WORKS_A_PAGE = 24
_Rows = Sequence[Sequence[Any]]  # of the columns of _LABEL
Row = TypeVar("Row")
_LABEL = (
    "clip_id", "published_at", "title", "artist", "model", "width", "height", "frames", "fps",
    "entry",
)  # fmt: skip
# What machines are told besides; the rest of the rows stays where it is.
_SHOWN = (
    *(f"clip__{name}" for name in ("title", "model_title", "width", "height", "frames", "fps")),
    *(f"clip__{name}" for name in ("untrained", "published_at", "description")),
    *(
        f"clip__generation__{name}"
        for name in (
            "prompt",
            "prompt_hidden",
            "prompt_revealed_at",
            "prompt_erased_at",
            "name_erased_at",
            "licence",
        )
    ),
    *(
        f"clip__credential__{name}"
        for name in ("generated_ticket", "sha256", "size", "manifest_id")
    ),
    "clip__generation__artist__pseudonym",
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
# Sixteen digits of microseconds reach the year 2286 and stay inside every database's range.
PLACE_PATTERN = "([0-9]{1,16})-([0-9a-f]{32})"
_PLACE = re.compile(PLACE_PATTERN, re.ASCII)


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
            raise BadPlace(gettext("This address names a place on the wall that does not exist."))
        return cls(_EPOCH + int(match[1]) * _MICROSECOND, uuid.UUID(match[2]))


@dataclass(frozen=True, slots=True)
class Work:
    """What the label of one clip says; `entry` is its number in the log once it has one."""

    id: uuid.UUID
    published_at: datetime
    title: str
    artist: str
    model: str
    width: int
    height: int
    frames: int
    fps: int
    entry: int | None

    @property
    def seconds(self) -> float:
        """Length of the clip."""
        return self.frames / self.fps

    @property
    def who(self) -> str:
        """The artist's pseudonym, or that there is none any more."""
        return self.artist or gettext("Unnamed artist")

    @property
    def medium(self) -> str:
        """What it is, by what, how long."""
        length = formats.number_format(round(self.seconds, 1), 1)
        return gettext("AI-generated with %(model)s, %(length)s seconds") % {
            "model": self.model,
            "length": length,
        }

    @property
    def number(self) -> str:
        """Where it stands in the log; empty while it is being written."""
        return "" if self.entry is None else gettext("Log no. %(entry)d") % {"entry": self.entry}

    @property
    def page(self) -> str:
        """Where the clip is shown with its evidence."""
        return addresses.local("gallery:clip", self.id)

    @property
    def poster(self) -> str:
        """The still picture; `poster_avif` and `poster_jpeg` are the same one."""
        return addresses.local("generation:poster", self.id)

    @property
    def poster_avif(self) -> str:
        return addresses.local("generation:poster_avif", self.id)

    @property
    def poster_jpeg(self) -> str:
        return addresses.local("generation:poster_jpeg", self.id)

    @property
    def preview(self) -> str:
        """The clip as a small silent animation."""
        return addresses.local("generation:preview", self.id)


@dataclass(frozen=True)
class Page:
    """At most `size` works, and the place after which older ones hang, if any do."""

    works: Sequence[Work]
    older: Place | None


@dataclass(frozen=True)
class Exhibit:
    """One clip as machines are told of it."""

    clip: Clip
    entry: int | None


@dataclass(frozen=True)
class Exhibits:
    """At most `size` clips, and the place after which older ones hang, if any do."""

    exhibits: Sequence[Exhibit]
    older: Place | None


def page(choice: Choice, after: Place | None = None, size: int = WORKS_A_PAGE) -> Page:
    """The chosen works older than `after`, or the newest; one query however many there are."""
    rows: _Rows
    if choice or after:
        rows = _newest_of(_hangings(choice, after).values_list(*_LABEL), choice, after, size + 1)
    else:
        rows = _newest(size + 1)
    works = [Work(*row) for row in rows[:size]]
    last = works[-1] if len(rows) > size else None
    return Page(works, Place(last.published_at, last.id) if last else None)


def works_of(hangings: QuerySet[Hanging]) -> Sequence[Work]:
    """The labels of some rows of the wall, in their order; one query."""
    return [Work(*row) for row in _numbered(hangings).values_list(*_LABEL)]


def _newest(size: int) -> _Rows:
    """The newest labels. The page that is asked for most has its statement compiled once."""
    with connection.cursor() as cursor:
        cursor.execute(_newest_sql(), [size])
        return list(cursor.fetchall())


@lru_cache
def _newest_sql() -> str:
    statement, _no_values = _hangings(Choice(), None).values_list(*_LABEL).query.sql_with_params()
    return f"{statement} LIMIT %s"


def exhibits(choice: Choice, after: Place | None = None, size: int = WORKS_A_PAGE) -> Exhibits:
    """The same for machines, which are told more of each clip; one query as well."""
    more = _hangings(choice, after).select_related("clip__generation__artist", "clip__credential")
    rows = _newest_of(more.only("published_at", *_SHOWN), choice, after, size + 1)
    shown = [Exhibit(row.clip, getattr(row, "entry")) for row in rows[:size]]  # noqa: B009 - annotated
    last = rows[size - 1] if len(rows) > size else None
    return Exhibits(shown, Place(last.published_at, last.clip_id) if last else None)


def _newest_of(
    hangings: QuerySet[Hanging, Row], choice: Choice, after: Place | None, size: int
) -> Sequence[Row]:
    before = after.published_at if after else None
    return reaching.newest(hangings, choice.q, size, before).rows


def _numbered(hangings: QuerySet[Hanging]) -> QuerySet[Hanging]:
    """With the number of each clip in the log, as `entry`."""
    return hangings.annotate(entry=outbox.place_of("ticket"))


def _hangings(choice: Choice, after: Place | None) -> QuerySet[Hanging]:
    hangings = _numbered(choice.hangings())
    if after is None:
        return hangings
    # The first condition alone bounds the index scan; the second settles equal times.
    return hangings.filter(
        Q(published_at__lte=after.published_at),
        Q(published_at__lt=after.published_at) | Q(clip_id__lt=after.id),
    )
