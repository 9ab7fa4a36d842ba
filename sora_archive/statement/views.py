"""The statement's pages: the newest version, every version, and what changed."""

import logging

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from provenance.log import outbox

from . import versions
from .errors import StatementUnreadable
from .feed import atom
from .models import Version
from .words import load, parse

log = logging.getLogger(__name__)


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """The newest version; until there is one, the draft as its file stands now."""
    if newest := versions.newest():
        return _page(request, newest, newest=True)
    try:
        statement = load(settings.STATEMENT_FILE)
    except StatementUnreadable as error:
        log.error("the statement cannot be shown: %s", error)
        return render(request, "statement/unavailable.html", status=503)
    return render(request, "statement/show.html", {"statement": statement})


@require_safe
def versions_made(request: HttpRequest) -> HttpResponse:
    """Every version that was made, the newest first."""
    made = Version.objects.select_related("made_by").defer("text")
    return render(request, "statement/versions.html", {"versions": made})


@require_safe
def version(request: HttpRequest, number: int) -> HttpResponse:
    """One version, word for word."""
    found = _version(number)
    newest = versions.newest()
    return _page(request, found, newest=newest is not None and newest.number == number)


@require_safe
def text(request: HttpRequest, number: int) -> HttpResponse:
    """The very bytes that were hashed."""
    return HttpResponse(_version(number).text.encode(), content_type="text/plain; charset=utf-8")


@require_safe
def feed(request: HttpRequest) -> HttpResponse:
    """The newest versions, for feed readers."""
    return HttpResponse(atom(), content_type="application/atom+xml; charset=utf-8")


@require_safe
def changes(request: HttpRequest, number: int) -> HttpResponse:
    """What this version says otherwise than the one before."""
    found = _version(number)
    before = Version.objects.filter(number=number - 1).first()
    if before is None:
        raise Http404("There is no version before this one.")
    context = {
        "version": found,
        "before": before,
        "changes": versions.changes(before.text, found.text),
    }
    return render(request, "statement/changes.html", context)


def _version(number: int) -> Version:
    return get_object_or_404(Version.objects.select_related("made_by"), pk=number)


def _page(request: HttpRequest, found: Version, *, newest: bool) -> HttpResponse:
    context = {
        "statement": parse(found.text.encode()),
        "version": found,
        "newest": newest,
        "entry": outbox.index_of(found.ticket),
    }
    return render(request, "statement/show.html", context)
