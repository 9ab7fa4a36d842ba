"""What a clip is a remix of, and what was made from it: two walks over the rows, one query each.

Clips that were published once are shown; of one that was taken away only that it was.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from django.db import connection

from generation.models import Clip

MOST_STEPS = 50
MOST_REMIXES = 60

_ABOVE = """
WITH RECURSIVE line(id, depth) AS (
  SELECT g.parent_id, 1 FROM generation_generation g WHERE g.id = %(generation)s
  UNION ALL
  SELECT g.parent_id, line.depth + 1 FROM line JOIN generation_clip c ON c.id = line.id
  JOIN generation_generation g ON g.id = c.generation_id WHERE line.depth < %(steps)s
) SELECT id, NULL::uuid FROM line WHERE id IS NOT NULL ORDER BY depth DESC
"""
_BELOW = """
WITH RECURSIVE line(id, parent, depth, at) AS (
  SELECT c.id, g.parent_id, 1, c.published_at FROM generation_generation g
  JOIN generation_clip c ON c.generation_id = g.id
  WHERE g.parent_id = %(clip)s AND c.published_at IS NOT NULL
  UNION ALL
  SELECT c.id, g.parent_id, line.depth + 1, c.published_at FROM line
  JOIN generation_generation g ON g.parent_id = line.id
  JOIN generation_clip c ON c.generation_id = g.id
  WHERE c.published_at IS NOT NULL AND line.depth < %(steps)s
) SELECT id, parent FROM line ORDER BY depth, at, id LIMIT %(remixes)s
"""


@dataclass
class Kin:
    """A clip in the tree; `here` marks the one whose page it is."""

    clip: Clip
    here: bool = False
    children: list["Kin"] = field(default_factory=list)

    @property
    def artist(self) -> str:
        """The pseudonym, or that there is none any more."""
        return self.clip.generation.shown_artist


@dataclass(frozen=True)
class Lineage:
    """The ancestors, oldest first, and the tree from the oldest down; both hold the clip itself."""

    steps: Sequence[Kin]
    tree: Kin
    remixes: int

    @property
    def told(self) -> bool:
        """Whether there is anything to tell."""
        return len(self.steps) > 1 or self.remixes > 0


def lineage(clip: Clip) -> Lineage:
    """Where a clip comes from and what came of it; three queries however many there are."""
    above = _rows(_ABOVE, {"generation": clip.generation_id, "steps": MOST_STEPS})
    below = _rows(_BELOW, {"clip": clip.pk, "steps": MOST_STEPS, "remixes": MOST_REMIXES})
    clips = Clip.objects.select_related("generation__artist").in_bulk(
        [pk for pk, _ in (*above, *below)]
    )
    here = Kin(clip, here=True)
    steps = [*(Kin(clips[pk]) for pk, _ in above), here]
    for older, younger in pairwise(steps):
        older.children.append(younger)
    known = {clip.pk: here}
    for pk, parent in below:
        known[pk] = Kin(clips[pk])
        known[parent].children.append(known[pk])
    return Lineage(steps, steps[0], len(below))


def _rows(query: str, values: dict[str, uuid.UUID | int]) -> list[tuple[uuid.UUID, uuid.UUID]]:
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return list(cursor.fetchall())
