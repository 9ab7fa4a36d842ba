"""The public pages of signing: the form, the links of the mails, the list, and the count."""

from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from csp.constants import NONE, SELF
from csp.decorators import csp
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.html import escape
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.http import require_http_methods, require_safe

from provenance.log import outbox

from . import addresses, counting, listing, signing, versions
from .errors import LinkRefused, SigningRefused, TooMany
from .models import Invalidation, State, Version
from .signing_forms import SignForm
from .words import parse

_P = ParamSpec("_P")
_Response = TypeVar("_Response", bound=HttpResponseBase)
_View = Callable[Concatenate[HttpRequest, _P], HttpResponseBase]
_FRAMED = {
    "default-src": [NONE],
    "style-src": [SELF],
    "font-src": [SELF],
    "base-uri": [NONE],
    "form-action": [NONE],
    "frame-ancestors": ["*"],
}
_ACTS = {
    "withdraw": signing.withdraw, "erase": signing.erase_own_name, "news": signing.stop_news,
}  # fmt: skip


def _by_link(view: _View[_P]) -> _View[_P]:
    """A page behind a mailed link: its address goes nowhere, and refusals are told in words."""

    @never_cache
    @wraps(view)
    def answer(request: HttpRequest, /, *args: _P.args, **kwargs: _P.kwargs) -> HttpResponseBase:
        try:
            response = view(request, *args, **kwargs)
        except LinkRefused as error:
            context = {"words": str(error)}
            response = render(request, "statement/link.html", context, status=error.status)
        except SigningRefused as error:
            response = render(request, "statement/later.html", {"words": str(error)}, status=503)
        response["X-Robots-Tag"] = "noindex"
        return response

    return answer


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sign(request: HttpRequest) -> HttpResponse:
    """The form under the newest version; nothing counts before the mailed link is used."""
    version = versions.newest()
    if version is None:
        return render(request, "statement/unsigned.html", status=404)
    form = SignForm(request.POST or None, initial={"sha256": version.sha256})
    if not form.is_bound:
        return _form(request, version, form)
    if not form.is_valid():
        return _form(request, version, form, 422)
    if form.cleaned_data["sha256"] != version.sha256:
        return _form(request, version, SignForm(_with_hash(request, version)), 409)
    try:
        signing.ask(version, form.wish, addresses.range_of(request))
    except TooMany as error:
        form.add_error(None, str(error))
        response = _form(request, version, form, 429)
        response["Retry-After"] = str(error.wait)
        return response
    except SigningRefused as error:
        form.add_error(None, str(error))
        return _form(request, version, form, 503)
    return redirect("statement:sent")


@require_safe
def sent(request: HttpRequest) -> HttpResponse:
    """What to do now; the same for everybody, so that it tells nobody who has signed."""
    context = {
        "days": signing.CONFIRM_WITHIN.days,
        "mails": signing.MAILS_A_DAY,
        "mail_is_kept": settings.MAIL_IS_KEPT,
    }
    return render(request, "statement/sent.html", context)


@_by_link
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """A button, since mail scanners open links; only pressing it counts the signature."""
    if request.method == "POST":
        signature = signing.confirm(token)
        context = {"signature": signature, "counted": counting.shown(signature.version)}
        return render(request, "statement/confirmed.html", context)
    signature = signing.to_confirm(token)
    return render(request, "statement/confirm.html", {"signature": signature})


@_by_link
@require_http_methods(["GET", "HEAD", "POST"])
def own(request: HttpRequest, token: str) -> HttpResponse:
    """What is kept about a signatory, with the buttons that take it away."""
    if request.method == "POST":
        act = _ACTS.get(request.POST.get("act", ""))
        if act is None:
            raise Http404("There is no such act.")
        signature = act(token)
        if signature.state == State.WAITING:
            return render(request, "statement/forgotten.html")
        return redirect(request.path)
    signature = signing.of_token(token)
    entry = outbox.index_of(signature.ticket) if signature.ticket else None
    context = {"signature": signature, "entry": entry, "traced": signature.traces.exists()}
    return render(request, "statement/own.html", context)


