"""Pages of a hidden prompt: reveal it, and what proves that it is the one committed to."""

import uuid

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from . import revealing
from .errors import RevealRefused
from .models import Clip, Generation

UNPROCESSABLE = 422


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def reveal(request: HttpRequest, generation_id: uuid.UUID) -> HttpResponse:
    """Say what revealing means; a POST does it."""
    generation = _own(request, generation_id)
    refusal = ""
    if request.method == "POST":
        try:
            revealing.reveal(generation)
        except RevealRefused as error:
            refusal = str(error)
        else:
            messages.success(request, _("The prompt is public from now on."))
            return redirect(generation)
    context = {"generation": generation, "refusal": refusal}
    status = UNPROCESSABLE if refusal else 200
    return render(request, "generation/reveal.html", context, status=status)


@login_required
@never_cache
@require_safe
def own_opening(request: HttpRequest, generation_id: uuid.UUID) -> HttpResponse:
    """What opens the commitment, for its artist alone, who may show it to whom they choose."""
    return _file(revealing.opening_file(_own(request, generation_id)))


@require_safe
def opening(request: HttpRequest, clip_id: uuid.UUID) -> HttpResponse:
    """What opens the commitment to a revealed prompt, for everybody."""
    clip = get_object_or_404(Clip.objects.select_related("generation"), pk=clip_id)
    response = _file(revealing.revealed_file(clip))
    response["Access-Control-Allow-Origin"] = "*"
    response["Cache-Control"] = "no-cache"  # it goes when the prompt is erased
    return response


def _own(request: HttpRequest, generation_id: uuid.UUID) -> Generation:
    own = Generation.objects.filter(artist_id=request.user.pk, prompt_hidden=True)
    return get_object_or_404(own, pk=generation_id)


def _file(text: str | None) -> HttpResponse:
    if text is None:
        raise Http404(_("There is no opened prompt here."))
    response = HttpResponse(text, content_type="application/json")
    response["Content-Disposition"] = 'attachment; filename="prompt.json"'
    return response
