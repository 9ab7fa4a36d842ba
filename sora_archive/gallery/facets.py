"""What the wall can be narrowed by, with how many clips each narrowing leaves.

Of the whole wall the counters know. Of a choice at most the newest COUNTED clips are counted, and
of a search those among the newest THROUGH clips, or as far back as a page of it reaches, so that
the cost stays the same however many there are.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC

from django.db import connection
from django.utils.translation import gettext_lazy as _

from . import reaching
from .choice import LENGTHS, LICENCES, Choice
from .wall import WORKS_A_PAGE

COUNTED, THROUGH = 1000, 10_000
OFFERED = 12
TITLES = {
    "artist": _("Artist"),
    "model": _("Model"),
    "collection": _("Collection"),
    "length": _("Length"),
    "licence": _("Licence"),
    "year": _("Year"),
}
_OF_ALL = """
    SELECT f.facet, t.value, t.clips FROM unnest(%s::text[]) AS f(facet) CROSS JOIN LATERAL (
      SELECT value, clips FROM gallery_tally WHERE facet = f.facet
      ORDER BY clips DESC, value LIMIT %s
    ) AS t
"""
_EACH = ("artist", "model", "length", "licence")
_SAID = {"length": LENGTHS, "licence": LICENCES}


@dataclass(frozen=True)
class Option:
    """One narrowing: its words, how many clips it leaves, and the choice it leads to."""

    words: str
    clips: int
    leads_to: Choice
    chosen: bool


@dataclass(frozen=True)
class Facet:
    """One thing to narrow by; `at_least` says that the counts are of the newest clips only."""

    name: str
    title: str
    options: Sequence[Option]
    at_least: bool


def facets(choice: Choice) -> Sequence[Facet]:
    """Every facet that has values, the most frequent first; one query."""
    counts, at_least = _counts_of(choice) if choice else (_counts_of_all(), False)
    return [
        Facet(name, str(title), options, at_least)
        for name, title in TITLES.items()
        if (options := _options(choice, name, counts))
    ]


def _options(choice: Choice, name: str, counts: Sequence[tuple[str, str, int]]) -> Sequence[Option]:
    chosen = getattr(choice, name)
    offered = [(value, clips) for facet, value, clips in counts if facet == name and value][
        :OFFERED
    ]
    return [
        Option(
            str(_SAID[name].get(value, value)) if name in _SAID else value,
            clips,
            choice.but(name, "" if value == chosen else value),
            value == chosen,
        )
        for value, clips in offered
    ]


def _counts_of_all() -> Sequence[tuple[str, str, int]]:
    with connection.cursor() as cursor:
        cursor.execute(_OF_ALL, [list(TITLES), OFFERED])
        return list(cursor.fetchall())


def _counts_of(choice: Choice) -> tuple[Sequence[tuple[str, str, int]], bool]:
    """Facet, value and number, the greatest first; and whether there may be more of them."""
    columns = choice.hangings().values_list(*_EACH, "published_at", "collections")
    finds = reaching.newest(columns, choice.q, WORKS_A_PAGE, at_most=COUNTED, through=THROUGH)
    counts: Counter[tuple[str, str]] = Counter()
    for *each, published_at, collections in finds.rows:
        counts.update(zip(_EACH, each, strict=True))
        counts["year", f"{published_at.astimezone(UTC):%Y}"] += 1
        counts.update(("collection", title) for title in collections)
    ordered = sorted(counts.items(), key=lambda count: (-count[1], count[0]))
    return [(facet, value, clips) for (facet, value), clips in ordered], not finds.all


def days() -> Sequence[tuple[str, int]]:
    """Every day on which clips were published, as 2026-11-23, with how many hang of it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT value, clips FROM gallery_tally WHERE facet = 'day' ORDER BY value DESC"
        )
        return list(cursor.fetchall())
