"""Whether the wall stays as quick when it grows: pages, a facet and a search at two sizes."""

import os
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from uuid import UUID

from django.core.management import call_command
from django.db import connection

from benchmarks.measure import Ratio
from sora_archive.gallery import wall
from sora_archive.gallery.choice import Choice
from sora_archive.gallery.facets import facets
from sora_archive.gallery.management.commands.seedclips import DATABASE

SMALL = 10_000
# The seeder hangs clip n three minutes before clip n - 1, the first at the new year of 2026.
_OLDEST_BUT_A_PAGE = 40
_BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


def the_wall(archive: object, pairs: int) -> Iterator[Ratio]:
    """Wall-clock medians and buffers of each way to look, at many clips against SMALL."""
    many = int(os.environ["BENCH_CLIPS"])
    _take_everything_down()
    found: list[dict[str, tuple[float, int]]] = []
    for clips in (SMALL, many):
        call_command("seedclips", str(clips), verbosity=0)
        found.append({name: _cost(look, pairs * 11) for name, look in _looks(clips).items()})
    for name, (seconds, buffers) in found[1].items():
        base, base_buffers = found[0][name]
        yield Ratio(f"{name} at {many:,} clips : at {SMALL:,}", seconds, base, "ms")
        print(
            f"    buffers {buffers / base_buffers:8.2f} x   ({buffers:,} against {base_buffers:,})"
        )


def _take_everything_down() -> None:
    """Empties the benchmark's own wall, so that the small one is small."""
    assert connection.settings_dict["NAME"] == DATABASE
    with connection.cursor() as cursor:
        cursor.execute(
            "TRUNCATE generation_clip, generation_generation, verify_credential, gallery_tally,"
            " gallery_word CASCADE"
        )


def _looks(clips: int) -> Mapping[str, Callable[[], object]]:
    oldest = _BEGIN.timestamp() - (clips - _OLDEST_BUT_A_PAGE) * 180
    last = wall.Place(datetime.fromtimestamp(oldest, UTC), UUID(int=0))
    search = Choice(q="word1 word20")
    return {
        "first page": lambda: wall.page(Choice()),
        "last page": lambda: wall.page(Choice(), last),
        "page of one artist": lambda: wall.page(Choice(artist="Seed 7")),
        "two-word search": lambda: wall.page(search),
        "search of rare words": lambda: wall.page(Choice(q="word9 word1900")),
        "facets of all": lambda: facets(Choice()),
        "facets of a search": lambda: facets(search),
    }


def _cost(look: Callable[[], object], runs: int) -> tuple[float, int]:
    """Median seconds of a look, and the buffers that its queries touch."""
    look()
    return statistics.median(_seconds(look) for _ in range(runs)), _buffers(look)


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
