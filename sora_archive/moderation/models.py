"""Reports, decisions, appeals, held publications and the rules; a decision cannot be unexplained.

Rows of decisions are never changed or deleted: a new decision answers an old one.
"""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from generation.models import Clip

WORDS_LETTERS = 2000
SKELETON_LETTERS = 200
SHA256 = "^[0-9a-f]{64}$"


class Grounds(models.TextChoices):
    """Why something is reported, and on what a decision rests; the codes stand in the log."""

    REAL_PERSON = "real_person", _("It portrays a real person who did not agree")
    INTIMATE = "intimate", _("It shows a real person in an intimate way")
    CHILD = "child", _("It sexualises a child")
    DANGER = "danger", _("It calls for violence against somebody")
    HATE = "hate", _("It incites hatred against people for what they are")
    RIGHTS = "rights", _("It uses somebody else's work or mark")
    PRIVACY = "privacy", _("It tells something private about somebody")
    DECEPTION = "deception", _("It pretends to be somebody else, or a real recording")
    NAME = "name", _("The name insults, or belongs to somebody else")
    RULES = "rules", _("It is against the rules of the archive in another way")


GRAVE = frozenset({Grounds.INTIMATE, Grounds.CHILD, Grounds.DANGER})
"""A report of these hides a clip at once, until a curator has decided."""


class About(models.TextChoices):
    """What a report or a decision is about."""

    CLIP = "clip", _("the clip")
    NAME = "name", _("the artist's name")
    SIGNATURE = "signature", _("a name under the statement")


class Outcome(models.TextChoices):
    """What was decided; the codes stand in the log."""

    KEPT = "kept", _("It stays")
    WITHDRAWN = "withdrawn", _("The clip is withdrawn")
    RESTORED = "restored", _("The clip is shown again")
    NAME_ERASED = "name_erased", _("The name is erased")
    APPROVED = "approved", _("The clip may be published")
    DECLINED = "declined", _("The clip is not published")
    UPHELD = "upheld", _("The earlier decision stands")
    PASSED_ON = "passed_on", _("The signature is looked at with the statement")


# A signature is named by its number in the list alone: the statement is a room of its own.
_SUBJECT = Q(about=About.SIGNATURE, clip__isnull=True) & ~Q(signature="") | (
    Q(about__in=(About.CLIP, About.NAME), clip__isnull=False, signature="")
)


class Decision(models.Model):
    """What a curator decided, on what grounds, in words for everybody; an entry in the log."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    about = models.CharField(max_length=10, choices=About.choices)
    clip = models.ForeignKey(Clip, models.PROTECT, null=True, related_name="decisions")
    signature = models.CharField(max_length=40, blank=True)
    curator = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    role = models.CharField(max_length=10, help_text="the curator's, at that time")
    outcome = models.CharField(max_length=12, choices=Outcome.choices)
    grounds = models.CharField(max_length=12, choices=Grounds.choices)
    statement = models.TextField(max_length=WORDS_LETTERS)
    ticket = models.UUIDField(unique=True)
    at = models.DateTimeField(auto_now_add=True)
    keep_until = models.DateTimeField(
        null=True, help_text="a withdrawn clip's files are deleted then; null: nothing is withdrawn"
    )
    legal_hold = models.BooleanField(default=False)

    class Meta:
        ordering: ClassVar[list[str]] = ["-at"]
        constraints = (
            models.CheckConstraint(condition=_SUBJECT, name="decision_about_one_thing"),
            models.CheckConstraint(
                condition=Q(outcome__in=Outcome.values), name="decision_outcome_known"
            ),
            models.CheckConstraint(
                condition=Q(grounds__in=Grounds.values), name="decision_grounds_known"
            ),
            models.CheckConstraint(condition=~Q(statement=""), name="decision_is_explained"),
            models.CheckConstraint(
                condition=Q(outcome=Outcome.WITHDRAWN, keep_until__isnull=False)
                | (~Q(outcome=Outcome.WITHDRAWN) & Q(keep_until__isnull=True, legal_hold=False)),
                name="decision_keeps_what_it_withdraws",
            ),
        )
        indexes = (
            models.Index("keep_until", condition=Q(keep_until__isnull=False), name="decision_due"),
        )

    def __str__(self) -> str:
        return f"{self.outcome} ({self.grounds})"

    def get_absolute_url(self) -> str:
        return reverse("moderation:decision", args=[self.pk])


class Report(models.Model):
    """Somebody says that something should not be here; who it was is not kept."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    token_sha256 = models.CharField(max_length=64, unique=True, help_text="of the reporter's link")
    about = models.CharField(max_length=10, choices=About.choices)
    clip = models.ForeignKey(Clip, models.PROTECT, null=True, related_name="reports")
    signature = models.CharField(max_length=40, blank=True)
    grounds = models.CharField(max_length=12, choices=Grounds.choices)
    words = models.TextField(blank=True, max_length=WORDS_LETTERS)
    made_at = models.DateTimeField(auto_now_add=True)
    decision = models.ForeignKey(Decision, models.PROTECT, null=True, related_name="reports")

    class Meta:
        ordering: ClassVar[list[str]] = ["made_at"]
        constraints = (
            models.CheckConstraint(condition=_SUBJECT, name="report_about_one_thing"),
            models.CheckConstraint(
                condition=Q(grounds__in=Grounds.values), name="report_grounds_known"
            ),
        )
        indexes = (models.Index("made_at", condition=Q(decision__isnull=True), name="report_open"),)

    def __str__(self) -> str:
        return f"report of {self.made_at:%Y-%m-%d}"

    @property
    def grave(self) -> bool:
        """Whether it hides the clip until it is decided."""
        return self.about == About.CLIP and self.grounds in GRAVE


