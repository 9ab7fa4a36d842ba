"""The line for programs: ask, look, cancel, fetch, with a token of the artist's.

A token is no cookie: no other site can make a browser send it, so these need no CSRF token.
"""

import uuid
from collections.abc import Callable
from typing import Any, TypeAlias

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from . import asking, files, offers, pausing, requesting, retrying
from .engines.catalog import ModelCard
from .errors import ModelUnavailable, NotLetIn, Paused, RetryRefused
from .models import Clip, Generation
from .requesting import BadRequest
from .settings_form import size_text

MOST = 100
_View: TypeAlias = Callable[..., HttpResponseBase]


def for_programs(view: _View) -> _View:
    """Answers refusals as JSON in words."""

    @csrf_exempt
    @never_cache
    def answer(request: HttpRequest, **where: uuid.UUID) -> HttpResponseBase:
        try:
            return view(request, **where)
        except NotLetIn as error:
            refusal = _json({"error": error.words}, error.status)
            refusal["WWW-Authenticate"] = error.challenge
            return refusal
        except BadRequest as error:
            return _json({"error": error.words, "fields": error.fields}, error.status)
        except (Paused, ModelUnavailable) as error:
            refusal = _json({"error": str(error)}, 503)
            refusal["Retry-After"] = str(pausing.RETRY_SECONDS)
            return refusal

    return answer


@for_programs
@require_http_methods(["GET", "HEAD", "POST"])
def generations(request: HttpRequest) -> HttpResponse:
    """Ask for a clip (POST), or list what was asked for, the newest first."""
    return _ask(request) if request.method == "POST" else _list(request)


@for_programs
@require_safe
def generation(request: HttpRequest, generation_id: uuid.UUID) -> HttpResponse:
    """One generation of the artist's."""
    return _json(_shown(_own(_holder(request, "read"), generation_id)))


@for_programs
@require_POST
def cancel(request: HttpRequest, generation_id: uuid.UUID) -> HttpResponse:
    """Stop one; what has ended stays as it is."""
    found = _own(_holder(request, "generate"), generation_id)
    asking.cancel(found)
    return _json(_shown(_own_again(found)))


@for_programs
@require_POST
def retry(request: HttpRequest, generation_id: uuid.UUID) -> HttpResponse:
    """Ask again for one that gave no clip; again and again gives the same new one."""
    artist = _holder(request, "generate")
    try:
        made = retrying.retry(_own(artist, generation_id))
    except RetryRefused as error:
        raise BadRequest(str(error), 409) from error
    answer = _json(_shown(_own_again(made)))
    answer["Location"] = reverse("generation:api_generation", args=[made.pk])
    return answer


@for_programs
@require_safe
def models(request: HttpRequest) -> HttpResponse:
    """What can be asked of which model, the one that is meant where none is named first."""
    _holder(request, "read")
    return _json({"models": [_card(offer) for offer in offers.offers(offers.usable(), {})]})


@for_programs
@require_safe
def clip_file(request: HttpRequest, generation_id: uuid.UUID) -> HttpResponseBase:
    """The file of a finished clip, published or not."""
    artist = _holder(request, "read")
    clip = Clip.objects.filter(generation=_own(artist, generation_id)).first()
    if clip is None:
        raise BadRequest(_("No clip has come of it (yet)."), 404)
    request.user = artist  # type: ignore[assignment]  # the files are shown to whom they are shown
    return files.clip_file(request, clip.pk)


def _ask(request: HttpRequest) -> HttpResponse:
    artist = _holder(request, "generate")
    key = requesting.key_of(request.headers.get("Idempotency-Key", ""))
    asked, given = requesting.read(request, key)
    drafts = [asking.draft(artist, each) for each in asked]
    found = asking.ask_drafts(artist, drafts)
    status = 201 if found[0].pk == drafts[0].generation.pk else 200
    if status == 200:
        if not requesting.same(found, [each.generation for each in drafts], given):
            words = _("This Idempotency-Key was used for another request. Use a new one for each.")
            raise BadRequest(words, 422)
        found = [_own_again(each) for each in found]
    if given.get("count") is not None:
        return _json({"generations": [_shown(each) for each in found], "next": None}, status)
    answer = _json(_shown(found[0]), status)
    answer["Location"] = reverse("generation:api_generation", args=[found[0].pk])
    return answer


