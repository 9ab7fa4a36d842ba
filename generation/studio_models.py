"""Rows of the studio: an artist's presets, the first looks of what runs, and when asking paused."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Func, IntegerField, Q
from django.db.models.functions import Lower
from django.db.models.lookups import LessThanOrEqual

PRESET_LETTERS = 60
NOTICE_LETTERS = 500
LOOK_BYTES = 32 * 1024


class Preset(models.Model):
    """Fields of the ask form that an artist keeps under a name; only they see it."""

    artist = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="presets"
    )
    name = models.CharField(max_length=PRESET_LETTERS)
    values = models.JSONField(help_text="by the names of the form's fields")
    saved_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["name"]
        constraints = (
            models.UniqueConstraint("artist", Lower("name"), name="preset_named_once_an_artist"),
            models.CheckConstraint(condition=~Q(name=""), name="preset_has_a_name"),
        )

    def __str__(self) -> str:
        return self.name


class Look(models.Model):
    """A small picture of a clip as it is being drawn; its artist alone sees it, while it runs."""

    generation = models.OneToOneField(
        "generation.Generation", on_delete=models.CASCADE, primary_key=True, related_name="look"
    )
    step = models.PositiveSmallIntegerField()
    picture = models.BinaryField(max_length=LOOK_BYTES, help_text="WebP")
    drawn_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=LessThanOrEqual(
                    Func(F("picture"), function="octet_length", output_field=IntegerField()),
                    LOOK_BYTES,
                ),
                name="look_is_small",
            ),
        )

    def __str__(self) -> str:
        return f"step {self.step} of {self.generation_id}"


class Pause(models.Model):
    """A time in which nothing can be asked for: who stopped it, when, and what the public reads."""

    notice = models.CharField(max_length=NOTICE_LETTERS, help_text="everybody reads it")
    begun_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    begun_at = models.DateTimeField(auto_now_add=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-begun_at"]
        constraints = (
            models.UniqueConstraint(
                models.ExpressionWrapper(
                    Q(ended_at__isnull=True), output_field=models.BooleanField()
                ),
                condition=Q(ended_at__isnull=True),
                name="pause_one_at_a_time",
            ),
            models.CheckConstraint(condition=~Q(notice=""), name="pause_says_why"),
        )

    def __str__(self) -> str:
        return self.notice
