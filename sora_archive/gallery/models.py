"""What hangs on the wall, written for looking things up: one row a published clip, and counters;
and the collections that curators make of clips.

Nothing in Python writes the wall. Triggers in the database (migrations/0006_rehang.py) do,
in the transaction that publishes, withdraws or renames, so that no draft and no withdrawn clip can
be found, counted or guessed at, whoever changed it.
"""

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex, GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from generation.models import Clip

TITLE_LETTERS = 120


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
    licence = models.CharField(max_length=20)
    collections = ArrayField(models.CharField(max_length=TITLE_LETTERS), default=list)
    words = SearchVectorField(
        help_text="of title, public prompt, description and pseudonym, as they are written"
    )

    # What the label says, so that a page of the wall reads one table and nothing else.
    title = models.CharField(max_length=200)
    width = models.PositiveSmallIntegerField()
    height = models.PositiveSmallIntegerField()
    frames = models.PositiveSmallIntegerField()
    fps = models.PositiveSmallIntegerField()
    ticket = models.UUIDField(help_text="the log's ticket of `generated`")

    class Meta:
        ordering: ClassVar[list[str]] = ["-published_at", "-clip_id"]
        indexes = (
            _newest(name="hanging_newest"),
            _newest("artist", name="hanging_of_artist"),
            _newest("model", name="hanging_of_model"),
            _newest("length", name="hanging_of_length"),
            _newest("model", "length", name="hanging_of_model_length"),
            _newest("licence", name="hanging_of_licence"),
            GinIndex(fields=["collections"], name="hanging_of_collection", fastupdate=False),
            # Without its pending list: a search would have to read through that unsorted.
            GinIndex(fields=["words"], name="hanging_words", fastupdate=False),
            # What that one finds is cut to a stretch of time by this one (reaching.py). A few
            # clips that were hung anew, out of their order, do not widen a block's span.
            BrinIndex(
                fields=["published_at"],
                name="hanging_when",
                opclasses=["timestamptz_minmax_multi_ops"],
                autosummarize=True,
            ),
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


class Collection(models.Model):
    """Clips that a curator chose and put in order, with words on why they hang together."""

    slug = models.SlugField(max_length=60, unique=True, help_text="stays, whatever the title")
    title = models.CharField(max_length=TITLE_LETTERS, unique=True)
    introduction = models.TextField(blank=True)
    curator = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    shown = models.BooleanField(default=False, help_text="to the public")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-created_at", "-id"]
        constraints = (models.CheckConstraint(condition=~Q(title=""), name="collection_has_title"),)

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("gallery:collection", args=[self.slug])


class Piece(models.Model):
    """A clip in a collection: where it stands, and what the curator says of it."""

    collection = models.ForeignKey(Collection, on_delete=models.CASCADE, related_name="pieces")
    clip = models.ForeignKey(Clip, on_delete=models.CASCADE, related_name="+")
    position = models.PositiveIntegerField()
    note = models.TextField(blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["position"]
        constraints = (
            models.UniqueConstraint("collection", "clip", name="piece_once"),
            models.UniqueConstraint(
                fields=("collection", "position"),
                name="piece_place_of_its_own",
                deferrable=models.Deferrable.DEFERRED,
            ),
        )

    def __str__(self) -> str:
        return f"{self.position}: {self.clip_id}"
