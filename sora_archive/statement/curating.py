"""The curators' pages about signatures: what to look at, one of them, and many at once."""

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from provenance.log import outbox

from . import counting, invalidating, limits, listing, signing, translating, versions
from .errors import CuratorRefused, SigningRefused, StatementError, VersionRefused
from .forms import TranslationForm
from .guards import curator_id, for_curators
from .models import Invalidation, Reason, Signature, Source, Standing, State, Tier
from .signing_forms import CriteriaForm, InvalidateForm, NoteForm, StandingForm, TierForm

PAGE = 100
SAMPLE = 20


@for_curators
@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """Sources with many sign-ups, claims to confirm, and the decisions that were made."""
    claims = Signature.objects.filter(state=State.COUNTED, confirmed_tier="")
    claims = claims.filter(tier=Tier.PROGRAMME).exclude(name="").order_by("confirmed_at")
    context = {
        "sources": limits.trending(),
        "claims": claims[:SAMPLE],
        "claims_count": claims.count(),
        "waiting": Signature.objects.filter(state=State.WAITING).count(),
        "invalidations": Invalidation.objects.select_related("made_by", "undone_by")[:PAGE],
        "newest": versions.newest(),
        "numbers": counting.numbers(),
    }
    return render(request, "statement/curate.html", context)


@for_curators
@require_safe
def signatures(request: HttpRequest) -> HttpResponse:
    """Confirmed signatures, to be searched."""
    words, state = request.GET.get("q", "")[:100].replace("\0", ""), request.GET.get("state", "")
    pages = Paginator(listing.search(words, state), PAGE)
    context = {
        "page": pages.get_page(request.GET.get("page")),
        "words": words,
        "state": state,
        "states": [each for each in State if each != State.WAITING],
    }
    return render(request, "statement/curate_signatures.html", context)


@for_curators
@require_safe
def table(request: HttpRequest) -> HttpResponseBase:
    """All of them as CSV."""
    headers = {"Content-Disposition": 'attachment; filename="signatures.csv"'}
    return StreamingHttpResponse(
        listing.table(), content_type="text/csv; charset=utf-8", headers=headers
    )


@for_curators
@require_safe
def signature(request: HttpRequest, signature_id: UUID) -> HttpResponse:
    """One signature with what was done to it."""
    return _signature(request, signature_id)


@for_curators
@require_POST
def tier(request: HttpRequest, signature_id: UUID) -> HttpResponse:
    """Confirm as whom it was signed."""
    form = TierForm(request.POST)
    if not form.is_valid():
        return _signature(request, signature_id, 422, tier_form=form)
    wanted, note = Tier(form.cleaned_data["tier"]), form.cleaned_data["note"]
    return _acted(
        request,
        lambda: signing.confirm_tier(signature_id, wanted, note, curator_id(request)),
        _("Confirmed."),
        signature_id,
    )


@for_curators
@require_POST
def erase(request: HttpRequest, signature_id: UUID) -> HttpResponse:
    """Erase a name that should not stand there; the signature counts on."""
    form = NoteForm(request.POST)
    if not form.is_valid():
        return _signature(request, signature_id, 422, note_form=form)
    note = form.cleaned_data["note"]
    return _acted(
        request,
        lambda: signing.erase_name(signature_id, note, curator_id(request)),
        _("The name is erased, here and for the log."),
        signature_id,
    )


@for_curators
@require_http_methods(["GET", "HEAD", "POST"])
def source(request: HttpRequest, source_id: int) -> HttpResponse:
    """One source: what came from it, and what is decided about it."""
    found = get_object_or_404(limits.known(), pk=source_id)
    initial = {"standing": found.standing, "note": found.decided_note}
    form = StandingForm(request.POST or None, initial=initial)
    if form.is_bound and form.is_valid():
        decided, note = Standing(form.cleaned_data["standing"]), form.cleaned_data["note"]
        limits.decide(found.pk, decided, note, curator_id(request))
        messages.success(request, _("Decided."))
        return redirect("statement:curate")
    context = {"source": found, "form": form, "newest": versions.newest()}
    return render(
        request, "statement/curate_source.html", context, status=422 if form.is_bound else 200
    )


