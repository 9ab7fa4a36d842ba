"""The newest finds of a search, without gathering all that it finds.

What is found is ordered by time, and the index of words knows no time: left to itself PostgreSQL
gathers every find before it shows the newest, so that a search grows with the archive. Here it is
asked of one stretch of time after the other, newest first, each as long as the finds still wanted
should need by what is known of the words (`almanac`), and by what the stretches before have shown.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from django.contrib.postgres.search import SearchVectorExact
from django.db.models import BooleanField, F, Func, QuerySet

from . import almanac, searching
from .models import Hanging

_DENSE = 1 / 500  # the share of finds from which on the wall is walked from clip to clip
_LEAST = 1000  # clips that a stretch has at least
_SLACK = 1.5  # finds do not hang evenly, and a second look costs more than a longer one
_FARTHER = 16  # how much longer a stretch is that follows one without finds

Row = TypeVar("Row", covariant=True)


class _Held(Func):
    """A condition that no index answers: each clip is held against it."""

    template = "(%(expressions)s) IS TRUE"
    output_field = BooleanField()


@dataclass(frozen=True)
class Finds(Generic[Row]):
    """The newest finds, newest first; `all` where there are no others."""

    rows: Sequence[Row]
    all: bool


def newest(
    clips: QuerySet[Hanging, Row],
    q: str,
    wanted: int,
    before: datetime | None = None,
    at_most: int = 0,
    through: int = 0,
) -> Finds[Row]:
    """The finds of `q` among `clips`, which are ordered newest first.

    At least `wanted` of them if there are so many, and all that hang among the newest `through`
    clips of the wall, but no more than `at_most` or, where that is 0, `wanted`. `before` is the
    time at which `clips` begin, if not at the newest.
    """
    at_most = at_most or wanted
    if not q or not (known := almanac.current()):
        rows = list((clips.filter(words=searching.query(q)) if q else clips)[:at_most])
        return Finds(rows, len(rows) < at_most)
    share, quick = searching.share(q, known), searching.looked_up(q, known)
    if quick is None:
        share = max(share, wanted * _SLACK / _LEAST)  # a short walk first: it may be enough
    passed, until = known.newer(before) if before else 0, None
    found: list[Row] = []
    while True:
        clips_long = max(round((wanted - len(found)) / share * _SLACK), through - passed, _LEAST)
        since = known.since(passed + clips_long)
        stretch = _between(clips, since, until).filter(_held(q))
        if share < _DENSE:
            stretch = stretch.filter(words=quick or searching.rarest(q, known))
        got = list(stretch[: at_most - len(found)])
        found, passed, until = found + got, passed + clips_long, since
        if since is None or len(found) >= at_most:
            return Finds(found, len(found) < at_most)
        if len(found) >= wanted and passed >= through:
            return Finds(found, False)
        share = (len(got) or wanted * _SLACK / _FARTHER) / clips_long


def _between(
    clips: QuerySet[Hanging, Row], since: datetime | None, until: datetime | None
) -> QuerySet[Hanging, Row]:
    if since is not None:
        clips = clips.filter(published_at__gte=since)
    return clips if until is None else clips.filter(published_at__lt=until)


def _held(q: str) -> _Held:
    return _Held(SearchVectorExact(F("words"), searching.query(q)))
