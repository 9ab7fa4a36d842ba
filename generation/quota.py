"""What may still be asked: so many at once, so many a day, so many in all."""

from datetime import timedelta

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.utils import timezone
from django.utils.translation import gettext as _

from .models import OPEN_STATES, Allowance, Generation, State


def refusal(artist: AbstractBaseUser) -> tuple[str, str] | None:
    """The code and the words of a refusal, or None where the artist may ask.

    Call it with the artist's row locked, so that two requests at once cannot both be the last.
    """
    return _in_flight(artist) or _in_a_day(artist) or _in_all(artist)


def left_today(artist: AbstractBaseUser) -> int:
    """How many more may be asked for in these 24 hours; each falls out a day after it was asked."""
    return max(0, int(settings.GENERATION_MAX_PER_DAY) - _since_yesterday(artist))


def asked(artist: AbstractBaseUser) -> int:
    """How many generations count against the artist's allowance: all that were not refused."""
    own = Generation.objects.filter(artist_id=artist.pk)
    return own.exclude(state=State.REFUSED).count()


def _in_flight(artist: AbstractBaseUser) -> tuple[str, str] | None:
    limit = settings.GENERATION_MAX_IN_FLIGHT
    open_now = Generation.objects.filter(artist_id=artist.pk, state__in=OPEN_STATES).count()
    if open_now < limit:
        return None
    return (
        "quota_in_flight",
        _(
            "You already have %(open)d clips waiting or running, and %(limit)d is the limit. "
            "Wait for one to finish or cancel one, then ask again."
        )
        % {"open": open_now, "limit": limit},
    )


def _in_a_day(artist: AbstractBaseUser) -> tuple[str, str] | None:
    if left_today(artist):
        return None
    words = _(
        "You have asked for %(limit)d clips within 24 hours, and that is the limit. "
        "The first of them falls out of the count a day after you asked for it."
    )
    return "quota_a_day", words % {"limit": settings.GENERATION_MAX_PER_DAY}


def _since_yesterday(artist: AbstractBaseUser) -> int:
    own = Generation.objects.filter(
        artist_id=artist.pk, created_at__gt=timezone.now() - timedelta(days=1)
    )
    return own.exclude(state=State.REFUSED).count()


def _in_all(artist: AbstractBaseUser) -> tuple[str, str] | None:
    allowance = Allowance.objects.filter(pk=artist.pk).first()
    if allowance is None or asked(artist) < allowance.generations:
        return None
    return (
        "quota_allowance",
        _(
            "You have asked for all %(count)d clips that your invitation allows. "
            "A curator can allow more."
        )
        % {"count": allowance.generations},
    )
