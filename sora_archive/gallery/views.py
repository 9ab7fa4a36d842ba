"""Pages of the gallery: the wall, what can be found on it, and one clip with its evidence."""

import uuid

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.templatetags.static import static
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from generation.models import Clip, Use, Visibility

from . import addresses, curating, describing, searching, wall
from . import patterns as pieces
from .choice import Choice
from .errors import BadChoice, BadPlace
from .exhibit import entries_of, tombstone_of
from .facets import facets
from .lineage import lineage
from .models import Collection

SHEETS = ("gallery", "forms", "find", "evidence", "record", "studio", "patterns")


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The wall, newest first; `?older=` continues it after a place."""
    after = place(request)
    page = wall.page(Choice(), after)
    context = {"works": page.works, "older": page.older, "first_page": after is None}
    return render(request, "gallery/home.html", context)


@require_safe
def find(request: HttpRequest) -> HttpResponse:
    """The works that a search and facets choose; a mistyped search is put right, in words."""
    try:
        choice = Choice.parse(request.GET)
    except BadChoice as error:
        context = {"choice": Choice(), "facets": facets(Choice()), "refusal": str(error)}
        return render(request, "gallery/find.html", context, status=400)
    after, asked = place(request), choice
    page = wall.page(choice, after)
    if choice.q and not page.works and after is None:
        choice = choice.but("q", searching.corrected(choice.q))
        page = wall.page(choice) if choice != asked else page
    if not page.works:
        choice = asked
    context = {
        "asked": asked,
        "choice": choice,
        "works": page.works,
        "older": page.older,
        "first_page": after is None,
        "facets": facets(choice),
    }
    return render(request, "gallery/find.html", context)


@require_safe
def clip(request: HttpRequest, clip_id: uuid.UUID) -> HttpResponse:
    """One published clip; a withdrawn one is gone, and a draft is known to its artist alone."""
    clips = Clip.objects.select_related("credential", "generation__artist")
    found = get_object_or_404(clips, pk=clip_id)
    if found.visibility in {Visibility.WITHDRAWN, Visibility.ERASED}:
        return _gone(request, found)
    if not found.published:
        return _draft(request, found)
    context = {
        "clip": found,
        "generation": found.generation,
        "credential": found.credential,
        "artist": found.generation.shown_artist,
        "entries": entries_of(found),
        "uses": [Use(use).label for use in found.generation.allowed_uses],
        "collections": curating.named(found.pk),
        "lineage": lineage(found),
        "poster": addresses.local("generation:poster", found.pk),
        "file": addresses.local("generation:clip_file", found.pk),
        "structured": describing.structured(found),
        "summary": describing.summary(found),
        "citation": describing.citation(found),
        "bibtex": describing.bibtex(found),
        "frame": describing.frame(found, *describing.frame_size(found, None, None)),
    }
    return render(request, "gallery/clip.html", context)


def _gone(request: HttpRequest, clip: Clip) -> HttpResponse:
    """What is left: who took it away, when and why; of a draft that was erased nothing."""
    if clip.published_at is None:
        raise Http404(gettext("No clip of this archive has this address."))
    context = {
        "tombstone": tombstone_of(clip),
        "erased": clip.visibility == Visibility.ERASED,
        "generation_id": clip.generation_id,
        "clip_id": clip.pk,
    }
    return render(request, "gallery/gone.html", context, status=410)


@require_safe
def collections(request: HttpRequest) -> HttpResponse:
    """Every collection that curators show."""
    return render(request, "gallery/collections.html", {"covers": curating.covers()})


@require_safe
def collection(request: HttpRequest, slug: str) -> HttpResponse:
    """One collection in its curator's order."""
    found = get_object_or_404(Collection.objects.select_related("curator"), slug=slug, shown=True)
    context = {
        "collection": found,
        "pieces": curating.shown_pieces(found),
        "choice": Choice(collection=found.title),
    }
    return render(request, "gallery/collection.html", context)


@require_safe
def patterns(request: HttpRequest) -> HttpResponse:
    """Every piece of the pages in every state, from constants."""
    sheets = [static(f"site/css/{name}.css") for name in SHEETS]
    return render(request, "patterns.html", pieces.everything() | {"sheets": sheets})


def _draft(request: HttpRequest, draft: Clip) -> HttpResponse:
    if draft.generation.artist_id != request.user.pk:
        raise Http404(gettext("No clip of this archive has this address."))
    return redirect(draft.generation)


def place(request: HttpRequest) -> wall.Place | None:
    """The place on the wall that an address names in `?older=`; raises Http404 in words."""
    text = request.GET.get("older", "")
    if not text:
        return None
    try:
        return wall.Place.parse(text)
    except BadPlace as error:
        raise Http404(str(error)) from error
