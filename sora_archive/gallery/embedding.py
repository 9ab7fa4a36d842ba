"""A clip on somebody else's page: oEmbed, and a player that may be framed and runs no script."""

import uuid
from urllib.parse import urlsplit

from csp.constants import NONE, SELF
from csp.decorators import csp
from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.urls import Resolver404, resolve
from django.utils.translation import gettext
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.http import require_safe

from generation.models import Clip, Visibility

from . import addresses, describing

_PLAYER = {
    "default-src": [NONE],
    "style-src": [SELF],
    "font-src": [SELF],
    "img-src": [SELF],
    "media-src": [SELF],
    "base-uri": [NONE],
    "form-action": [NONE],
    "frame-ancestors": ["*"],
}
_CLIPS = Clip.objects.select_related("credential", "generation__artist")


@require_safe
@xframe_options_exempt
@csp(_PLAYER)  # type: ignore[arg-type]  # its types know no view with arguments
def player(request: HttpRequest, clip_id: uuid.UUID) -> HttpResponse:
    """The framed player with its credential mark; a withdrawn clip is gone here too."""
    found = get_object_or_404(_CLIPS.exclude(visibility=Visibility.DRAFT), pk=clip_id)
    context = {"clip": found, "artist": found.generation.shown_artist} if found.published else {}
    return render(request, "gallery/embed.html", context, status=200 if found.published else 410)


@require_safe
def oembed(request: HttpRequest) -> HttpResponse:
    """How to embed the clip whose page `url` names (oembed.com 1.0, JSON alone)."""
    if request.GET.get("format", "json") != "json":
        return _words(gettext("This archive answers in JSON only: format=json."), 501)
    try:
        most_wide, most_high = (_most(request, name) for name in ("maxwidth", "maxheight"))
    except ValueError:
        return _words(
            gettext("maxwidth and maxheight are numbers of pixels from 120 to 99999."), 400
        )
    clip_id = _named(request.GET.get("url", ""))
    clip = _CLIPS.filter(pk=clip_id, visibility=Visibility.PUBLISHED).first() if clip_id else None
    if clip is None:
        return _words(gettext("No published clip of this archive has that address."), 404)
    return _public(JsonResponse(_card(clip, most_wide, most_high)))


def _card(clip: Clip, most_wide: int | None, most_high: int | None) -> dict[str, object]:
    width, height = describing.frame_size(clip, most_wide, most_high)
    return {
        "version": "1.0",
        "type": "video",
        "title": clip.title,
        "author_name": clip.generation.shown_artist,
        "provider_name": settings.SITE_NAME,
        "provider_url": f"{settings.SITE_URL}/",
        "html": describing.frame(clip, width, height),
        "width": width,
        "height": height,
        "thumbnail_url": addresses.poster_of(clip),
        "thumbnail_width": clip.width,
        "thumbnail_height": clip.height,
        "cache_age": 3600,
    }


def _most(request: HttpRequest, name: str) -> int | None:
    text = request.GET.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and int(text) >= 120):
        raise ValueError(name)
    return int(text)


def _named(url: str) -> uuid.UUID | None:
    """The clip whose page has this address on this site."""
    try:
        asked, own = urlsplit(url), urlsplit(settings.SITE_URL)
        match = resolve(asked.path)
    except (ValueError, Resolver404):
        return None
    if asked.netloc != own.netloc or match.view_name != "gallery:clip":
        return None
    return uuid.UUID(str(match.kwargs["clip_id"]))


def _words(words: str, status: int) -> HttpResponse:
    return _public(JsonResponse({"error": words}, status=status))


def _public(response: HttpResponse) -> HttpResponse:
    response["Access-Control-Allow-Origin"] = "*"
    return response
