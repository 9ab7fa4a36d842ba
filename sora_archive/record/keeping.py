"""Pages of sources and their captured copies; curators attach a copy, everybody may have it."""

import json

from csp.constants import NONE
from csp.decorators import csp
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from provenance.log import outbox

from . import book, captures, history
from .errors import CaptureRefused
from .forms import CaptureForm
from .models import Capture, CaptureKind, Source


@require_http_methods(["GET", "HEAD", "POST"])
def source(request: HttpRequest, slug: str) -> HttpResponse:
    """One source, what rests on it, and its kept copies; a curator can attach one."""
    found = get_object_or_404(Source, pk=slug)
    curator = request.user.pk if request.user.is_authenticated and request.user.is_staff else None
    if request.method == "POST" and curator is None:
        raise PermissionDenied(_("Only curators attach copies."))
    form = CaptureForm(request.POST or None, request.FILES or None)
    if curator is not None and form.is_bound and form.is_valid():
        upload = form.cleaned_data["file"]
        try:
            kept = captures.attach(found, upload, form.words, curator)
        except CaptureRefused as error:
            form.add_error("file", str(error))
        else:
            messages.success(request, _("The copy is kept, and on its way into the log."))
            return redirect(kept)
    context = {
        "source": found,
        "captures": found.captures.all(),
        "facts": book.facts().filter(citations__source=found),
        "history": history.of([found]),
        "form": form if curator is not None else None,
        "max_bytes": settings.CAPTURE_MAX_BYTES,
    }
    return render(request, "record/origin.html", context, status=422 if form.is_bound else 200)


@require_safe
def capture(request: HttpRequest, capture_id: int) -> HttpResponse:
    """One copy: its hash, its entry in the log, and what opens the entry's commitment."""
    found = _capture(capture_id)
    opening = captures.opening_of(found)
    context = {
        "capture": found,
        "entry": outbox.index_of(found.ticket),
        "opening": opening,
        "value": json.dumps(opening.value, ensure_ascii=False) if opening else "",
    }
    return render(request, "record/capture.html", context)


@require_safe
@csp({"default-src": [NONE], "sandbox": [""]})  # type: ignore[arg-type]  # its types know no view with arguments
def download(request: HttpRequest, capture_id: int) -> FileResponse:
    """The very file, as a download and never as a page: it may hold anybody's script."""
    found = _capture(capture_id)
    path = captures.path_of(found.sha256)
    try:
        opened = path.open("rb")
    except OSError as error:
        raise Http404("This copy is not on the disk.") from error
    response = FileResponse(
        opened,
        as_attachment=True,
        filename=f"{found.source_id}-{found.sha256[:12]}.{found.kind}",
        content_type=captures.CONTENT_TYPES[CaptureKind(found.kind)],
    )
    response["Content-Length"] = str(found.size)
    response["ETag"] = f'"{found.sha256}"'
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    return response


def _capture(capture_id: int) -> Capture:
    # An index of PostgreSQL's bigint; what is larger names nothing.
    if capture_id >= 2**63:
        raise Http404("There is no such copy.")
    return get_object_or_404(Capture.objects.select_related("source", "kept_by"), pk=capture_id)
