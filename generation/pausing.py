"""The switch that stops the asking: what waits and runs goes on, nothing new is taken.

Asking holds the switch open for its transaction, pausing waits for those: once a pause is there,
no request that began before it can still come through.
"""

from django.contrib.auth.models import AbstractBaseUser
from django.db import connection, transaction
from django.utils import timezone

from .models import Pause

RETRY_SECONDS = 600
"""When a program may ask again whether the pause is over."""
_LOCK = 0x50415553  # any number of ours: PostgreSQL's advisory locks have no names


def held_open() -> str:
    """The notice of the pause, or empty; no pause begins before this transaction has ended."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [_LOCK])
    return notice()


def notice() -> str:
    """What the public reads while nothing can be asked for; empty where asking is open."""
    return Pause.objects.filter(ended_at=None).values_list("notice", flat=True).first() or ""


def begin(person: AbstractBaseUser, words: str) -> Pause:
    """Stop the asking; where it is stopped already, that pause stays and is given back."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        standing = Pause.objects.filter(ended_at=None).first()
        return standing or Pause.objects.create(notice=words, begun_by_id=person.pk)


def end(person: AbstractBaseUser) -> bool:
    """Open the asking again; False where it was open."""
    standing = Pause.objects.filter(ended_at=None)
    return bool(standing.update(ended_at=timezone.now(), ended_by_id=person.pk))
