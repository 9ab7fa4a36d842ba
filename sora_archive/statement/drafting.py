"""The curators' pages: the draft, what it would change, and the act that makes it a version."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from . import versions, words
from .errors import VersionRefused
from .forms import DraftForm, MakeForm
from .guards import curator_id, for_curators
from .models import Draft


@for_curators
@require_http_methods(["GET", "HEAD", "POST"])
def draft(request: HttpRequest) -> HttpResponse:
    """The draft to write on; a valid one is kept and then shown with what it would change."""
    initial = {} if request.method == "POST" else {"text": versions.draft_text()}
    form = DraftForm(request.POST or None, initial=initial)
    if form.is_bound and form.is_valid():
        versions.keep_draft(form.cleaned_data["text"], curator_id(request))
        messages.success(request, _("The draft is kept. Nobody but curators sees it."))
        return redirect("statement:draft")
    return _page(request, form, status=422 if form.is_bound else 200)


@for_curators
@require_POST
def make(request: HttpRequest) -> HttpResponse:
    """The kept draft becomes a version, if it is still the text that was read."""
    form = MakeForm(request.POST)
    if form.is_valid():
        reason, seen = form.cleaned_data["reason"], form.cleaned_data["sha256"]
        try:
            return redirect(versions.make(curator_id(request), reason, seen))
        except VersionRefused as error:
            form.add_error(None, str(error))
    return _page(request, DraftForm(initial={"text": versions.draft_text()}), form, status=422)


def _page(
    request: HttpRequest, form: DraftForm, making: MakeForm | None = None, status: int = 200
) -> HttpResponse:
    kept, last = Draft.objects.select_related("kept_by").first(), versions.newest()
    context: dict[str, object] = {"form": form, "kept": kept, "last": last}
    if kept:
        context |= {
            "making": making or MakeForm(initial={"sha256": versions.sha256(kept.text)}),
            "statement": words.parse(kept.text.encode()),
            "number": last.number + 1 if last else 1,
            "changes": versions.changes(last.text, kept.text) if last else [],
        }
    elif making:
        context["making"] = making
    return render(request, "statement/draft.html", context, status=status)
