"""The verify page: a file comes in, streams to disk, is read in a child, and is gone again."""

import logging
import uuid
from typing import Any

from django.conf import settings
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from provenance.core.errors import KeysRefused

from . import bundles, keyevents, ledger, presenting, reports, uploads
from .belief import site_list
from .errors import NotNow, ReportRefused
from .forms import FindForm, UploadForm

log = logging.getLogger(__name__)

UNPROCESSABLE, UNAVAILABLE = 422, 503


@csrf_exempt  # nothing of the body may be read before its size is known; _check asks for the token
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def upload(request: HttpRequest) -> HttpResponse:
    """Show the form, or check the file that came with it."""
    if request.method != "POST":
        return _page(request, UploadForm(), 200)
    refused = uploads.refusal(request)
    return _page(request, refused, UNPROCESSABLE) if refused else _check(request)


@csrf_protect
def _check(request: HttpRequest) -> HttpResponse:
    form = uploads.received(request)
    path = uploads.path_of(form)
    if path is None:
        return _page(request, form, UNPROCESSABLE)
    try:
        _, made = reports.check(path, keep=form.cleaned_data["keep"])
    except ReportRefused as error:
        form.add_error("keep", str(error))
        return _page(request, form, UNPROCESSABLE)
    except NotNow as error:
        return _page(request, UploadForm.refused(str(error)), UNAVAILABLE)
    return _fresh(request, made, {"file_name": form.upload.name})


@require_POST
@never_cache
def clip(request: HttpRequest, clip_id: uuid.UUID) -> HttpResponse:
    """Check the archive's own copy of a published clip."""
    found = ledger.clip_of(clip_id)
    if found is None or found.standing != ledger.PUBLISHED or not found.path.exists():
        raise Http404(gettext("No published clip of this archive has this id."))
    try:
        _, made = reports.check(found.path)
    except NotNow as error:
        return _page(request, UploadForm.refused(str(error)), UNAVAILABLE)
    return _fresh(request, made, {"own_copy": True})


@require_safe
@never_cache
def clip_bundle(request: HttpRequest, clip_id: uuid.UUID) -> HttpResponseBase:
    """What proves a published clip, in one file; to check it is left to whoever reads it."""
    page = f"{settings.SITE_URL}{reverse('gallery:clip', args=[clip_id])}"
    try:
        made = bundles.of_clip(clip_id, page)
    except KeysRefused:  # it names folders, which are the operator's business alone
        log.exception("the evidence of a clip cannot be served")
        words = gettext("This archive's keys cannot be read now. Its operator can mend that.")
        return HttpResponse(words, status=UNAVAILABLE, content_type="text/plain; charset=utf-8")
    if made is None:
        raise Http404(gettext("No published clip of this archive has this id."))
    return FileResponse(
        made, as_attachment=True, filename=f"{clip_id}.zip", content_type="application/zip"
    )


@require_safe
@never_cache
def find(request: HttpRequest) -> HttpResponse:
    """What was issued under a SHA-256, a clip's id or its address."""
    form = FindForm(request.GET)
    if not form.is_valid():
        return _page(request, UploadForm(), 200, form if request.GET else None)
    found = ledger.look_up(form.cleaned_data["q"])
    context = {"form": form, "q": form.cleaned_data["q"], "found": found}
    return render(request, "verify/found.html", context, status=200 if found else 404)


@require_safe
def trust_list(request: HttpRequest) -> HttpResponse:
    """Whom this archive's checks believe, for checks elsewhere (docs/keys.md)."""
    try:
        text = site_list().text
    except KeysRefused:  # it names folders, which are the operator's business alone
        log.exception("trust.json cannot be served")
        words = "This archive has no keys yet, or cannot read them. Its operator can mend that.\n"
        return HttpResponse(words, status=503, content_type="text/plain")
    # Anybody's page may check by it; there is nothing private in it.
    headers = {"Cache-Control": "no-cache", "Access-Control-Allow-Origin": "*"}
    entry = keyevents.entry_of_trust_list(text)
    if entry is not None:  # where the log holds the hash of these very bytes
        headers["Link"] = f'<{reverse("log:entry", args=[entry])}>; rel="describedby"'
    return HttpResponse(text, content_type="application/json", headers=headers)


def _fresh(request: HttpRequest, made: reports.Made, more: dict[str, Any]) -> HttpResponse:
    """The report of a check that was just made, with the link that only its maker gets."""
    context = presenting.fresh(made.report, made.finding) | more
    context["delete"] = presenting.delete_address(made.report, made.key)
    unreadable = context["verdict"]["verdict"] == "unreadable"
    status = UNPROCESSABLE if unreadable else 200
    return render(request, "verify/report.html", context, status=status)


def _page(
    request: HttpRequest, form: UploadForm, status: int, find: FindForm | None = None
) -> HttpResponse:
    context = {
        "form": form,
        "find": find or FindForm(),
        "max_bytes": settings.VERIFY_MAX_BYTES,
        "days": settings.VERIFY_REPORT_DAYS,
    }
    return render(request, "verify/upload.html", context, status=status)
