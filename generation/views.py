"""Pages of the line: ask, watch, stop, describe, publish."""

import secrets
import uuid

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from provenance.log import outbox

from . import asking, proposals
from .engines.catalog import ModelCard, cards
from .errors import PublishingRefused
from .forms import AskForm, DescriptionForm, published
from .models import PROMPT_LETTERS, Clip, Generation, State, Visibility
from .publishing import publish as publish_clip

STOP_POLLING = 286  # htmx: take this answer and ask no more
WILL_RECORD = (
    "Every attempt is written into the public log before anything is rendered: that it was made, "
    "when, and how it ended. Your name, prompt and settings stand there only as salted hashes.",
    "A finished clip carries a content credential with your pseudonym, the prompt unless you hide "
    "it, the model, the seed and the settings. Whoever has the file can read them.",
    "The clip stays a draft that only you can see until you publish it.",
)


@login_required
def ask(request: HttpRequest) -> HttpResponse:
    """The form; a valid one becomes a generation, whose page is shown next, or is signed first."""
    available = list(cards())
    form = AskForm(available, request.POST or None, initial=_suggestion(request, available))
    if request.method == "POST" and form.is_valid():
        artist, asked = request.user, form.request()
        if request.POST.get("sign") == "1":
            return redirect("accounts:sign", proposals.propose(artist, asked).pk)  # type: ignore[arg-type]
        return redirect(asking.ask(artist, asked))  # type: ignore[arg-type]
    recent = Generation.objects.filter(artist_id=request.user.pk).select_related("clip")[:6]
    context = {
        "form": form,
        "cards": available,
        "recent": recent,
        "will_record": WILL_RECORD,
        "parent": _parent(form.data.get("parent") if form.is_bound else request.GET.get("remix")),
    }
    return render(request, "generation/ask.html", context, status=422 if form.is_bound else 200)


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
@never_cache
@require_safe
def state(request: HttpRequest, generation_id: uuid.UUID) -> HttpResponse:
    """The part of the page that changes; tells htmx to stop once the outcome is known."""
    generation = _own(request, generation_id)
    status = STOP_POLLING if generation.is_final else 200
    return render(request, "generation/_state.html", _state(generation), status=status)


@login_required
@require_POST
def cancel(request: HttpRequest, generation_id: uuid.UUID) -> HttpResponse:
    """Stop a generation; one that has ended stays as it is."""
    generation = _own(request, generation_id)
    asking.cancel(generation)
    return redirect(generation)


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
    Clip.objects.filter(pk=clip.pk).update(description=form.cleaned_data["description"])
    messages.success(request, _("The description is kept."))
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


def _suggestion(request: HttpRequest, available: list[ModelCard]) -> dict[str, object]:
    """What to begin with: the clip to be remixed, the example that was pressed, or one by chance.

    A parent's hidden prompt is not shown here either.
    """
    if parent := _parent(request.GET.get("remix")):
        asked = parent.generation
        return {
            "prompt": asked.shown_prompt,
            "negative_prompt": asked.shown_negative_prompt,
            "model": asked.model,
            "length": asked.frames,
            "seed": asked.seed,
        }
    if text := request.GET.get("prompt"):
        return {"prompt": text[:PROMPT_LETTERS]}
    for card in available:
        if card.id == request.GET.get("surprise") and card.examples:
            return {"prompt": secrets.choice(card.examples), "model": card.id}
    return {}


def _parent(clip_id: str | None) -> Clip | None:
    """The published clip of that id; None for anything else, which the form then refuses."""
    try:
        return published(uuid.UUID(clip_id)) if clip_id else None
    except ValueError:
        return None


def _own(request: HttpRequest, generation_id: uuid.UUID) -> Generation:
    """The artist's own generation; somebody else's looks as if it did not exist."""
    own = Generation.objects.select_related("clip__credential").filter(artist_id=request.user.pk)
    return get_object_or_404(own, pk=generation_id)


def _state(generation: Generation) -> dict[str, object]:
    clip = generation.clip if generation.state == State.DONE else None
    return {
        "generation": generation,
        "clip": clip,
        "describing": _describing(clip),
        "queue_position": _position(generation),
    }


def _describing(clip: Clip | None) -> DescriptionForm | None:
    if clip is None or clip.visibility not in {Visibility.DRAFT, Visibility.PUBLISHED}:
        return None
    return DescriptionForm(initial={"description": clip.description})


def _position(generation: Generation) -> int | None:
    """How many open generations are before this one, plus one; None once it runs."""
    if generation.state != State.QUEUED:
        return None
    ahead = Generation.objects.filter(
        state__in=(State.QUEUED, State.RUNNING), created_at__lt=generation.created_at
    )
    return ahead.count() + 1
