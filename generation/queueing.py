"""The queue as its artist sees it: what waits and runs, where it stands, how long it will take."""

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_POST, require_safe

from . import asking, estimates, retrying
from .engines import catalog
from .errors import ModelUnavailable, Paused, RetryRefused
from .models import OPEN_STATES, Generation, Look, State

MOST_SHOWN = 50


@dataclass(frozen=True)
class Standing:
    """One open generation as the page shows it; `takes` is the estimate in words, or empty."""

    generation: Generation
    position: int
    takes: str


@login_required
@cache_control(private=True, no_cache=True)
@require_safe
def queue(request: HttpRequest) -> HttpResponse:
    """What waits and runs; the same address gives htmx the part that renews itself."""
    standings = standing_of(request.user.pk)
    fragment = bool(request.headers.get("HX-Request"))
    template = "generation/_queue.html" if fragment else "generation/queue.html"
    answer = render(request, template, {"standings": standings, "most": MOST_SHOWN})
    answer["Vary"] = "HX-Request"
    return unless_known(request, answer) if fragment else answer


@login_required
@require_POST
def cancel_all(request: HttpRequest) -> HttpResponse:
    """Stop everything of the artist's that waits or runs, or all but the one named by `keep`."""
    kept = _uuid(request.POST.get("keep", ""))
    own = Generation.objects.filter(artist_id=request.user.pk, state__in=OPEN_STATES)
    stopped = 0
    for generation in (own.exclude(pk=kept) if kept else own).order_by("-created_at"):
        asking.cancel(generation)
        stopped += 1
    said = ngettext("%d attempt is stopped.", "%d attempts are stopped.", stopped) % stopped
    messages.success(request, said if stopped else _("Nothing was left to stop."))
    return redirect("generation:queue")


@login_required
@require_POST
def retry(request: HttpRequest, generation_id: uuid.UUID) -> HttpResponse:
    """Ask again for what gave no clip, as a new attempt that names the old one."""
    old = get_object_or_404(Generation, pk=generation_id, artist_id=request.user.pk)
    try:
        return redirect(retrying.retry(old))
    except (Paused, RetryRefused) as refusal:
        messages.warning(request, str(refusal))
    return redirect(old)


@login_required
@cache_control(private=True, max_age=300)
@require_safe
def look(request: HttpRequest, generation_id: uuid.UUID) -> HttpResponse:
    """The first look of a running generation, for its artist alone."""
    own = Look.objects.filter(generation__artist_id=request.user.pk)
    found = get_object_or_404(own, pk=generation_id)
    return HttpResponse(bytes(found.picture), content_type="image/webp")


def standing_of(artist_id: int | None) -> Sequence[Standing]:
    """The artist's open generations, those that run first, then as they were asked for."""
    own = Generation.objects.filter(artist_id=artist_id, state__in=OPEN_STATES)
    rows = own.select_related("look").defer("look__picture").order_by("created_at")[:MOST_SHOWN]
    return _standings(list(rows))


def stand(generation: Generation) -> Standing | None:
    """Where one stands; None where it has ended."""
    return None if generation.is_final else _standings([generation])[0]


def unless_known(request: HttpRequest, answer: HttpResponse) -> HttpResponse:
    """The answer, or 304 where the browser has this very one; its form tokens do not count."""
    seen = b"".join(line for line in answer.content.splitlines() if b"csrfmiddleware" not in line)
    etag = quote_etag(hashlib.sha256(seen).hexdigest()[:32])
    answer["ETag"] = etag
    same: HttpResponseBase | None = get_conditional_response(request, etag=etag, response=answer)
    return same if isinstance(same, HttpResponse) else answer


def _standings(rows: Sequence[Generation]) -> Sequence[Standing]:
    if not rows:
        return []
    paces = estimates.pace()
    waiting = [row for row in rows if row.state == State.QUEUED]
    places = iter(estimates.places(waiting, _neighbours(rows), paces))
    running = [
        Standing(row, 0, estimates.in_words(estimates.remaining(paces, row)))
        for row in rows
        if row.state == State.RUNNING
    ]
    queued = []
    for row in waiting:
        place = next(places)
        queued.append(Standing(row, place.position, estimates.in_words(place.seconds)))
    return [*running, *queued]


def _neighbours(rows: Sequence[Generation]) -> set[str]:
    """The models whose generations stand in the same lines as these."""
    asked = {row.model for row in rows}
    try:
        known = {card.id: card.queue for card in catalog.cards()}
    except ModelUnavailable:
        return asked
    lines = {known.get(model, catalog.DEFAULT_QUEUE) for model in asked}
    return asked | {model for model, line in known.items() if line in lines}


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