def _list(request: HttpRequest) -> HttpResponse:
    artist = _holder(request, "read")
    if request.GET.keys() - {"limit", "before"}:
        raise BadRequest(_("There are limit and before, and nothing else to say here."), 400)
    limit, before = request.GET.get("limit", "20"), request.GET.get("before")
    if not (limit.isascii() and limit.isdigit() and len(limit) < 4 and 1 <= int(limit) <= MOST):
        raise BadRequest(_("limit is a number from 1 to %d.") % MOST, 400)
    own = Generation.objects.filter(artist_id=artist.pk).select_related("clip")
    if before is not None:
        own = own.filter(_older_than(artist, before))
    rows = list(own.order_by("-created_at", "-pk")[: int(limit) + 1])
    more = len(rows) > int(limit)
    page = rows[: int(limit)]
    following = f"{reverse('generation:api_generations')}?before={page[-1].pk}" if more else None
    address = f"{settings.SITE_URL}{following}&limit={limit}" if following else None
    return _json({"generations": [_shown(row) for row in page], "next": address})


def _older_than(artist: AbstractBaseUser, before: str) -> Q:
    try:
        place = _own(artist, uuid.UUID(before))
    except ValueError as error:
        raise BadRequest(_("before is the id of a generation."), 400) from error
    return Q(created_at__lt=place.created_at) | Q(created_at=place.created_at, pk__lt=place.pk)


def _holder(request: HttpRequest, scope: str) -> AbstractBaseUser:
    find: Callable[[HttpRequest, str], AbstractBaseUser] = import_string(settings.API_HOLDER)
    return find(request, scope)


def _own(artist: AbstractBaseUser, generation_id: uuid.UUID) -> Generation:
    own = Generation.objects.select_related("clip").filter(artist_id=artist.pk)
    found = own.filter(pk=generation_id).first()
    if found is None:
        raise BadRequest(_("You have no generation of this id."), 404)
    return found


def _own_again(found: Generation) -> Generation:
    return Generation.objects.select_related("clip").get(pk=found.pk)


def _shown(row: Generation) -> dict[str, Any]:
    clip: Clip | None = getattr(row, "clip", None)
    return {
        "id": str(row.pk),
        "state": row.state,
        "attempt": row.attempt,
        "prompt": row.prompt,
        "negative_prompt": row.negative_prompt,
        "model": row.model,
        "seed": str(row.seed),
        "steps": row.steps,
        "guidance": row.guidance,
        "width": row.width,
        "height": row.height,
        "frames": row.frames,
        "fps": row.fps,
        "title": clip.title if clip else row.title,
        "description": clip.description if clip else row.description,
        "batch": str(row.batch) if row.batch else None,
        "retry_of": str(row.retry_of_id) if row.retry_of_id else None,
        "licence": row.licence,
        "allowed_uses": list(row.allowed_uses),
        "prompt_hidden": row.prompt_hidden,
        "parent": str(row.parent_id) if row.parent_id else None,
        "begins_with": row.begins_with,
        "step": row.step,
        "reason": row.reason_code,
        "words": row.reason,
        "created_at": row.created_at.isoformat(),
        "finished_at": row.finished_at.isoformat() if row.finished_at else None,
        "page": settings.SITE_URL + row.get_absolute_url(),
        "clip": _clip(row, clip) if clip else None,
    }


def _clip(row: Generation, clip: Clip) -> dict[str, str]:
    file = reverse("generation:api_clip_file", args=[row.pk])
    return {
        "id": str(clip.pk),
        "visibility": clip.visibility,
        "file": settings.SITE_URL + file,
    }


def _card(offer: offers.Offer) -> dict[str, Any]:
    card: ModelCard = offer.card
    bounds = {"steps": card.steps, "guidance": card.guidance}
    return {
        "id": card.id,
        "title": card.title,
        "summary": card.summary,
        "licence": card.licence,
        "revision": card.revision,
        "weights_sha256": offer.sha256,
        "limits": card.limits,
        "sizes": [size_text(size) for size in card.sizes],
        "size": size_text((card.width, card.height)),
        "frames": {"default": card.frames, "choices": list(card.frame_choices)},
        "fps": {"default": card.fps, "choices": list(card.fps_choices)},
        **{name: {"default": each.default, "min": each.minimum, "max": each.maximum}
           for name, each in bounds.items()},
        "begins_with_frame": card.begins_with_frame,
        "damage": offer.damage,
    }  # fmt: skip


def _json(body: dict[str, Any], status: int = 200) -> HttpResponse:
    return JsonResponse(body, status=status, json_dumps_params={"ensure_ascii": False})
