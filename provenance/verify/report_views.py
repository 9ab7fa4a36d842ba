"""The pages of a report: to read, to print, for programs, as one file, and to remove it."""

from typing import TypeVar

from django.conf import settings
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from . import bundles, presenting, reports
from .answering import as_json
from .models import Report

_Response = TypeVar("_Response", bound=HttpResponseBase)


@require_safe
@never_cache
def report(request: HttpRequest, report_id: str) -> HttpResponse:
    """One report; `?print=1` unfolds everything, for paper."""
    found = _opened(report_id)
    context = presenting.page(found) | {"paper": request.GET.get("print") == "1"}
    return _private(render(request, "verify/report.html", context))


@require_safe
@never_cache
def report_json(request: HttpRequest, report_id: str) -> HttpResponse:
    """The same for programs."""
    return _private(as_json(presenting.as_json(_opened(report_id))))


@require_safe
@never_cache
def bundle(request: HttpRequest, report_id: str) -> HttpResponseBase:
    """The evidence in one file that checks without the archive."""
    found = _opened(report_id)
    return _private(
        FileResponse(
            bundles.build(found),
            as_attachment=True,
            filename=f"report-{found.pk}.zip",
            content_type="application/zip",
        )
    )


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def delete(request: HttpRequest, report_id: str, key: str) -> HttpResponse:
    """Ask, and then remove; only whoever made the report has the key."""
    found = reports.find(report_id)
    if found is None or not reports.belongs_to(found, key):
        raise Http404(gettext("There is no such report, or it was removed before."))
    if request.method != "POST":
        return _private(render(request, "verify/delete.html", {"report": found}))
    reports.delete(found)
    return _private(render(request, "verify/deleted.html"))


def _opened(report_id: str) -> Report:
    found = reports.find(report_id)
    if found is None:
        words = gettext(
            "There is no such report. Its maker may have removed it, or nobody opened it for"
            " %(days)d days."
        )
        raise Http404(words % {"days": settings.VERIFY_REPORT_DAYS})
    reports.opened(found)
    return found


def _private(answer: _Response) -> _Response:
    """Of no use to search engines; to other sites the address goes by nobody's referrer anyway."""
    answer["X-Robots-Tag"] = "noindex, nofollow"
    return answer
