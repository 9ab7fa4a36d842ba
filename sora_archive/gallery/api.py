"""The archive for programs: `/api/v1/`, read-only JSON, with the same names as the pages."""

import uuid

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import conditional_page, require_safe

from generation.models import Clip, Visibility

from . import addresses, wall
from .choice import Choice
from .errors import BadChoice, BadPlace
from .exhibit import entries_of
from .openapi import MOST_CLIPS, document


@require_safe
def guide(request: HttpRequest) -> HttpResponse:
    """A page that says what can be asked, with forms and links to try it on the newest clip."""
    newest = wall.exhibits(Choice.parse({}), None, 1).exhibits
    shown = {
        "paths": document()["paths"],
        "most": MOST_CLIPS,
        "newest": newest[0].clip if newest else None,
    }
    return render(request, "gallery/api.html", shown)


@require_safe
def openapi(request: HttpRequest) -> HttpResponse:
    """The same for programs: OpenAPI 3.1."""
    return _json(document())


@conditional_page
@require_safe
def clips(request: HttpRequest) -> HttpResponse:
    """Published clips, newest first; `next` is the address of those before them."""
    older = request.GET.get("older", "")
    try:
        choice = Choice.parse(request.GET)
        size = _limit(request.GET.get("limit", str(wall.WORKS_A_PAGE)))
        page = wall.exhibits(choice, wall.Place.parse(older) if older else None, size)
    except (BadChoice, BadPlace) as error:
        return _json({"error": str(error)}, 400)
    more = f"{choice}&" if choice else ""
    following = f"{addresses.whole('gallery:api_clips')}?{more}limit={size}&older={page.older}"
    return _json(
        {
            "clips": [_clip(shown.clip, shown.entry) for shown in page.exhibits],
            "next": following if page.older else None,
        }
    )


@conditional_page
@require_safe
def clip(request: HttpRequest, clip_id: str) -> HttpResponse:
    """One published clip with its settings and all its entries in the log."""
    found = Clip.objects.select_related("credential", "generation__artist")
    shown = found.exclude(visibility=Visibility.DRAFT).filter(pk=_id(clip_id)).first()
    if shown is None or shown.published_at is None:
        return _json({"error": gettext("No clip of this archive has this id.")}, 404)
    if not shown.published:
        erased = shown.visibility == Visibility.ERASED
        words = gettext("This clip was erased.") if erased else gettext("This clip was withdrawn.")
        return _json({"error": words}, 410)
    generation, entries = shown.generation, entries_of(shown)
    asked = {
        "allowed_uses": generation.allowed_uses,
        "negative_prompt": generation.shown_negative_prompt,
        "seed": str(generation.seed),
        "steps": generation.steps,
        "guidance": generation.guidance,
        "entries": {
            "attempt": entries.attempt,
            "rendered": entries.rendered,
            "generated": entries.generated,
            "publication": entries.publication,
        },
    }
    return _json(_clip(shown, entries.generated) | asked)


def _clip(clip: Clip, entry: int | None) -> dict[str, object]:
    return {
        "id": str(clip.pk),
        "title": clip.title,
        "artist": "" if clip.generation.name_erased_at else clip.generation.shown_artist,
        "prompt": clip.generation.shown_prompt,
        "prompt_hidden": not clip.generation.prompt_public,
        "erased": clip.generation.erased,
        "description": clip.description,
        "licence": clip.generation.licence,
        "model": clip.model_title,
        "untrained": clip.untrained,
        "width": clip.width,
        "height": clip.height,
        "frames": clip.frames,
        "fps": clip.fps,
        "published_at": clip.published_at.isoformat() if clip.published_at else None,
        "sha256": clip.credential.sha256,
        "size": clip.credential.size,
        "manifest": clip.credential.manifest_id,
        "entry": entry,
        "page": addresses.page_of(clip),
        "file": addresses.file_of(clip),
        "poster": addresses.poster_of(clip),
        "player": addresses.player_of(clip),
        "ai_generated": True,
    }


def _id(text: str) -> uuid.UUID:
    """A clip's id; what is none becomes that of no clip, so that it is answered in JSON too."""
    try:
        return uuid.UUID(text)
    except ValueError:
        return uuid.UUID(int=0)


def _limit(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 4 and 1 <= int(text) <= MOST_CLIPS):
        raise BadChoice(gettext("limit is a number from 1 to %(most)d.") % {"most": MOST_CLIPS})
    return int(text)


def _json(body: dict[str, object], status: int = 200) -> HttpResponse:
    response = JsonResponse(body, status=status, json_dumps_params={"ensure_ascii": False})
    response["Access-Control-Allow-Origin"] = "*"
    return response


@csrf_exempt  # nothing is done here
def unknown(request: HttpRequest, rest: str) -> HttpResponse:
    """An address of the API that leads nowhere: programs are told so in JSON as well."""
    return _json({"error": gettext("There is nothing at this address of the API.")}, 404)
