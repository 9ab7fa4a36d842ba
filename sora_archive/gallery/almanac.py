"""What PostgreSQL's statistics know of the wall: how common a word is, and how far back a number of
clips reaches.

Both only say where to look first: a stale or empty almanac costs time and never a find.
"""

import time
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from django.db import connection

KEPT_SECONDS = 600
_READ = """
    SELECT (SELECT reltuples FROM pg_class WHERE oid = 'gallery_hanging'::regclass),
           (SELECT histogram_bounds::text::timestamptz[] FROM pg_stats
            WHERE schemaname = current_schema AND tablename = 'gallery_hanging'
              AND attname = 'published_at'),
           words.most_common_elems::text::text[], words.most_common_elem_freqs
    FROM (VALUES (1)) AS once LEFT JOIN pg_stats AS words
      ON words.schemaname = current_schema AND words.tablename = 'gallery_hanging'
     AND words.attname = 'words'
"""


@dataclass(frozen=True)
class Almanac:
    """`times` cut the clips into parts of the same size, oldest first; `shares` are of all clips,
    by word, and hold the common words alone."""

    clips: int
    times: Sequence[datetime]
    shares: Mapping[str, float]

    def __bool__(self) -> bool:
        return len(self.times) > 1 and bool(self.shares)

    def share(self, word: str, beginning: bool) -> float:
        """About which share of the clips has the word, or words that begin with it."""
        word = word.lower()
        if beginning:
            begun = sum(share for each, share in self.shares.items() if each.startswith(word))
            known = 2 * begun  # the many longer words that are rare each are not among the shares
        else:
            known = self.shares.get(word, 0.0)
        return min(known or min(self.shares.values()) / 2, 1.0)

    def newer(self, than: datetime) -> int:
        """About how many clips are newer."""
        place = bisect_left(self.times, than)
        if place == 0:
            return self.clips
        if place == len(self.times):
            return 0
        begin, end = self.times[place - 1], self.times[place]
        within = (than - begin) / (end - begin) if end > begin else 1.0
        return round((len(self.times) - place - within) * self._part)

    def since(self, clips: int) -> datetime | None:
        """When about so many clips were still to come; None where there are no more than those."""
        back = clips / self._part
        place = len(self.times) - 1 - int(back)
        if place < 1:
            return None
        begin, end = self.times[place - 1], self.times[place]
        return end - (end - begin) * (back - int(back))

    @property
    def _part(self) -> float:
        return self.clips / (len(self.times) - 1)


def current() -> Almanac:
    """The almanac, read anew every ten minutes; one query then, else none."""
    return _read(int(time.monotonic() // KEPT_SECONDS))


@lru_cache(maxsize=1)
def _read(_spell: int) -> Almanac:
    with connection.cursor() as cursor:
        cursor.execute(_READ)
        clips, times, words, shares = cursor.fetchone()
    # After the words' own shares stand three more: the least, the greatest and that of NULL.
    return Almanac(
        max(int(clips), 0), times or (), dict(zip(words or (), shares or (), strict=False))
    )
