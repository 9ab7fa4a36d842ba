"""A person who can sign in: an artist who asks for clips, a curator who looks after them and the
people, or the operator of the archive.
"""

from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.models import AbstractUser, UserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    """What a person may do; each may do what the one before it may."""

    ARTIST = "artist", _("Artist")
    CURATOR = "curator", _("Curator")
    OPERATOR = "operator", _("Operator")


KEEPERS = (Role.CURATOR, Role.OPERATOR)


class People(UserManager["User"]):
    """Makes people; `createsuperuser` makes an operator."""

    def create_superuser(
        self, username: str, email: str | None = None, password: str | None = None, **fields: Any
    ) -> "User":
        return super().create_superuser(username, email, password, role=Role.OPERATOR, **fields)


class User(AbstractUser):
    """A person; the public only ever sees the pseudonym, which is of the person's own choosing."""

    pseudonym = models.CharField(max_length=80, unique=True)
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.ARTIST)

    REQUIRED_FIELDS: ClassVar[list[str]] = ["pseudonym"]
    objects: ClassVar[People] = People()

    class Meta(AbstractUser.Meta):  # type: ignore[name-defined,misc]  # django-stubs hides it
        constraints = (
            models.CheckConstraint(condition=~Q(pseudonym=""), name="user_has_a_pseudonym"),
            models.UniqueConstraint(Lower("pseudonym"), name="user_pseudonym_in_any_case"),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="user_role_is_known"),
            # What asks for two steps looks at is_staff: it cannot say otherwise than the role.
            models.CheckConstraint(
                condition=Q(role__in=KEEPERS, is_staff=True) | Q(role=Role.ARTIST, is_staff=False),
                name="user_staff_are_keepers",
            ),
            models.CheckConstraint(
                condition=Q(is_superuser=False) | Q(role=Role.OPERATOR),
                name="user_superusers_are_operators",
            ),
        )

    def __str__(self) -> str:
        return self.pseudonym

    def get_full_name(self) -> str:
        """Who acted, as the admin's history shows it."""
        return f"{self.pseudonym}, {self.get_role_display()}"

    @property
    def has_passkey(self) -> bool:
        """Whether a passkey of the person's could sign a request."""
        return self.keys.filter(removed_at__isnull=True).exists()


class Invitation(models.Model):
    """A link that makes one account, or opens one again that its owner is locked out of.

    Of the link only the hash is kept: whoever reads the table can take none up.
    """

    token_sha256 = models.CharField(max_length=64, unique=True)
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.ARTIST)
    generations = models.PositiveIntegerField(null=True, help_text="allowed in all; empty: any")
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="recoveries",
        help_text="whose account it opens again; empty: it makes a new one",
    )  # fmt: skip
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    reason = models.CharField(max_length=300)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)
    taken_at = models.DateTimeField(null=True)
    taken_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="invitations"
    )

    class Meta:
        ordering: ClassVar[list[str]] = ["-created_at"]
        constraints = (
            models.CheckConstraint(condition=Q(role__in=Role.values), name="invitation_role_known"),
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("created_at")), name="invitation_expires_later"
            ),
            models.CheckConstraint(
                condition=Q(taken_at__isnull=True) | Q(withdrawn_at__isnull=True),
                name="invitation_taken_or_withdrawn",
            ),
            models.CheckConstraint(
                condition=Q(taken_at__isnull=False) | Q(taken_by__isnull=True),
                name="invitation_taken_at_a_time",
            ),
        )

    def __str__(self) -> str:
        return f"invitation of {self.created_at:%Y-%m-%d}"


class ArtistKey(models.Model):
    """A passkey as the log knows it: what was signed with it can be told after it is gone."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="keys")
    credential = models.CharField(max_length=1400, unique=True, help_text="its id, base64url")
    public_key = models.TextField(help_text="COSE, base64url")
    name = models.CharField(max_length=200)
    made_ticket = models.UUIDField(unique=True)
    made_at = models.DateTimeField(auto_now_add=True)
    removed_ticket = models.UUIDField(unique=True, null=True)
    removed_at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["pk"]
        constraints = (
            models.CheckConstraint(
                condition=Q(removed_at__isnull=True, removed_ticket__isnull=True)
                | Q(removed_at__isnull=False, removed_ticket__isnull=False),
                name="key_removed_with_an_entry",
            ),
        )

    def __str__(self) -> str:
        return self.name


class Scope(models.TextChoices):
    """What a token may be used for; the second does not contain the first."""

    READ = "read", _("Read: your generations, your clips")
    GENERATE = "generate", _("Generate: ask for clips, and cancel them")


class Token(models.Model):
    """A secret by which a program acts for a person; only its hash is kept."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="tokens")
    name = models.CharField(max_length=80)
    token_sha256 = models.CharField(max_length=64, unique=True)
    hint = models.CharField(max_length=12, help_text="how it begins, to tell it from others")
    scopes = ArrayField(models.CharField(max_length=10, choices=Scope.choices))
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-created_at"]
        constraints = (
            models.CheckConstraint(
                condition=Q(scopes__contained_by=Scope.values) & Q(scopes__len__gt=0),
                name="token_scopes_known",
            ),
        )

    def __str__(self) -> str:
        return self.name
