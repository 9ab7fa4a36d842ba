"""A person who can sign in: an artist who asks for clips or a curator who looks after them."""

from typing import ClassVar

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import Q


class Role(models.TextChoices):
    """What a person may do."""

    ARTIST = "artist", "Artist"
    CURATOR = "curator", "Curator"


class User(AbstractUser):
    """A person; the public only ever sees the pseudonym, which is of the person's own choosing."""

    pseudonym = models.CharField(max_length=80, unique=True)
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.ARTIST)

    REQUIRED_FIELDS: ClassVar[list[str]] = ["pseudonym"]

    class Meta(AbstractUser.Meta):  # type: ignore[name-defined,misc]  # django-stubs hides it
        constraints = (
            models.CheckConstraint(condition=~Q(pseudonym=""), name="user_has_a_pseudonym"),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="user_role_is_known"),
        )

    def __str__(self) -> str:
        return self.pseudonym
