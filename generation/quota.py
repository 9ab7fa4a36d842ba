"""What may still be asked."""

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser

from .models import OPEN_STATES, Generation


def refusal(artist: AbstractBaseUser) -> tuple[str, str] | None:
    """The code and the words of a refusal, or None where the artist may ask.

    Call it with the artist's row locked, so that two requests at once cannot both be the last.
    """
    limit = settings.GENERATION_MAX_IN_FLIGHT
    open_now = Generation.objects.filter(artist_id=artist.pk, state__in=OPEN_STATES).count()
    if open_now < limit:
        return None
    return (
        "quota_in_flight",
        f"You already have {open_now} clips waiting or running, and {limit} is the limit. "
        "Wait for one to finish or cancel one, then ask again.",
    )
