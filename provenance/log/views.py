"""The public side of the log: C2SP tlog-tiles as plain files, receipts, and pages for people."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from provenance.core import tiles
from provenance.core.proofs import with_entry
from provenance.core.tiles import TileRefused

from . import pages, receipts, tree
from .errors import LogUnavailable
from .models import Origin

_TEXT = "text/plain; charset=utf-8"
# A tile's bytes never change: a partial one is the beginning of the full one.
_FOR_EVER = "public, max-age=31536000, immutable"
_SOON_OLD = "no-cache"


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The front page; `?before=N` shows the entries before N."""
    before = request.GET.get("before", "")
    if before and not (before.isascii() and before.isdigit() and len(before) < 19):
        raise Http404("before is a number.")
    page = pages.front(int(before) if before else None)
    address = request.build_absolute_uri(reverse("log:index"))
    return render(request, "log/index.html", {**vars(page), "address": address})


@require_safe
def entry(request: HttpRequest, index: int) -> HttpResponse:
    """One entry in full."""
    page = pages.entry(index) if index < 2**63 else None
    if page is None:
        raise Http404("The log has no such entry.")
    return render(request, "log/entry.html", vars(page))


@require_safe
def proof(request: HttpRequest, index: int) -> HttpResponse:
    """The .tlog-proof of an entry under the newest checkpoint; `extra` brings the entry itself."""
    try:
        found = receipts.receipt(index)
    except LogUnavailable as error:
        raise Http404("The log has no such entry.") from error
    answer = _file(with_entry(found).encode(), _TEXT, _SOON_OLD)
    answer["Content-Disposition"] = f'attachment; filename="entry-{index}.tlog-proof"'
    return answer


@require_safe
def entry_data(request: HttpRequest, index: int) -> HttpResponse:
    """The very bytes of an entry, which the proof is about."""
    try:
        found = receipts.receipt(index)
    except LogUnavailable as error:
        raise Http404("The log has no such entry.") from error
    return _file(found.entry.encode(), "application/json", _FOR_EVER)


@require_safe
def checkpoint(request: HttpRequest) -> HttpResponse:
    """The newest signed checkpoint."""
    newest = receipts.newest()
    if newest is None:
        raise Http404("The log has not been started.")
    return _file(newest.note.encode(), _TEXT, _SOON_OLD)


@require_safe
def vkey(request: HttpRequest) -> HttpResponse:
    """The log's public key as a C2SP vkey."""
    origin = Origin.objects.first()
    if origin is None:
        raise Http404("The log has not been started.")
    return _file(f"{origin.vkey}\n".encode(), _TEXT, _SOON_OLD)


@require_safe
def tile(request: HttpRequest, path: str) -> HttpResponse:
    """A tile of hashes or a bundle of entries, as far as a signed checkpoint covers it."""
    try:
        wanted = tiles.parse_path(path)
    except TileRefused as error:
        raise Http404(str(error)) from error
    if not tiles.in_tree(wanted, receipts.signed_size()):
        raise Http404("The log has no such tile yet.")
    if wanted.level is None:
        data = tiles.bundle(tree.read_entries(wanted))
    else:
        data = tree.read_tiles([wanted])[wanted]
    return _file(data, "application/octet-stream", _FOR_EVER)


def _file(data: bytes, kind: str, caching: str) -> HttpResponse:
    return HttpResponse(
        data,
        content_type=kind,
        # Anybody's page may check the log from a browser; there is nothing private in it.
        headers={"Cache-Control": caching, "Access-Control-Allow-Origin": "*"},
    )
