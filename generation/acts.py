"""Pages of what can be done to a finished attempt: withdraw, restore, erase, each confirmed first.

Artists work on their own, those who look after the archive on everybody's, with a reason.
"""

import uuid

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from provenance.log import outbox

from . import consequences, erasing, publishing
from .errors import ErasureRefused, PublishingRefused
from .forms import ReasonForm
from .models import Act, By, Clip, Generation, Reason

UNPROCESSABLE = 422


@login_required
@never_cache
@require_safe
def choose(request: HttpRequest, generation_id: uuid.UUID) -> HttpResponse:
    """What of an attempt can be erased."""
    generation = _in_reach(request, generation_id)
    clip = Clip.objects.filter(generation=generation).first()
    kinds = [kind for kind in Act.ERASURES if clip or kind != Act.Kind.CLIP_ERASED]
    done = set(generation.acts.values_list("kind", flat=True))
    if Act.Kind.CLIP_ERASED in done:
        done |= set(kinds)
    offered = [(kind, consequences.of_erasing(kind, generation), kind in done) for kind in kinds]
    context = {"generation": generation, "clip": clip, "offered": offered}
    return render(request, "generation/erase_choice.html", context)


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def erase(request: HttpRequest, generation_id: uuid.UUID, kind: str) -> HttpResponse:
    """Say what one erasure takes and leaves; a POST with the form does it."""
    generation, asked = _in_reach(request, generation_id), _kind(kind)
    form = _reasons(request, generation)
    if request.method == "POST" and form.is_valid():
        try:
            erasing.erase(
                generation,
                asked,
                _role(request, generation),
                form.reason,
                person_id=request.user.pk,
            )
        except (ErasureRefused, outbox.LogUnavailable) as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Erased. The log says that it happened."))
            return redirect(_page_of(request, generation))
    context = {
        "generation": generation,
        "clip": Clip.objects.filter(generation=generation).first(),
        "form": form,
        "kind": asked,
        "says": consequences.of_erasing(asked, generation),
    }
    status = UNPROCESSABLE if form.is_bound else 200
    return render(request, "generation/erase.html", context, status=status)


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def withdraw(request: HttpRequest, generation_id: uuid.UUID) -> HttpResponse:
    """Say what a withdrawal does; a POST with the form does it. Another's clip is a case to decide,
    with words that the artist can appeal against.
    """
    generation = _in_reach(request, generation_id)
    clip = get_object_or_404(Clip, generation=generation)
    if _role(request, generation) != By.ARTIST:
        return redirect("moderation:case", "clip", clip.pk)
    form = _reasons(request, generation)
    if request.method == "POST" and form.is_valid():
        try:
            publishing.withdraw(clip, By.ARTIST, form.reason, request.user.pk)
        except outbox.LogUnavailable as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Withdrawn. The public does not see it any more."))
            return redirect(_page_of(request, generation))
    context = {"generation": generation, "clip": clip, "form": form}
    status = UNPROCESSABLE if form.is_bound else 200
    return render(request, "generation/withdraw.html", context, status=status)


@login_required
@require_POST
def restore(request: HttpRequest, generation_id: uuid.UUID) -> HttpResponse:
    """Bring a withdrawn clip back; another's clip is a case to decide."""
    generation = _in_reach(request, generation_id)
    clip = get_object_or_404(Clip, generation=generation)
    if _role(request, generation) != By.ARTIST:
        return redirect("moderation:case", "clip", clip.pk)
    try:
        publishing.restore(clip, By.ARTIST, Reason.OWN_WISH, request.user.pk)
    except (PublishingRefused, outbox.LogUnavailable) as refusal:
        messages.warning(request, str(refusal))
        return redirect(_page_of(request, generation))
    messages.success(request, _("Restored. It hangs in the gallery again."))
    return redirect(clip)


def _in_reach(request: HttpRequest, generation_id: uuid.UUID) -> Generation:
    """An own attempt, or anybody's for those who look after the archive; else as if there were
    none.
    """
    reach = Generation.objects.select_related("artist")
    if not request.user.is_staff:
        reach = reach.filter(artist_id=request.user.pk)
    return get_object_or_404(reach, pk=generation_id)


def _role(request: HttpRequest, generation: Generation) -> str:
    """In which role somebody acts; an account that may do neither does not get here."""
    if generation.artist_id == request.user.pk:
        return By.ARTIST
    role = getattr(request.user, "role", "")
    return By.OPERATOR if role == By.OPERATOR else By.CURATOR


def _reasons(request: HttpRequest, generation: Generation) -> ReasonForm:
    data = request.POST if request.method == "POST" else None
    return ReasonForm(data, of_artist=_role(request, generation) == By.ARTIST)


def _kind(name: str) -> Act.Kind:
    for kind in Act.ERASURES:
        if kind == name:
            return kind
    raise Http404("Nothing else can be erased.")


def _page_of(request: HttpRequest, generation: Generation) -> Generation | Clip | str:
    """Where somebody goes on: to the own attempt, or to what the public sees of another's."""
    if generation.artist_id == request.user.pk:
        return generation
    clip = Clip.objects.filter(generation=generation).first()
    return clip if clip and clip.published_at else "gallery:home"
