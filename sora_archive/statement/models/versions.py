"""The statement's versions, which never change, and the one draft that may become the next.

Triggers (migration 0002) refuse every change of a version but forgetting who made it, and the
database itself holds the hash against the text.
"""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse


class Version(models.Model):
    """One fixed wording; `sha256` (hex) is that of the text as UTF-8, and stands in the log."""

    number = models.PositiveIntegerField(primary_key=True)
    text = models.TextField()
    sha256 = models.CharField(max_length=64, unique=True)
    reason = models.CharField(max_length=300)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True)
    made_at = models.DateTimeField()
    ticket = models.UUIDField(unique=True)

    class Meta:
        ordering = ("-number",)
        constraints = (
            models.CheckConstraint(condition=Q(number__gte=1), name="statement_counts_from_one"),
        )

    def __str__(self) -> str:
        return f"Version {self.number}"

    def get_absolute_url(self) -> str:
        return reverse("statement:version", args=[self.number])


class Draft(models.Model):
    """The text that curators are working on; seen by them alone."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    text = models.TextField()
    kept_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True)
    kept_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = (models.CheckConstraint(condition=Q(id=1), name="statement_has_one_draft"),)

    def __str__(self) -> str:
        return "The draft"


class Translation(models.Model):
    """A version in another language; a better translation is another row, never a change.

    `language` is a code that Django knows (de, pt-br); `sha256` (hex) is that of the text as UTF-8.
    """

    version = models.ForeignKey(Version, models.PROTECT, related_name="translations")
    language = models.CharField(max_length=12)
    revision = models.PositiveSmallIntegerField()
    text = models.TextField()
    sha256 = models.CharField(max_length=64)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True)
    made_at = models.DateTimeField()

    class Meta:
        ordering = ("language", "-version_id", "-revision")
        constraints = (
            models.UniqueConstraint(
                "version", "language", "revision", name="statement_translation_once"
            ),
            models.CheckConstraint(
                condition=Q(revision__gte=1), name="statement_translation_counts_from_one"
            ),
            models.CheckConstraint(
                condition=~Q(language=""), name="statement_translation_has_a_language"
            ),
        )

    def __str__(self) -> str:
        return f"Version {self.version_id} in {self.language}, revision {self.revision}"

    def get_absolute_url(self) -> str:
        return reverse("statement:translation", args=[self.version_id, self.language])
