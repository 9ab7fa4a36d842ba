"""The verify page: a file comes in, streams to disk, is read in a child, and is gone again."""

from pathlib import Path

from django.conf import settings
from django.core.files.uploadedfile import TemporaryUploadedFile
from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_safe

from provenance import vault

from . import child, keyevents, ledger
from .forms import UploadForm, too_large

UNPROCESSABLE = 422
# What the browser wraps around a file: boundaries, field names, the token.
ENVELOPE_BYTES = 64 * 1024


@csrf_exempt  # nothing of the body may be read before its size is known; _check asks for the token
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def upload(request: HttpRequest) -> HttpResponse:
    """Show the form, or check the file that came with it."""
    if request.method != "POST":
        return _page(request, UploadForm(), 200)
    if _too_large(request):
        return _page(request, UploadForm.refused(too_large()), UNPROCESSABLE)
    request.upload_handlers = [TemporaryFileUploadHandler(request)]
    return _check(request)


@csrf_protect
def _check(request: HttpRequest) -> HttpResponse:
    form = UploadForm(request.POST, request.FILES)
    if not form.is_valid() or not isinstance(form.upload, TemporaryUploadedFile):
        return _page(request, form, UNPROCESSABLE)
    verdict = child.check(Path(form.upload.temporary_file_path()))
    context = {
        "form": UploadForm(),
        "verdict": verdict,
        "report_steps": verdict.steps,
        "credential": ledger.issued_as(verdict.sha256, verdict.manifest_id),
        "file_name": form.upload.name,
    }
    status = UNPROCESSABLE if verdict.verdict == "unreadable" else 200
    return render(request, "verify/result.html", context, status=status)


@require_safe
def trust_list(request: HttpRequest) -> HttpResponse:
    """Whom this archive's checks believe, for checks elsewhere (docs/keys.md)."""
    text = vault.trust_list(settings.KEYS_DIR).text
    # Anybody's page may check by it; there is nothing private in it.
    headers = {"Cache-Control": "no-cache", "Access-Control-Allow-Origin": "*"}
    entry = keyevents.entry_of_trust_list(text)
    if entry is not None:  # where the log holds the hash of these very bytes
        headers["Link"] = f'<{reverse("log:entry", args=[entry])}>; rel="describedby"'
    return HttpResponse(text, content_type="application/json", headers=headers)


def _page(request: HttpRequest, form: UploadForm, status: int) -> HttpResponse:
    limit = settings.VERIFY_MAX_BYTES
    return render(request, "verify/upload.html", {"form": form, "max_bytes": limit}, status=status)


def _too_large(request: HttpRequest) -> bool:
    declared = request.META.get("CONTENT_LENGTH") or "0"
    return not declared.isdigit() or int(declared) > settings.VERIFY_MAX_BYTES + ENVELOPE_BYTES
