"""The files of a clip over HTTP: the video, its posters, its preview; nothing that is not public.

An artist sees the files of an own draft as well. A withdrawn clip answers 410, whoever asks.
"""

import uuid

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from . import media, storage
from .models import Clip, Visibility

_GONE = {Visibility.WITHDRAWN, Visibility.ERASED}
_CLIPS = Clip.objects.select_related("credential", "generation").only(
    "visibility",
    *Clip.PICTURES,
    "generation__artist_id",
    "credential__sha256",
    "credential__erased",
    "credential__redacted",
)


@require_safe
def clip_file(request: HttpRequest, clip_id: uuid.UUID) -> HttpResponseBase:
    """The signed file, byte for byte."""
    clip = _visible(request, clip_id)
    if clip is None:
        return _gone()
    if clip.credential.sealed:
        return _sealed()
    return _file(request, clip.credential.sha256, "video/mp4", f"{clip.pk}.mp4")


@require_safe
def poster(request: HttpRequest, clip_id: uuid.UUID, kind: str = "webp") -> HttpResponseBase:
    """A still picture of the clip; `kind` is one of encode.POSTERS.

    A clip from before there were several has the WebP alone, which then stands for the others.
    """
    clip = _visible(request, clip_id)
    if clip is None:
        return _gone()
    hashes = {"avif": clip.poster_avif_sha256, "jpeg": clip.poster_jpeg_sha256}
    if not hashes.get(kind):
        return _file(request, clip.poster_sha256, "image/webp", "poster.webp")
    return _file(request, hashes[kind], f"image/{kind}", f"poster.{kind}")


@require_safe
def preview(request: HttpRequest, clip_id: uuid.UUID) -> HttpResponseBase:
    """The clip as a small silent animation."""
    clip = _visible(request, clip_id)
    if clip is None:
        return _gone()
    return _file(request, clip.preview_sha256, "image/webp", "preview.webp")


def _visible(request: HttpRequest, clip_id: uuid.UUID) -> Clip | None:
    """A published clip or the artist's own draft; None for one that is gone."""
    clip = _CLIPS.filter(pk=clip_id).first()
    if clip is not None and clip.visibility in _GONE:
        return None
    if clip is None or not (clip.published or clip.generation.artist_id == request.user.pk):
        raise Http404(gettext("There is no such clip."))
    return clip


def _gone() -> HttpResponse:
    words = gettext("This clip was withdrawn. Its page says what is still on record.")
    response = HttpResponse(f"{words}\n", status=410, content_type="text/plain; charset=utf-8")
    response["Cache-Control"] = "no-cache"  # a cache may keep a 410, and a clip may be restored
    return response


def _sealed() -> HttpResponse:
    words = gettext("Something is being taken out of this file. Try again in a minute.")
    response = HttpResponse(f"{words}\n", status=503, content_type="text/plain; charset=utf-8")
    response["Retry-After"] = "60"
    response["Cache-Control"] = "no-store"
    return response


def _file(request: HttpRequest, sha256: str, kind: str, name: str) -> HttpResponseBase:
    return media.serve(request, storage.path_of(sha256), sha256, kind, name)