@for_curators
@require_http_methods(["GET", "HEAD", "POST"])
def invalidate(request: HttpRequest) -> HttpResponse:
    """Criteria, what they choose, and the decision; the address alone shows the same preview."""
    form = CriteriaForm(request.GET or None)
    context: dict[str, object] = {"form": form, "sample": SAMPLE}
    if not form.is_bound:
        newest = versions.newest()
        context["form"] = CriteriaForm(initial={"version": newest.number if newest else 1})
        return render(request, "statement/invalidate.html", context)
    if not form.is_valid():
        return render(request, "statement/invalidate.html", context, status=422)
    deciding = InvalidateForm(request.POST or None)
    try:
        if deciding.is_bound and deciding.is_valid():
            data = deciding.cleaned_data
            why = (Reason(data["reason"]), data["note"])
            made = invalidating.invalidate(
                form.criteria, data["expected"], why, curator_id(request)
            )
            messages.success(request, _("%(size)d signatures do not count.") % {"size": made.size})
            return redirect("statement:curate")
        _preview(context, form)
    except CuratorRefused as error:
        _preview(context, form, error)
    if not deciding.is_bound:
        deciding = InvalidateForm(initial={"expected": context.get("size")})
    context["deciding"] = deciding
    status = 422 if deciding.is_bound or "refused" in context else 200
    return render(request, "statement/invalidate.html", context, status=status)


@for_curators
@require_http_methods(["GET", "HEAD", "POST"])
def undo(request: HttpRequest, invalidation_id: int) -> HttpResponse:
    """Let the signatures of a decision count again."""
    made = get_object_or_404(Invalidation.objects.select_related("made_by"), pk=invalidation_id)
    form = NoteForm(request.POST or None)
    if form.is_bound and form.is_valid():
        try:
            back = invalidating.undo(made.pk, form.cleaned_data["note"], curator_id(request))
        except CuratorRefused as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("%(back)d signatures count again.") % {"back": back})
            return redirect("statement:curate")
    context = {"invalidation": made, "form": form, "left": made.signatures.count()}
    return render(request, "statement/undo.html", context, status=422 if form.is_bound else 200)


@for_curators
@require_http_methods(["GET", "HEAD", "POST"])
def translate(request: HttpRequest) -> HttpResponse:
    """The newest version in another language."""
    version = versions.newest()
    form = TranslationForm(request.POST or None)
    if version and form.is_bound and form.is_valid():
        language, text = form.cleaned_data["language"], form.cleaned_data["text"]
        try:
            return redirect(translating.translate(version, language, text, curator_id(request)))
        except VersionRefused as error:
            form.add_error(None, str(error))
    context = {"form": form, "version": version}
    return render(
        request, "statement/translate.html", context, status=422 if form.is_bound else 200
    )


def _preview(
    context: dict[str, object], form: CriteriaForm, error: CuratorRefused | None = None
) -> None:
    if error is not None:
        context["refused"] = str(error)
    if form.criteria:
        chosen = invalidating.chosen(form.criteria).order_by("confirmed_at", "pk")
        context["size"], context["chosen"] = chosen.count(), chosen[:SAMPLE]


def _acted(
    request: HttpRequest, act: Callable[[], None], said: str, signature_id: UUID
) -> HttpResponse:
    """Do it, and go back to the signature with a word about how it went."""
    get_object_or_404(Signature, pk=signature_id)
    try:
        act()
    except (StatementError, SigningRefused) as error:
        messages.error(request, str(error))
    else:
        messages.success(request, said)
    return redirect("statement:curate_signature", signature_id)


def _signature(
    request: HttpRequest, signature_id: UUID, status: int = 200, **forms: object
) -> HttpResponse:
    confirmed = Signature.objects.exclude(state=State.WAITING)
    found = get_object_or_404(
        confirmed.select_related("version", "invalidation").prefetch_related("acts__made_by"),
        pk=signature_id,
    )
    context = {
        "signature": found,
        "entry": outbox.index_of(found.ticket) if found.ticket else None,
        "sources": Source.objects.filter(traces__signature=found).distinct(),
        "tier_form": TierForm(initial={"tier": found.confirmed_tier or found.tier}),
        "note_form": NoteForm(),
        **forms,
    }
    return render(request, "statement/curate_signature.html", context, status=status)
