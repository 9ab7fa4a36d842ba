"""What the wall can be narrowed by, with how many clips each narrowing leaves.

Of the whole wall the counters know; of a choice the newest COUNTED clips are counted, so that the
cost stays the same however many there are.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection
from django.utils.translation import gettext_lazy as _

from .choice import LENGTHS, LICENCES, Choice

COUNTED = 1000
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
_OF_CHOICE = """
    WITH counted AS MATERIALIZED (
      SELECT artist, model, length, licence, collections,
             to_char(published_at AT TIME ZONE 'UTC', 'YYYY') AS year
      FROM ({chosen}) AS chosen)
    SELECT CASE WHEN artist IS NOT NULL THEN 'artist' WHEN model IS NOT NULL THEN 'model'
                WHEN length IS NOT NULL THEN 'length' WHEN licence IS NOT NULL THEN 'licence'
                WHEN year IS NOT NULL THEN 'year' ELSE 'all' END,
           coalesce(artist, model, length, licence, year), count(*)
    FROM counted GROUP BY GROUPING SETS ((artist), (model), (length), (licence), (year), ())
    UNION ALL
    SELECT 'collection', title, count(*) FROM counted, unnest(collections) AS title GROUP BY title
    ORDER BY 3 DESC, 2
"""
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
    counts = _counts_of(choice) if choice else _counts_of_all()
    at_least = any(facet == "all" and clips >= COUNTED for facet, _, clips in counts)
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


def _counts_of(choice: Choice) -> Sequence[tuple[str, str, int]]:
    newest = choice.hangings().order_by("-published_at", "-clip_id")
    chosen, values = (
        newest.values("artist", "model", "length", "licence", "collections", "published_at")[
            :COUNTED
        ]
        .query.get_compiler("default")
        .as_sql()
    )
    with connection.cursor() as cursor:
        cursor.execute(_OF_CHOICE.format(chosen=chosen), values)
        return list(cursor.fetchall())


def days() -> Sequence[tuple[str, int]]:
    """Every day on which clips were published, as 2026-11-23, with how many hang of it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT value, clips FROM gallery_tally WHERE facet = 'day' ORDER BY value DESC"
        )
        return list(cursor.fetchall())
