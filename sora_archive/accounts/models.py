"""A person who can sign in: an artist who asks for clips, a curator who looks after them and the
people, or the operator of the archive.
"""

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser, UserManager
from django.db import models
from django.db.models import Q
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
