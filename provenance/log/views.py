"""The public side of the log: C2SP tlog-tiles as plain files, receipts, and pages for people."""

from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from provenance.core import tiles
from provenance.core.proofs import with_entry
from provenance.core.tiles import TileRefused

from . import gossip as gossiping
from . import lookup, pages, receipts, tree
from .errors import LogUnavailable
from .models import Anchor, Checkpoint, Contradiction, Entry, Origin

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
    return _file(receipts.cosigned(newest).encode(), _TEXT, _SOON_OLD)


@require_safe
def checkpoint_of(request: HttpRequest, size: int) -> HttpResponse:
    """The checkpoint of one size as the log signed it, without the lines of others."""
    if size >= 2**63:
        raise Http404("No checkpoint of that size was ever signed.")
    found = get_object_or_404(Checkpoint, head_id=size)
    return _file(found.note.encode(), _TEXT, _FOR_EVER)


@require_safe
def witnessed(request: HttpRequest) -> HttpResponse:
    """The newest checkpoint that enough witnesses have cosigned."""
    found = receipts.newest_witnessed()
    if found is None:
        raise Http404("No checkpoint has been cosigned by the witnesses of the policy.")
    return _file(receipts.cosigned(found).encode(), _TEXT, _SOON_OLD)


@require_safe
def policy(request: HttpRequest) -> HttpResponse:
    """Which witnesses are enough, as a C2SP tlog-policy."""
    origin = Origin.objects.first()
    if origin is None:
        raise Http404("The log has not been started.")
    text = pages.policy(origin.vkey)
    return _file(text.encode(errors="surrogateescape"), _TEXT, _SOON_OLD)


@require_safe
def stamp(request: HttpRequest, index: int) -> HttpResponse:
    """The time-stamp to which an entry `anchor` commits, as the authority sent it (RFC 3161)."""
    if index >= 2**63:
        raise Http404("The log has no such entry.")
    entry = get_object_or_404(Entry, index=index, index__lt=receipts.signed_size())
    found = get_object_or_404(Anchor, ticket=entry.ticket)
    answer = _file(bytes(found.token), "application/timestamp-reply", _FOR_EVER)
    answer["Content-Disposition"] = f'attachment; filename="entry-{index}.tsr"'
    return answer


@require_safe
def find(request: HttpRequest) -> HttpResponse:
    """Entries by a number, a clip's address, a hash or a manifest's name."""
    query = request.GET.get("q", "")
    found = lookup.find(query)
    if found.words == "entry" and found.entries:
        return redirect("log:entry", found.entries[0].index)
    context = {"query": query[: lookup.MOST_LETTERS], "lines": pages.lines(found.entries)}
    status = 200 if found.entries or not query else 404 if found.words else 400
    return render(request, "log/find.html", {**context, "words": found.words}, status=status)


@csrf_exempt  # whoever has seen a checkpoint may say so, from any page and any program
@require_POST
def gossip(request: HttpRequest) -> HttpResponse:
    """A checkpoint met elsewhere: the bare note, or the field `checkpoint` of the page's form."""
    is_form = request.content_type == "application/x-www-form-urlencoded"
    try:
        heard = gossiping.hear(_submitted(request, is_form=is_form))
        status, words = (201 if heard.is_new else 200), heard.words
        contradiction = heard.contradiction
    except gossiping.GossipRefused as refusal:
        status, words, contradiction = refusal.status, str(refusal), None
    if not is_form:
        return HttpResponse(f"{words}\n", content_type=_TEXT, status=status)
    context = {"words": words, "status": status, "contradiction": contradiction}
    return render(request, "log/heard.html", context, status=status)


@require_safe
def contradiction(request: HttpRequest, number: int) -> HttpResponse:
    """Two checkpoints under one key that no one history bears out: the evidence, for programs."""
    if number >= 2**63:
        raise Http404("There is no such evidence.")
    found = get_object_or_404(Contradiction, pk=number)
    return JsonResponse(gossiping.evidence(found), json_dumps_params={"indent": 2})


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


def _submitted(request: HttpRequest, *, is_form: bool) -> str:
    try:
        length = int(request.META.get("CONTENT_LENGTH") or 0)
        if length > 2 * gossiping.NOTE_BYTES:  # a form writes some letters as three
            raise RequestDataTooBig
        if is_form:
            # What was copied from a page has often lost its last newline.
            return request.POST.get("checkpoint", "").replace("\r\n", "\n").strip() + "\n"
        return request.body.decode()
    except RequestDataTooBig as error:
        raise gossiping.GossipRefused(
            gettext("A checkpoint is no longer than 64 KB."), 413
        ) from error
    except ValueError as error:
        raise gossiping.GossipRefused(gettext("A checkpoint is text in UTF-8."), 400) from error
