"""Addresses as machines need them: whole, with the site's own name and never a visitor's Host."""

import uuid
from functools import lru_cache

from django.conf import settings
from django.urls import reverse

from generation.models import Clip


def whole(name: str, *args: object) -> str:
    """The public address of a named page."""
    return f"{settings.SITE_URL}{reverse(name, args=args)}"


def local(name: str, clip_id: uuid.UUID) -> str:
    """The address of a named page of a clip on this site: what `reverse` gives, at less cost."""
    before, after = _around(name)
    return f"{before}{clip_id}{after}"


@lru_cache
def _around(name: str) -> tuple[str, str]:
    before, _id, after = reverse(name, args=[uuid.UUID(int=0)]).partition(str(uuid.UUID(int=0)))
    return before, after


def page_of(clip: Clip) -> str:
    """The page of a clip."""
    return whole("gallery:clip", clip.pk)


def file_of(clip: Clip) -> str:
    """The signed file."""
    return whole("generation:clip_file", clip.pk)


def poster_of(clip: Clip) -> str:
    """The still picture."""
    return whole("generation:poster", clip.pk)


def player_of(clip: Clip) -> str:
    """The page that others may frame."""
    return whole("gallery:embed", clip.pk)
