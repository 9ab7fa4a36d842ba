"""A signature under one version, the links that were mailed for it, and invalidations by the bulk.

Triggers (migration 0004) refuse every step but those of a signature's life: it waits, counts, may
be invalidated and reinstated, and is taken back for good. No row that the log knows is deleted.
"""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from .versions import Version

NAME_LETTERS = 100
NOTE_LETTERS = 300
LINK_LETTERS = 200


class State(models.TextChoices):
    """Where a signature stands."""

    WAITING = "waiting", _("Waits for its confirmation")
    COUNTED = "counted", _("Counts")
    INVALID = "invalid", _("Does not count")
    WITHDRAWN = "withdrawn", _("Taken back")


class Tier(models.TextChoices):
    """As whom somebody signs: claimed by the signatory, confirmed by a curator."""

    PROGRAMME = "programme", _("Artist of the programme")
    ARTIST = "artist", _("Artist")
    SUPPORTER = "supporter", _("Supporter")


class Reason(models.TextChoices):
    """Why signatures do not count; the code stands in the log."""

    AUTOMATED = "automated", _("Made by a program")
    ANOTHER = "not_the_person", _("Not made by the person named")
    NOBODY = "nobody", _("There is no such person")
    TWICE = "signed_twice", _("Signed more than once")


