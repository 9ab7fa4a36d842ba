"""The statement's pages: the newest version, every version, and what changed."""

import logging

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from provenance.log import outbox

from . import counting, translating, versions
from .errors import StatementUnreadable
from .feed import atom
from .models import Translation, Version
from .signing_views import frame
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


@require_safe
def translation(request: HttpRequest, number: int, language: str) -> HttpResponse:
    """A version in another language, with what it is worth beside the one that was signed."""
    found = _translation(number, language)
    newest = versions.newest()
    context = {
        "statement": parse(found.text.encode()),
        "translation": found,
        "into": translating.language_of(language),
        "version": found.version,
        "lags": newest is not None and newest.number > number,
        "newer": translating.newer(found),
    }
    return render(request, "statement/translation.html", context)


@require_safe
def translated(request: HttpRequest, number: int, language: str) -> HttpResponse:
    """Its plain text."""
    text = _translation(number, language).text
    return HttpResponse(text.encode(), content_type="text/plain; charset=utf-8")


def _translation(number: int, language: str) -> Translation:
    found = translating.find(_version(number), language)
    if found is None:
        raise Http404("There is no such translation.")
    return found


def _version(number: int) -> Version:
    return get_object_or_404(Version.objects.select_related("made_by"), pk=number)


def _earlier(found: Version) -> list[tuple[int, int]]:
    """The versions before this one that have signatures, and how many; the newest first."""
    numbers = counting.numbers()
    return sorted((item for item in numbers.items() if item[0] < found.number), reverse=True)


def _page(request: HttpRequest, found: Version, *, newest: bool) -> HttpResponse:
    context = {
        "statement": parse(found.text.encode()),
        "version": found,
        "newest": newest,
        "entry": outbox.index_of(found.ticket),
        "shown": counting.shown(found),
        "earlier": _earlier(found),
        "translations": translating.standings(found),
        "address": settings.SITE_URL + found.get_absolute_url(),
        "frame": frame(),
    }
    return render(request, "statement/show.html", context)
