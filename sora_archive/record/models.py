"""The tables of the record: sources, open questions, facts, and documents in their versions.

The slug is the primary key, since it stands in permalinks and in the reviewed data file. Nothing
is deleted: a line that should not stand is withdrawn with a reason, and its permalink says so.
"""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from . import moments
from .errors import NoMoment


def validate_zone(name: str) -> None:
    """For forms: refuses a time zone that does not exist."""
    try:
        moments.zone_named(name)
    except NoMoment as error:
        raise ValidationError(str(error)) from error


validate_sha256 = RegexValidator(r"\A[0-9a-f]{64}\Z", "A SHA-256 is 64 digits 0-9 and a-f.")


class Confidence(models.TextChoices):
    """How sure the record is of a line."""

    FIRM = "firm", _("firm: at least two sources")
    REPORTED = "reported", _("reported: one source, or copies of one")
    DISPUTED = "disputed", _("disputed: sources contradict each other")
    UNVERIFIED = "unverified", _("not verified")


class Reading(models.TextChoices):
    """What of a source was read when the line was written."""

    ORIGINAL = "original", _("read itself")
    COPY = "copy", _("read as a copy kept by somebody else")
    CITED = "cited", _("not read; known from those who cite it")
    NOTES = "notes", _("the archive's own notes; the page behind them was not noted")


