"""The curators' side: what waits, one case, and the two lists of rules."""

import uuid
from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Case, QuerySet, When
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from generation import media, publishing, storage
from generation.errors import ErasureRefused, PublishingRefused
from generation.models import Clip
from provenance.log.errors import LogUnavailable

from . import deciding
from .errors import ModerationRefused
from .forms import BlockedFileForm, DecisionForm, EndForm, RefusedWordForm
from .models import GRAVE, About, Appeal, BlockedFile, Decision, Held, Outcome, RefusedWord, Report
from .reporting import Subject
from .skeletons import skeleton

_View = Callable[..., HttpResponseBase]
_LISTS: dict[str, QuerySet[RefusedWord] | QuerySet[BlockedFile]] = {
    "words": RefusedWord.objects.select_related("curator", "ended_by"),
    "files": BlockedFile.objects.select_related("curator", "ended_by"),
}
REPORTS_A_PAGE = 50
ENDED_SHOWN = 50
FILES_SHOWN = 200


def for_curators(view: _View) -> _View:
    """Only for those who look after the archive."""

    @never_cache
    @login_required
    def guarded(request: HttpRequest, **where: object) -> HttpResponseBase:
        if not request.user.is_staff:
            raise PermissionDenied("Only curators decide.")
        return view(request, **where)

    return guarded


@for_curators
@require_safe
def queue(request: HttpRequest) -> HttpResponse:
    """What waits for a decision: the gravest first, then the oldest."""
    grave = Case(When(about=About.CLIP, grounds__in=GRAVE, then=0), default=1)
    waiting = Report.objects.filter(decision__isnull=True).select_related("clip")
    reports = Paginator(waiting.order_by(grave, "made_at"), REPORTS_A_PAGE)
    context = {
        "reports": reports.get_page(request.GET.get("page")),
        "appeals": Appeal.objects.filter(answer__isnull=True).select_related("decision__clip"),
        "held": Held.objects.filter(decision__isnull=True).select_related("clip"),
    }
    return render(request, "moderation/queue.html", context)


@for_curators
@require_http_methods(["GET", "HEAD", "POST"])
def case(request: HttpRequest, about: str, clip_id: uuid.UUID) -> HttpResponse:
    """One clip, or its artist's name, with everything said about it, and the decision."""
    clips = Clip.objects.select_related("generation__artist", "credential")
    clip = get_object_or_404(clips, pk=clip_id)
    if about not in {About.CLIP, About.NAME}:
        return redirect("moderation:queue")
    subject = Subject(About(about), clip)
    return _case(request, subject, deciding.fitting(clip, about))


@for_curators
@require_http_methods(["GET", "HEAD", "POST"])
def signature_case(request: HttpRequest, number: int) -> HttpResponse:
    """A reported name under the statement; the signature itself is invalidated over there."""
    subject = Subject(About.SIGNATURE, signature=str(number))
    if not Report.objects.filter(signature=subject.signature).exists():
        raise Http404("nobody has reported a signature of this number")
    return _case(request, subject, [Outcome.PASSED_ON, Outcome.KEPT])


def _case(request: HttpRequest, subject: Subject, outcomes: list[str]) -> HttpResponse:
    form = DecisionForm(outcomes, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = deciding.decide(request.user, subject, form.ruling())  # type: ignore[arg-type]
            if made.outcome == Outcome.APPROVED and made.clip:
                publishing.publish(made.clip)
        except (ModerationRefused, ErasureRefused, PublishingRefused) as refusal:
            form.add_error(None, str(refusal))
        except LogUnavailable:
            form.add_error(None, _("The log has not taken the clip in yet. Try again in a moment."))
        else:
            messages.success(request, _("It is decided, and stands in the log."))
            return redirect(made)
    same = {"about": subject.about, "clip": subject.clip, "signature": subject.signature}
    context = {
        "form": form,
        "subject": subject,
        "clip": subject.clip,
        "open": subject.clip is not None and deciding.is_open(subject.clip),
        "reports": Report.objects.filter(**same).select_related("decision"),
        "decisions": Decision.objects.filter(**same).select_related("curator", "appeal"),
        "held": Held.objects.filter(clip=subject.clip, decision__isnull=True).exists(),
    }
    return render(request, "moderation/case.html", context, status=422 if form.is_bound else 200)


@for_curators
@require_safe
def file(request: HttpRequest, clip_id: uuid.UUID) -> HttpResponseBase:
    """The clip of an open case, which nobody else can see; a closed case shows it to nobody."""
    clip = get_object_or_404(Clip.objects.select_related("credential"), pk=clip_id)
    if not deciding.is_open(clip) or clip.credential.sealed:
        raise Http404("no case about this clip is open")
    digest = clip.credential.sha256
    return media.serve(request, storage.path_of(digest), digest, "video/mp4", f"{clip.pk}.mp4")


@for_curators
@require_safe
def rules(request: HttpRequest) -> HttpResponse:
    """The words no prompt may hold, and the files that are not shown."""
    return _rules(request, RefusedWordForm(), BlockedFileForm())


@for_curators
@require_POST
def add_word(request: HttpRequest) -> HttpResponse:
    """Put a word on the list; one that looks the same is there once."""
    form = RefusedWordForm(request.POST)
    if not form.is_valid():
        return _rules(request, form, BlockedFileForm(), 422)
    values = form.cleaned_data
    RefusedWord.objects.get_or_create(
        skeleton=skeleton(values["shown"]),
        ended_at=None,
        defaults={**values, "curator": request.user},
    )
    return redirect("moderation:rules")


@for_curators
@require_POST
def add_file(request: HttpRequest) -> HttpResponse:
    """Put a file on the list."""
    form = BlockedFileForm(request.POST)
    if not form.is_valid():
        return _rules(request, RefusedWordForm(), form, 422)
    values = form.cleaned_data
    BlockedFile.objects.get_or_create(
        sha256=values.pop("sha256"), ended_at=None, defaults={**values, "curator": request.user}
    )
    return redirect("moderation:rules")


@for_curators
@require_http_methods(["GET", "HEAD", "POST"])
def remove(request: HttpRequest, which: str, rule_id: int) -> HttpResponse:
    """Take a word or a file off its list, with a reason; the rule stays to be read."""
    if which not in _LISTS:
        raise Http404("there is no such list")
    rule = get_object_or_404(_LISTS[which].filter(ended_at=None), pk=rule_id)
    form = EndForm(request.POST or None)
    if form.is_bound and form.is_valid():
        _LISTS[which].filter(pk=rule.pk).update(
            ended_at=timezone.now(), ended_by=request.user, ended_note=form.cleaned_data["note"]
        )
        messages.success(request, _("It is off the list."))
        return redirect("moderation:rules")
    context = {"rule": rule, "which": which, "form": form}
    return render(request, "moderation/end.html", context, status=422 if form.is_bound else 200)


def _rules(
    request: HttpRequest, word: RefusedWordForm, file: BlockedFileForm, status: int = 200
) -> HttpResponse:
    context = {
        "word_form": word,
        "file_form": file,
        "words": _LISTS["words"].filter(ended_at=None),
        "files": _LISTS["files"].filter(ended_at=None)[:FILES_SHOWN],
        "ended": [
            *_LISTS["words"].filter(ended_at__isnull=False).order_by("-ended_at")[:ENDED_SHOWN],
            *_LISTS["files"].filter(ended_at__isnull=False).order_by("-ended_at")[:ENDED_SHOWN],
        ],
    }
    return render(request, "moderation/rules.html", context, status=status)
