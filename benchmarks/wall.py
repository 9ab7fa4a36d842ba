"""Whether the wall stays as quick when it grows: pages, facets and searches at two sizes.

A page of 24 reads more than one of 3, whatever the wall; so each line says how many are shown.
Where both show as many, the ratio is to be 3 at most.
"""

import math
import os
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from uuid import UUID

from django.core.management import call_command
from django.db import connection

from benchmarks.measure import Ratio
from sora_archive.gallery import almanac, wall
from sora_archive.gallery.choice import Choice
from sora_archive.gallery.facets import facets
from sora_archive.gallery.management.commands.seedclips import DATABASE

SMALL = 10_000


@dataclass(frozen=True)
class Cost:
    """Median seconds of a look, the buffers that its queries touch, and how much it shows."""

    seconds: float
    buffers: int
    shown: int


# The seeder hangs clip n three minutes before clip n - 1, the first at the new year of 2026.
_OLDEST_BUT_A_PAGE = 40
_BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


def the_wall(archive: object, pairs: int) -> Iterator[Ratio]:
    """Wall-clock medians and buffers of each way to look, at many clips against SMALL."""
    many = int(os.environ["BENCH_CLIPS"])
    _take_everything_down()
    found: list[dict[str, Cost]] = []
    for clips in (SMALL, many):
        call_command("seedclips", str(clips), verbosity=0)
        almanac._read.cache_clear()
        found.append({name: _cost(look, pairs * 11) for name, look in _looks(clips).items()})
    for name, cost in found[1].items():
        base = found[0][name]
        yield Ratio(f"{name} at {many:,} : {SMALL:,}", cost.seconds, base.seconds, "ms")
        print(
            f"    buffers {cost.buffers / base.buffers:8.2f} x   ({cost.buffers:,} against "
            f"{base.buffers:,}; shown {cost.shown} and {base.shown})"
        )


def _take_everything_down() -> None:
    """Empties the benchmark's own wall, so that the small one is small."""
    assert connection.settings_dict["NAME"] == DATABASE
    with connection.cursor() as cursor:
        cursor.execute(
            "TRUNCATE generation_clip, generation_generation, verify_credential, gallery_tally,"
            " gallery_word CASCADE"
        )


def _looks(clips: int) -> Mapping[str, Callable[[], Sequence[object]]]:
    """Ways to look. The word numbered k stands in about one clip of k; a bare one begins others."""
    oldest = _BEGIN.timestamp() - (clips - _OLDEST_BUT_A_PAGE) * 180
    last = wall.Place(datetime.fromtimestamp(oldest, UTC), UUID(int=0))
    rarer = round(math.sqrt(clips / SMALL))  # so much rarer words have as many finds in both walls
    searches = {
        "two words, many clips": "word1 word20",
        "two words, 1 clip of 200": '"word20" "word15"',
        "two words, 50 clips": f'"word{20 * rarer}" "word{15 * rarer}"',
        "two beginnings, 1 clip of 30": "word40 word30",
        "two beginnings, 1 clip of 2,000": "word9 word1900",
        "two words, 1 clip of 15,000": '"word9" "word1900"',
    }
    looks: dict[str, Callable[[], Sequence[object]]] = {
        "first page": lambda: wall.page(Choice()).works,
        "last page": lambda: wall.page(Choice(), last).works,
        "page of one artist": lambda: wall.page(Choice(artist="Seed 7")).works,
        "facets of all": lambda: facets(Choice()),
    }
    for name, q in searches.items():
        looks[name] = partial(_page_of, q)
        looks[f"facets, {name}"] = partial(facets, Choice(q=q))
    return looks


def _page_of(q: str) -> Sequence[object]:
    return wall.page(Choice(q=q)).works


def _cost(look: Callable[[], Sequence[object]], runs: int) -> Cost:
    shown = len(look())
    return Cost(statistics.median(_seconds(look) for _ in range(runs)), _buffers(look), shown)


def _seconds(look: Callable[[], object]) -> float:
    begun = time.perf_counter()
    look()
    return time.perf_counter() - begun


def _buffers(look: Callable[[], object]) -> int:
    touched = 0

    def explained(
        execute: Callable[..., object], query: str, values: object, *rest: object
    ) -> object:
        nonlocal touched
        with connection.cursor() as cursor:
            cursor.cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {query}", values)
            plan = cursor.fetchone()[0][0]["Plan"]
        touched += plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]
        return execute(query, values, *rest)

    with connection.execute_wrapper(explained):
        look()
    return touched
