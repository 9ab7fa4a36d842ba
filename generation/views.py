"""Pages of the line: ask, watch, stop, describe, publish."""

import uuid

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.http import require_POST, require_safe

from provenance.log import outbox

from . import asking, beginnings, estimates, offers, pausing, presets, proposals, queueing, quota
from .describing import title_of
from .errors import ModelUnavailable, Paused, PublishingRefused
from .forms import AskForm, DescriptionForm
from .models import Clip, Generation, Preset, State, Visibility
from .publishing import publish as publish_clip

STOP_POLLING = 286  # htmx: take this answer and ask no more
UNAVAILABLE = 503


@login_required
def ask(request: HttpRequest) -> HttpResponse:
    """The form; a valid one becomes generations, shown next, or is signed first.

    Other buttons of it draw a seed, take over a field, keep a preset: then it is shown again.
    """
    try:
        available = offers.usable()
    except ModelUnavailable as error:
        return render(request, "generation/no_model.html", {"words": error}, status=UNAVAILABLE)
    begun = beginnings.source(request.user, request.POST or request.GET)  # type: ignore[arg-type]
    if request.method != "POST":
        values = beginnings.initial(request.user, request.GET, available, begun)  # type: ignore[arg-type]
        return _ask_page(request, AskForm(available, initial=values), begun)
    if (shown := presets.pressed(request, available, begun)) is not None:
        return _ask_page(request, AskForm(available, initial=shown), begun)
    form = AskForm(available, request.POST)
    if not form.is_valid():
        return _ask_page(request, form, begun, status=422)
    try:
        return redirect(_asked(request, form))
    except Paused:
        return _ask_page(request, form, begun, status=UNAVAILABLE)


def _asked(request: HttpRequest, form: AskForm) -> Generation | str:
    """What was asked for, as the page to go on to."""
    artist, requests = request.user, form.requests()
    if request.POST.get("sign") == "1":
        proposal = proposals.propose(artist, requests[0])  # type: ignore[arg-type]
        return reverse("accounts:sign", args=[proposal.pk])
    asked = asking.ask_all(artist, requests)  # type: ignore[arg-type]
    return asked[0] if len(asked) == 1 else reverse("generation:queue")


def _ask_page(
    request: HttpRequest, form: AskForm, begun: beginnings.Source | None, status: int = 200
) -> HttpResponse:
    cards = list(form.cards.values())
    paused = pausing.notice()
    recent = Generation.objects.filter(artist_id=request.user.pk).select_related("clip")[:6]
    context = {
        "form": form,
        "offers": offers.offers(cards, estimates.pace()),
        "cards": cards,
        "recent": recent,
        "presets": Preset.objects.filter(artist_id=request.user.pk).only("name"),
        "paused": paused,
        "left_today": quota.left_today(request.user),  # type: ignore[arg-type]
        "parent": begun.parent if begun else None,
        "begun": begun,
    }
    response = render(request, "generation/ask.html", context, status=status)
    if status == UNAVAILABLE:
        response["Retry-After"] = str(pausing.RETRY_SECONDS)
    return response


@login_required
@require_safe
def mine(request: HttpRequest) -> HttpResponse:
    """Everything this artist has asked for, newest first."""
    own = Generation.objects.filter(artist_id=request.user.pk).select_related("clip")
    page = Paginator(own, 24).get_page(request.GET.get("page"))
    return render(request, "generation/mine.html", {"generations": page})


@login_required
@never_cache
@require_safe
def show(request: HttpRequest, generation_id: uuid.UUID) -> HttpResponse:
    """One generation: its steps while it runs, its clip when it is done."""
    return render(request, "generation/show.html", _state(_own(request, generation_id)))


@login_required
@cache_control(private=True, no_cache=True)
@require_safe
def state(request: HttpRequest, generation_id: uuid.UUID) -> HttpResponse:
    """The part of the page that changes; 304 while it has not, and the last time says to stop."""
    generation = _own(request, generation_id)
    status = STOP_POLLING if generation.is_final else 200
    answer = render(request, "generation/_state.html", _state(generation), status=status)
    return answer if generation.is_final else queueing.unless_known(request, answer)


@login_required
@require_POST
def cancel(request: HttpRequest, generation_id: uuid.UUID) -> HttpResponse:
    """Stop a generation; one that has ended stays as it is."""
    generation = _own(request, generation_id)
    asking.cancel(generation)
    return (
        redirect("generation:queue") if request.GET.get("to") == "queue" else redirect(generation)
    )


@login_required
@require_POST
def describe(request: HttpRequest, generation_id: uuid.UUID) -> HttpResponse:
    """What is seen in the artist's own clip, in words; they can be changed at any time."""
    shown = Clip.objects.filter(visibility__in=(Visibility.DRAFT, Visibility.PUBLISHED))
    own = shown.select_related("generation").filter(generation__artist_id=request.user.pk)
    clip = get_object_or_404(own, generation_id=generation_id)
    form = DescriptionForm(request.POST)
    if not form.is_valid():
        context = _state(clip.generation) | {"describing": form}
        return render(request, "generation/show.html", context, status=422)
    Clip.objects.filter(pk=clip.pk).update(
        title=form.cleaned_data["title"] or title_of(clip.generation),
        description=form.cleaned_data["description"],
    )
    messages.success(request, _("Title and description are kept."))
    return redirect(clip.generation)


@login_required
@require_POST
def publish(request: HttpRequest, generation_id: uuid.UUID) -> HttpResponse:
    """Make the artist's own draft public."""
    clip = get_object_or_404(
        Clip.objects.select_related("credential"),
        generation_id=generation_id,
        generation__artist_id=request.user.pk,
    )
    try:
        publish_clip(clip)
    except PublishingRefused as refusal:
        messages.warning(request, str(refusal))
        return redirect(clip.generation)
    except outbox.LogUnavailable:
        messages.warning(
            request,
            "The public log has not taken the clip in yet. Nothing is lost: try again soon.",
        )
        return redirect(clip.generation)
    return redirect(clip)


def _own(request: HttpRequest, generation_id: uuid.UUID) -> Generation:
    """The artist's own generation; somebody else's looks as if it did not exist."""
    own = Generation.objects.filter(artist_id=request.user.pk).defer("look__picture")
    joined = own.select_related("clip__credential", "look", "retry_of", "retried_as", "signature")
    return get_object_or_404(joined, pk=generation_id)


def _state(generation: Generation) -> dict[str, object]:
    clip = generation.clip if generation.state == State.DONE else None
    return {
        "generation": generation,
        "clip": clip,
        "describing": _describing(clip),
        "waiting": queueing.stand(generation),
    }


def _describing(clip: Clip | None) -> DescriptionForm | None:
    if clip is None or clip.visibility not in {Visibility.DRAFT, Visibility.PUBLISHED}:
        return None
    title = "" if clip.title == title_of(clip.generation) else clip.title
    return DescriptionForm(initial={"title": title, "description": clip.description})
