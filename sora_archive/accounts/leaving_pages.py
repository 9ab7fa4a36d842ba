"""The pages of taking one's data along and of leaving."""

import logging

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from provenance.log.errors import LogUnavailable

from . import leaving
from .forms import EraseForm
from .views import signed_in

log = logging.getLogger(__name__)


@never_cache
@login_required
@reauthentication_required(app="allauth.mfa")  # type: ignore[untyped-decorator]  # allauth
@require_safe
def export(request: HttpRequest) -> HttpResponse:
    """Everything that is stored of the person, as a download."""
    answer = JsonResponse(
        leaving.export(signed_in(request)), json_dumps_params={"ensure_ascii": False, "indent": 2}
    )
    answer["Content-Disposition"] = 'attachment; filename="my-account.json"'
    return answer


@never_cache
@login_required
@reauthentication_required(app="allauth.mfa")  # type: ignore[untyped-decorator]
@require_http_methods(["GET", "HEAD", "POST"])
def erase(request: HttpRequest) -> HttpResponse:
    """What goes and what stays; whoever types their name leaves."""
    person = signed_in(request)
    form = EraseForm(person, request.POST or None)
    if form.is_bound and form.is_valid():
        try:
            leaving.erase(person)
        except LogUnavailable:
            form.add_error(None, _("The log is not taking entries in just now: try again soon."))
        else:
            log.info("an account was erased at its owner's wish")
            logout(request)
            messages.success(request, _("Your account is erased. Thank you for what you made."))
            return redirect("gallery:home")
    return render(
        request, "accounts/erase.html", {"form": form}, status=422 if form.is_bound else 200
    )