@require_safe
def signatures(request: HttpRequest, number: int) -> HttpResponse:
    """Everybody who is listed under a version."""
    version = _version(number)
    asked = request.GET.get("page", "1")
    wanted = int(asked) if asked.isascii() and asked.isdecimal() and len(asked) < 7 else 1
    context = {
        "version": version,
        "title": parse(version.text.encode()).title,
        "shown": counting.shown(version),
        "page": listing.page(version, wanted),
    }
    return render(request, "statement/signatures.html", context)


@require_safe
def openings(request: HttpRequest, number: int) -> HttpResponseBase:
    """The listed names with their salts, a line of JSON each."""
    lines = listing.openings(_version(number))
    return _open(StreamingHttpResponse(lines, content_type="application/jsonl; charset=utf-8"))


@require_safe
def count(request: HttpRequest) -> HttpResponse:
    """The numbers shown beside those that the log alone gives."""
    shown, again = counting.numbers(), None
    with suppress(outbox.LogUnavailable):  # the page says that nothing was signed yet
        again = counting.recount()
    rows = [
        (version, shown.get(version.number, 0), again.of(version.number) if again else None)
        for version in Version.objects.defer("text")
    ]
    context = {
        "rows": rows,
        "again": again,
        "invalidations": Invalidation.objects.select_related("made_by", "undone_by"),
        "erased": listing.erased_by_curators(),
    }
    return render(request, "statement/count.html", context)


@require_safe
def count_json(request: HttpRequest) -> HttpResponse:
    """The same for programs, by version, the newest first."""
    numbers = counting.numbers()
    rows: list[dict[str, object]] = [
        {
            "version": version.number,
            "sha256": version.sha256,
            "signatures": numbers.get(version.number, 0),
            "page": settings.SITE_URL + version.get_absolute_url(),
        }
        for version in Version.objects.defer("text")
    ]
    newest = rows[0]["signatures"] if rows else 0
    response = JsonResponse({"signatures": newest, "versions": rows})
    response["Cache-Control"] = "public, max-age=60"
    return _open(response)


@require_safe
@xframe_options_exempt
@csp(_FRAMED)
def embed(request: HttpRequest) -> HttpResponse:
    """The count for the pages of others, in a frame that runs no script and sets no cookie."""
    version = versions.newest()
    context: dict[str, object] = {"version": version}
    if version:
        context["title"] = parse(version.text.encode()).title
        context["counted"] = counting.numbers().get(version.number, 0)
    response = render(request, "statement/embed.html", context)
    response["Cache-Control"] = "public, max-age=60"
    return response


def frame() -> str:
    """The HTML that others paste, as plain text."""
    address, title = (
        escape(settings.SITE_URL + reverse("statement:embed")),
        escape(settings.SITE_NAME),
    )
    return (
        f'<iframe src="{address}" width="360" height="220" title="{title}" loading="lazy"'
        ' sandbox="allow-popups allow-popups-to-escape-sandbox"></iframe>'
    )


def _form(
    request: HttpRequest, version: Version, form: SignForm, status: int = 200
) -> HttpResponse:
    context = {
        "form": form,
        "version": version,
        "changed": status == 409,
        "title": parse(version.text.encode()).title,
        "mail_is_kept": settings.MAIL_IS_KEPT,
    }
    return render(request, "statement/sign.html", context, status=status)


def _with_hash(request: HttpRequest, version: Version) -> dict[str, object]:
    """What was filled in, under the version that counts by now."""
    return {**request.POST.dict(), "sha256": version.sha256}


def _version(number: int) -> Version:
    return get_object_or_404(Version, pk=number)


def _open(response: _Response) -> _Response:
    response["Access-Control-Allow-Origin"] = "*"
    return response