class Invalidation(models.Model):
    """A curator's decision that signatures do not count, with the criteria that chose them."""

    criteria = models.JSONField()
    reason = models.CharField(max_length=20, choices=Reason.choices)
    note = models.CharField(max_length=NOTE_LETTERS)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    made_at = models.DateTimeField()
    undone_note = models.CharField(max_length=NOTE_LETTERS, blank=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    undone_at = models.DateTimeField(null=True)
    size = models.PositiveIntegerField(help_text="how many signatures it concerned")

    class Meta:
        ordering = ("-made_at",)
        constraints = (
            models.CheckConstraint(
                condition=Q(reason__in=Reason.values), name="statement_invalid_for_a_reason"
            ),
            models.CheckConstraint(
                condition=~Q(note="") & Q(size__gte=1), name="statement_invalidation_says_why"
            ),
            models.CheckConstraint(
                condition=Q(undone_at=None, undone_note="")
                | (Q(undone_at__isnull=False) & ~Q(undone_note="")),
                name="statement_undoing_says_why",
            ),
        )

    def __str__(self) -> str:
        return f"Invalidation {self.pk}"

    @property
    def chosen_by(self) -> list[str]:
        """The criteria in words for everybody; of names only that they were asked for."""
        words = {
            "version": _("version %(value)s"), "signature": _("one signature"),
            "name": _("part of a name"), "source": _("source %(value)s"),
            "after": _("confirmed from %(value)s"), "before": _("confirmed before %(value)s"),
        }  # fmt: skip
        asked = [key for key in words if key in self.criteria]  # the database has its own order
        return [str(words[key] % {"value": self.criteria[key]}) for key in asked]


class Signature(models.Model):
    """Somebody's name under a version.

    `person` is a keyed hash (hex) of the canonical e-mail address. The address itself is there only
    until it is confirmed, and after that only where the signatory wants news.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    version = models.ForeignKey(Version, models.PROTECT, related_name="signatures")
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    person = models.CharField(max_length=64, blank=True)
    email = models.EmailField(blank=True)
    wants_news = models.BooleanField(default=False)
    news_of = models.PositiveIntegerField(null=True, help_text="the last version told of")

    name = models.CharField(max_length=NAME_LETTERS, blank=True)
    role = models.CharField(max_length=NAME_LETTERS, blank=True)
    place = models.CharField(max_length=NAME_LETTERS, blank=True)
    link = models.URLField(max_length=LINK_LETTERS, blank=True)
    anonymous = models.BooleanField(default=False)
    tier = models.CharField(max_length=10, choices=Tier.choices)
    confirmed_tier = models.CharField(max_length=10, choices=Tier.choices, blank=True)

    asked_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)
    ticket = models.UUIDField(null=True, unique=True, help_text="the log's ticket of `signature`")
    invalidation = models.ForeignKey(
        Invalidation, models.PROTECT, null=True, related_name="signatures"
    )

    class Meta:
        ordering = ("confirmed_at", "id")
        constraints = (
            models.CheckConstraint(
                condition=Q(state__in=State.values) & Q(tier__in=Tier.values)
                & Q(confirmed_tier__in=["", *Tier.values]),
                name="signature_words_are_known",
            ),
            models.CheckConstraint(
                condition=Q(state=State.WAITING, confirmed_at=None, ticket=None, withdrawn_at=None)
                & ~Q(email="") & ~Q(name="")
                | ~Q(state=State.WAITING) & Q(confirmed_at__isnull=False, ticket__isnull=False),
                name="signature_waits_or_is_logged",
            ),
            models.CheckConstraint(
                condition=Q(state=State.WAITING) | Q(email="") | Q(wants_news=True),
                name="signature_keeps_no_address_unasked",
            ),
            models.CheckConstraint(
                condition=Q(state=State.WITHDRAWN, withdrawn_at__isnull=False, person="", email="",
                            name="", role="", place="", link="", confirmed_tier="")
                | ~Q(state=State.WITHDRAWN) & Q(withdrawn_at=None, person__regex="^[0-9a-f]{64}$"),
                name="signature_leaves_nothing_behind",
            ),
            models.CheckConstraint(
                condition=Q(state=State.INVALID, invalidation__isnull=False)
                | Q(state__in=[State.WAITING, State.COUNTED, State.WITHDRAWN], invalidation=None),
                name="signature_is_invalid_by_a_decision",
            ),
            models.CheckConstraint(
                condition=~Q(name="") | Q(role="", place="", link=""),
                name="signature_without_name_says_nothing",
            ),
            # Those who wait are not held to it: nobody can block an address that is not theirs.
            models.UniqueConstraint(
                "version", "person", condition=Q(state__in=[State.COUNTED, State.INVALID]),
                name="signature_once_a_person",
            ),
        )  # fmt: skip
        indexes = (
            models.Index(
                "version", "confirmed_at", "id",
                condition=Q(state=State.COUNTED), name="signature_counted",
            ),
            models.Index("person", "asked_at", name="signature_person"),
            models.Index("asked_at", condition=Q(state=State.WAITING), name="signature_waiting"),
        )  # fmt: skip

    def __str__(self) -> str:
        return f"Signature {self.pk}"

    def get_absolute_url(self) -> str:
        return reverse("statement:curate_signature", args=[self.pk])

    @property
    def listed(self) -> bool:
        """Whether the public list shows a name for it."""
        return self.state == State.COUNTED and bool(self.name) and not self.anonymous

    @property
    def logged_value(self) -> dict[str, str]:
        """What the log's entry commits to, as canonical JSON takes it."""
        return {
            "name": self.name, "role": self.role, "place": self.place, "link": self.link,
            "tier": str(self.tier),
        }  # fmt: skip


class ActKind(models.TextChoices):
    """What a curator may do to one signature; to invalidate is a decision of its own."""

    TIER = "tier", _("Confirmed as whom it was signed")
    ERASURE = "erasure", _("Erased the name")


class Act(models.Model):
    """What a curator did to a signature, and why; for everybody to read."""

    signature = models.ForeignKey(Signature, models.PROTECT, related_name="acts")
    kind = models.CharField(max_length=10, choices=ActKind.choices)
    note = models.CharField(max_length=NOTE_LETTERS)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    made_at = models.DateTimeField()

    class Meta:
        ordering = ("-made_at",)
        constraints = (
            models.CheckConstraint(
                condition=Q(kind__in=ActKind.values) & ~Q(note=""), name="statement_act_says_why"
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.signature_id}"


class Kind(models.TextChoices):
    """What a mailed link is for."""

    CONFIRM = "confirm", "confirms a signature, once"
    OWN = "own", "shows its signatory what is kept, and takes it back"


class Link(models.Model):
    """A link that was mailed: the SHA-256 (hex) of its token, which nobody else can know."""

    digest = models.CharField(max_length=64, primary_key=True)
    signature = models.ForeignKey(Signature, models.CASCADE, related_name="links")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    used_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(digest__regex="^[0-9a-f]{64}$"), name="statement_link_is_a_hash"
            ),
            models.CheckConstraint(
                condition=Q(kind=Kind.CONFIRM, expires_at__isnull=False)
                | Q(kind=Kind.OWN, expires_at=None, used_at=None),
                name="statement_own_link_never_expires",
            ),
        )

    def __str__(self) -> str:
        return f"Link of {self.signature_id}"