class Row(models.Model):
    """What every line has: its name, and what it was when it was loaded from a file."""

    slug = models.SlugField(primary_key=True, max_length=60)
    loaded_digest = models.CharField(max_length=64, blank=True, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.slug


class Dated(Row):
    """A line that holds as of a moment, and may be withdrawn."""

    moment = models.DateTimeField(help_text="UTC; the beginning, where only the day is known")
    precision = models.CharField(
        max_length=6, choices=[(value.value, value.value) for value in moments.Precision]
    )
    zone = models.CharField(
        max_length=40, blank=True, validators=[validate_zone],
        help_text="such as America/New_York; empty where the source gives none",
    )  # fmt: skip
    roughly = models.BooleanField(default=False)
    confidence = models.CharField(max_length=10, choices=Confidence.choices)
    note = models.TextField(blank=True, help_text="every doubt there is")
    withdrawn_because = models.TextField(blank=True)

    class Meta(Row.Meta):
        abstract = True

    @property
    def as_of(self) -> moments.Moment:
        """The moment as precisely as it is known."""
        return moments.Moment(
            self.moment, moments.Precision(self.precision), self.zone, self.roughly
        )


class Source(Row):
    """Where something was read; a title in square brackets is ours, not the source's."""

    title = models.CharField(max_length=300)
    publisher = models.CharField(max_length=200)
    published = models.CharField(max_length=40, blank=True, help_text="as the source gives it")
    url = models.URLField(max_length=500, blank=True)
    reading = models.CharField(max_length=10, choices=Reading.choices)
    read_on = models.DateField()
    note = models.TextField(blank=True)
    copy_sha256 = models.CharField(max_length=64, blank=True, validators=[validate_sha256])

    class Meta(Row.Meta):
        ordering = ("publisher", "slug")
        constraints = (
            models.CheckConstraint(
                condition=Q(copy_sha256="") | Q(copy_sha256__regex="^[0-9a-f]{64}$"),
                name="source_copy_is_a_sha256",
            ),
        )

    def __str__(self) -> str:
        return f"{self.publisher}: {self.title}"


class Question(Row):
    """Something that several facts answer: contradicting each other, or each for its own time."""

    text = models.CharField(max_length=200)
    contested = models.BooleanField(help_text="off where the values only differ in time")
    note = models.TextField(blank=True)

    def __str__(self) -> str:
        return self.text


class Document(Row):
    """A text that somebody published, in one or more versions."""

    title = models.CharField(max_length=200)
    author = models.CharField(max_length=200, help_text="as the source names them")
    about = models.TextField()
    withdrawn_because = models.TextField(blank=True)

    class Meta(Row.Meta):
        ordering = ("title",)

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("record:document", args=[self.slug])


class Fact(Dated):
    """One dated line: what is claimed, the value, who says it, and how sure that is."""

    claim = models.TextField()
    value = models.CharField(max_length=200, blank=True)
    speaker = models.CharField(
        max_length=200, blank=True, help_text="whose position this is, as the source names them"
    )
    question = models.ForeignKey(Question, models.PROTECT, null=True, blank=True)
    document = models.ForeignKey(Document, models.PROTECT, null=True, blank=True)

    class Meta(Dated.Meta):
        ordering = ("moment", "slug")

    def __str__(self) -> str:
        return self.claim

    def get_absolute_url(self) -> str:
        return reverse("record:fact", args=[self.slug])


class Version(Dated):
    """One state of a document: what was in it, in our words, and the hash of a kept copy."""

    document = models.ForeignKey(Document, models.PROTECT, related_name="versions")
    number = models.PositiveSmallIntegerField()
    summary = models.TextField()
    copy_sha256 = models.CharField(max_length=64, blank=True, validators=[validate_sha256])

    class Meta(Dated.Meta):
        ordering = ("document", "number")
        constraints = (
            models.UniqueConstraint(
                fields=("document", "number"), name="version_number_is_its_own"
            ),
            models.CheckConstraint(condition=Q(number__gte=1), name="version_counts_from_one"),
            models.CheckConstraint(
                condition=Q(copy_sha256="") | Q(copy_sha256__regex="^[0-9a-f]{64}$"),
                name="version_copy_is_a_sha256",
            ),
        )

    def __str__(self) -> str:
        return f"{self.document_id}, version {self.number}"

    def get_absolute_url(self) -> str:
        return f"{reverse('record:document', args=[self.document_id])}#version-{self.number}"


class Citation(models.Model):
    """A source beside a fact or a version, and what is to be known about its being there."""

    source = models.ForeignKey(Source, models.PROTECT)
    fact = models.ForeignKey(Fact, models.CASCADE, null=True, related_name="citations")
    version = models.ForeignKey(Version, models.CASCADE, null=True, related_name="citations")
    says = models.TextField(blank=True)

    class Meta:
        ordering = ("id",)
        constraints = (
            models.CheckConstraint(
                condition=Q(fact=None) ^ Q(version=None), name="citation_stands_beside_one_line"
            ),
            models.UniqueConstraint(fields=("source", "fact"), name="fact_cites_a_source_once"),
            models.UniqueConstraint(fields=("source", "version"), name="version_cites_it_once"),
        )

    def __str__(self) -> str:
        return str(self.source)


class CaptureKind(models.TextChoices):
    """In which form a copy was taken."""

    PDF = "pdf", "PDF"
    WARC = "warc", "WARC"
    WACZ = "wacz", "WACZ"


class Capture(models.Model):
    """A copy of a source as somebody took it; the file lies under its hash and is never shown.

    Triggers (migration 0003) refuse every change of a row but forgetting who kept it.
    """

    sha256 = models.CharField(max_length=64, validators=[validate_sha256])
    source = models.ForeignKey(Source, models.PROTECT, related_name="captures")
    kind = models.CharField(max_length=4, choices=CaptureKind.choices)
    size = models.PositiveBigIntegerField(help_text="in bytes")
    captured_on = models.DateField(help_text="the day on which the copy was taken")
    note = models.CharField(max_length=300, blank=True)
    kept_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True)
    kept_at = models.DateTimeField()
    ticket = models.UUIDField(unique=True, help_text="the log's ticket of `capture`")

    class Meta:
        ordering = ("captured_on", "id")
        constraints = (
            models.UniqueConstraint(fields=("sha256", "source"), name="capture_kept_once"),
            models.CheckConstraint(
                condition=Q(sha256__regex="^[0-9a-f]{64}$"), name="capture_is_a_sha256"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=CaptureKind.values) & Q(size__gte=1), name="capture_kind_known"
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.source_id}"

    def get_absolute_url(self) -> str:
        return reverse("record:capture", args=[self.pk])
