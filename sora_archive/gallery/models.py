"""What hangs on the wall, written for looking things up: one row a published clip, and counters.

Nothing in Python writes these tables. Triggers in the database (migrations/0002_hang.py) do, in
the transaction that publishes, withdraws or renames, so that no draft and no withdrawn clip can
be found, counted or guessed at, whoever changed it.
"""

from typing import ClassVar

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import F, Q

from generation.models import Clip


def _newest(*facets: str, name: str) -> models.Index:
    """An index of one facet's clips, newest first: a page of any depth reads only its own rows."""
    return models.Index(*facets, F("published_at").desc(), F("clip").desc(), name=name)


class Hanging(models.Model):
    """A published clip and what it can be found by."""

    clip = models.OneToOneField(Clip, on_delete=models.CASCADE, primary_key=True, related_name="+")
    published_at = models.DateTimeField()
    artist = models.CharField(max_length=80, help_text="the pseudonym")
    model = models.CharField(max_length=200, help_text="its title, as the clip's label names it")
    length = models.CharField(max_length=8, help_text="a class of choice.LENGTHS")
    words = SearchVectorField(help_text="of title, prompt and pseudonym, as they are written")

    class Meta:
        ordering: ClassVar[list[str]] = ["-published_at", "-clip_id"]
        indexes = (
            _newest(name="hanging_newest"),
            _newest("artist", name="hanging_of_artist"),
            _newest("model", name="hanging_of_model"),
            _newest("length", name="hanging_of_length"),
            _newest("model", "length", name="hanging_of_model_length"),
            # Without its pending list: a search would have to read through that unsorted.
            GinIndex(fields=["words"], name="hanging_words", fastupdate=False),
        )

    def __str__(self) -> str:
        return str(self.clip_id)


class Tally(models.Model):
    """How many clips hang for one value of a facet; counting them all would read them all."""

    pk = models.CompositePrimaryKey("facet", "value")
    facet = models.CharField(max_length=10)
    value = models.CharField(max_length=200)
    clips = models.PositiveIntegerField()

    class Meta:
        constraints = (models.CheckConstraint(condition=Q(clips__gte=0), name="tally_counts"),)
        indexes = (models.Index("facet", F("clips").desc(), "value", name="tally_largest"),)

    def __str__(self) -> str:
        return f"{self.facet} {self.value}: {self.clips}"


class Word(models.Model):
    """A word that some published clip can be found by: what a mistyped one is held against."""

    word = models.TextField(primary_key=True)
    clips = models.PositiveIntegerField()

    class Meta:
        indexes = (GinIndex(fields=["word"], name="word_trigrams", opclasses=["gin_trgm_ops"]),)

    def __str__(self) -> str:
        return self.word