class Appeal(models.Model):
    """An artist asks, once, to decide anew."""

    decision = models.OneToOneField(Decision, models.PROTECT, related_name="appeal")
    words = models.TextField(max_length=WORDS_LETTERS)
    made_at = models.DateTimeField(auto_now_add=True)
    answer = models.OneToOneField(Decision, models.PROTECT, null=True, related_name="answers")

    class Meta:
        ordering: ClassVar[list[str]] = ["made_at"]
        constraints = (models.CheckConstraint(condition=~Q(words=""), name="appeal_has_words"),)

    def __str__(self) -> str:
        return f"appeal of {self.made_at:%Y-%m-%d}"


class Held(models.Model):
    """A publication that waits for a curator."""

    clip = models.OneToOneField(Clip, models.PROTECT, related_name="held")
    made_at = models.DateTimeField(auto_now_add=True)
    decision = models.OneToOneField(Decision, models.PROTECT, null=True, related_name="held")

    class Meta:
        ordering: ClassVar[list[str]] = ["made_at"]

    def __str__(self) -> str:
        return f"held since {self.made_at:%Y-%m-%d}"


class Rule(models.Model):
    """What both lists share: on what grounds, since when, by whom, and why; and the same of its
    end, since a rule that is taken off its list stays to be read.
    """

    grounds = models.CharField(max_length=12, choices=Grounds.choices)
    note = models.CharField(max_length=300, help_text=_("Why, for the other curators."))
    curator = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    ended_note = models.CharField(max_length=300, blank=True)

    class Meta:
        abstract = True


# Of a rule: it holds, or its end is explained.
_ENDED = Q(ended_at=None, ended_by=None, ended_note="") | (
    Q(ended_at__isnull=False) & ~Q(ended_note="")
)
_HOLDS = Q(ended_at=None)


class RefusedWord(Rule):
    """A word or a phrase that no prompt may hold, whatever letters it is written with."""

    shown = models.CharField(max_length=100, help_text="as the curator typed it")
    skeleton = models.CharField(max_length=SKELETON_LETTERS, help_text="what it is compared by")

    class Meta:
        ordering: ClassVar[list[str]] = ["skeleton"]
        constraints = (
            models.UniqueConstraint("skeleton", condition=_HOLDS, name="refused_word_holds_once"),
            models.CheckConstraint(condition=_ENDED, name="refused_word_ends_with_words"),
            models.CheckConstraint(condition=~Q(skeleton=""), name="refused_word_has_letters"),
        )

    def __str__(self) -> str:
        return self.shown


class BlockedFile(Rule):
    """A file that is neither made nor shown again, by the SHA-256 of its bytes."""

    sha256 = models.CharField(max_length=64)

    class Meta:
        ordering: ClassVar[list[str]] = ["-at"]
        constraints = (
            models.UniqueConstraint("sha256", condition=_HOLDS, name="blocked_file_holds_once"),
            models.CheckConstraint(condition=_ENDED, name="blocked_file_ends_with_words"),
            models.CheckConstraint(condition=Q(sha256__regex=SHA256), name="blocked_file_by_hash"),
        )

    def __str__(self) -> str:
        return self.sha256
