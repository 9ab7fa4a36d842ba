"""What may still be asked."""

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser

from .models import OPEN_STATES, Allowance, Generation, State


def refusal(artist: AbstractBaseUser) -> tuple[str, str] | None:
    """The code and the words of a refusal, or None where the artist may ask.

    Call it with the artist's row locked, so that two requests at once cannot both be the last.
    """
    return _in_flight(artist) or _in_all(artist)


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
        f"You already have {open_now} clips waiting or running, and {limit} is the limit. "
        "Wait for one to finish or cancel one, then ask again.",
    )


def _in_all(artist: AbstractBaseUser) -> tuple[str, str] | None:
    allowance = Allowance.objects.filter(pk=artist.pk).first()
    if allowance is None or asked(artist) < allowance.generations:
        return None
    return (
        "quota_allowance",
        f"You have asked for all {allowance.generations} clips that your invitation allows. "
        "A curator can allow more.",
    )
