"""Moderation for everybody: making a report, reading decisions, and an artist's appeal."""

import uuid

from allauth.core import ratelimit
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from generation.models import Clip, Visibility
from provenance.core.records import EntryType
from provenance.log import outbox, reading

from . import deciding, reporting
from .errors import ModerationRefused
from .forms import AppealForm, ReportForm
from .models import About, Decision
from .reporting import Subject


@require_http_methods(["GET", "HEAD", "POST"])
def report(request: HttpRequest, clip_id: uuid.UUID) -> HttpResponse:
    """Report a published clip or its artist's name; no account is needed."""
    shown = Clip.objects.select_related("generation__artist")
    clip = get_object_or_404(shown, pk=clip_id, visibility=Visibility.PUBLISHED)
    about = [About.CLIP] if clip.generation.name_erased_at else [About.CLIP, About.NAME]
    return _report(request, about, clip=clip)


@require_http_methods(["GET", "HEAD", "POST"])
def report_signature(request: HttpRequest, number: int) -> HttpResponse:
    """Report a name under the statement, by its number in the list: that of its entry."""
    if not any(reading.entries(number, number + 1, [EntryType.SIGNATURE])):
        raise Http404(_("No signature has this number."))
    return _report(request, [About.SIGNATURE], signature=str(number))


def _report(
    request: HttpRequest, about: list[About], clip: Clip | None = None, signature: str = ""
) -> HttpResponse:
    form = ReportForm(about, request.POST or None)
    if request.method == "POST" and form.is_valid():
        if refusal := ratelimit.consume_or_429(request, action="report"):
            limited: HttpResponse = refusal
            return limited
        values = form.cleaned_data
        subject = Subject(About(values["about"]), clip, signature)
        _made, token = reporting.report(subject, values["grounds"], values["words"])
        return redirect("moderation:status", token)
    context = {"form": form, "clip": clip, "signature": signature}
    return render(request, "moderation/report.html", context, status=422 if form.is_bound else 200)


@never_cache
@require_safe
def status(request: HttpRequest, token: str) -> HttpResponse:
    """What became of a report, for whoever has its secret link."""
    made = reporting.by_token(token)
    if made is None:
        raise Http404("no report has this link")
    address = settings.SITE_URL + reverse("moderation:status", args=[token])
    response = render(request, "moderation/status.html", {"report": made, "address": address})
    response["X-Robots-Tag"] = "noindex"
    return response


@require_safe
def decisions(request: HttpRequest) -> HttpResponse:
    """Every decision with its reasons, the newest first; `?clip=` those about one clip."""
    found = Decision.objects.select_related("curator", "clip")
    clip = _clip(request.GET.get("clip", ""))
    if clip:
        found = found.filter(clip=clip)
    page = Paginator(found, 24).get_page(request.GET.get("page"))
    return render(request, "moderation/decisions.html", {"decisions": page, "clip": clip})


@require_safe
def decision(request: HttpRequest, decision_id: uuid.UUID) -> HttpResponse:
    """One decision: what, when, by whom, on what grounds, and where the log has it."""
    found = Decision.objects.select_related("curator", "clip")
    shown = get_object_or_404(found, pk=decision_id)
    context = {"decision": shown, "entry": outbox.index_of(shown.ticket)}
    return render(request, "moderation/decision.html", context)


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def reasons(request: HttpRequest, clip_id: uuid.UUID) -> HttpResponse:
    """The decisions about an artist's own clip, and one appeal against the last of them."""
    own = Clip.objects.select_related("generation").filter(generation__artist_id=request.user.pk)
    clip = get_object_or_404(own, pk=clip_id)
    form = AppealForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            deciding.appeal(clip, form.cleaned_data["words"])
        except ModerationRefused as refusal:
            messages.warning(request, str(refusal))
        else:
            messages.success(request, _("A curator will look at it again. You read it here."))
        return redirect("moderation:reasons", clip_id)
    made = clip.decisions.select_related("curator", "appeal__answer")
    last = deciding.last(clip)
    against = last if last and deciding.appealable(clip, last) else None
    context = {"clip": clip, "decisions": made, "form": form, "last": against}
    return render(request, "moderation/reasons.html", context, status=422 if form.is_bound else 200)


def _clip(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text) if text else None
    except ValueError as error:
        raise Http404("no clip has this id") from error
