"""Pages of the gallery: the wall, and one clip with its evidence."""

import uuid

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_safe

from generation.models import Clip, Visibility

from . import wall
from .errors import BadPlace
from .exhibit import entries_of


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The wall, newest first; `?older=` continues it after a place."""
    after = _place(request.GET.get("older", ""))
    page = wall.page(after)
    context = {"works": page.works, "older": page.older, "first_page": after is None}
    return render(request, "gallery/home.html", context)


@require_safe
def clip(request: HttpRequest, clip_id: uuid.UUID) -> HttpResponse:
    """One published clip; a withdrawn one is gone, and a draft is known to its artist alone."""
    clips = Clip.objects.select_related("credential", "generation__artist")
    found = get_object_or_404(clips, pk=clip_id)
    if found.visibility in {Visibility.WITHDRAWN, Visibility.ERASED}:
        return render(request, "gallery/gone.html", status=410)
    if not found.published:
        return _draft(request, found)
    context = {
        "clip": found,
        "generation": found.generation,
        "credential": found.credential,
        "artist": str(found.generation.artist),
        "entries": entries_of(found),
    }
    return render(request, "gallery/clip.html", context)


def _draft(request: HttpRequest, draft: Clip) -> HttpResponse:
    if draft.generation.artist_id != request.user.pk:
        raise Http404("No clip of this archive has this address.")
    return redirect(draft.generation)


def _place(text: str) -> wall.Place | None:
    if not text:
        return None
    try:
        return wall.Place.parse(text)
    except BadPlace as error:
        raise Http404(str(error)) from error
