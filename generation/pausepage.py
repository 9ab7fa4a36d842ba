"""The switch's own page, for those who look after the archive, with who used it when and why."""

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from . import pausing
from .forms import clean_text
from .models import Pause
from .studio_models import NOTICE_LETTERS

SHOWN = 50


class PauseForm(forms.Form):
    """What everybody reads while nothing can be asked for."""

    notice = forms.CharField(
        label=gettext_lazy("Notice, which everybody reads"),
        max_length=NOTICE_LETTERS,
        widget=forms.Textarea(attrs={"rows": 3, "maxlength": NOTICE_LETTERS}),
        help_text=gettext_lazy("Why nothing can be asked for, and until when about."),
        error_messages={"required": gettext_lazy("Say why: the artists read it.")},
    )

    def clean_notice(self) -> str:
        return clean_text(self.cleaned_data["notice"])


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def switch(request: HttpRequest) -> HttpResponse:
    """Whether asking is open, who paused it when and why; a POST pauses it or opens it again."""
    if not request.user.is_staff:
        raise PermissionDenied("Only curators and operators pause the site.")
    if request.POST.get("act") == "open":
        if pausing.end(request.user):
            messages.success(request, _("Clips can be asked for again."))
        return redirect("generation:pause")
    form = PauseForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        pausing.begin(request.user, form.cleaned_data["notice"])
        messages.success(request, _("Nothing can be asked for until you open it again."))
        return redirect("generation:pause")
    pauses = list(Pause.objects.select_related("begun_by", "ended_by")[:SHOWN])
    standing = next((pause for pause in pauses if pause.ended_at is None), None)
    context = {"form": form, "pauses": pauses, "standing": standing}
    return render(request, "generation/pause.html", context, status=422 if form.is_bound else 200)
