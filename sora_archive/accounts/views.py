"""One's own account: how to sign in, where one is signed in, and ending it there."""

from typing import Any

from allauth.mfa.adapter import get_adapter as factor_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import SECRET_SESSION_KEY
from allauth.mfa.totp.views import ActivateTOTPView
from allauth.usersessions.internal.flows import sessions as ending
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from . import factors
from .forms import NameForm
from .models import User


def signed_in(request: HttpRequest) -> User:
    """The person of a view behind login_required."""
    assert isinstance(request.user, User)  # noqa: S101 - login_required has seen to it
    return request.user


@never_cache
@login_required
@require_safe
def account(request: HttpRequest) -> HttpResponse:
    """What the archive keeps of the person, and what they can do about it."""
    person = signed_in(request)
    kinds = set(Authenticator.objects.filter(user_id=person.pk).values_list("type", flat=True))
    context = {
        "person": person,
        "passkeys": factors.passkeys(person),
        "has_app": Authenticator.Type.TOTP in kinds,
        "has_codes": Authenticator.Type.RECOVERY_CODES in kinds,
        "sessions": len(UserSession.objects.purge_and_list(person)),
    }
    return render(request, "accounts/account.html", context)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def rename(request: HttpRequest) -> HttpResponse:
    """Change the name that the public sees, and the address that it does not."""
    person = signed_in(request)
    form = NameForm(person, request.POST or None)
    if form.is_bound and form.is_valid():
        person.pseudonym, person.email = form.cleaned_data["pseudonym"], form.cleaned_data["email"]
        person.save(update_fields=["pseudonym", "email"])
        messages.success(request, _("Kept."))
        return redirect("accounts:account")
    return render(
        request, "accounts/name.html", {"form": form}, status=422 if form.is_bound else 200
    )


@never_cache
@login_required
@require_safe
def qr(request: HttpRequest) -> HttpResponse:
    """The secret of the authenticator app that is being set up, as a picture to be scanned."""
    secret = request.session.get(SECRET_SESSION_KEY)
    if not secret:
        raise Http404("No authenticator app is being set up.")
    adapter = factor_adapter()
    picture = adapter.build_totp_svg(adapter.build_totp_url(request.user, secret))
    return HttpResponse(picture, content_type="image/svg+xml")


class _ActivateApp(ActivateTOTPView):  # type: ignore[misc]  # allauth is untyped
    def form_valid(self, form: Any) -> HttpResponse:
        answer: HttpResponse = super().form_valid(form)
        factors.confirm(self.request, signed_in(self.request), Authenticator.Type.TOTP)
        return answer


@login_required
def activate_app(request: HttpRequest) -> HttpResponseBase:
    """Set up an authenticator app."""
    answer: HttpResponseBase = _ActivateApp.as_view()(request)
    return answer


@never_cache
@login_required
@require_safe
def sessions(request: HttpRequest) -> HttpResponse:
    """Where the person is signed in, the newest first."""
    own = UserSession.objects.purge_and_list(signed_in(request))
    own.sort(key=lambda session: session.created_at, reverse=True)
    return render(request, "accounts/sessions.html", {"sessions": own})


@login_required
@require_POST
def end_session(request: HttpRequest, session_id: int) -> HttpResponse:
    """Sign out there, or here."""
    own = UserSession.objects.filter(user_id=signed_in(request).pk)
    session = get_object_or_404(own, pk=session_id)
    here = session.is_current()
    ending.end_sessions(request, [session])
    if here:
        return redirect("gallery:home")
    messages.success(request, _("That session has ended: whoever had it must sign in again."))
    return redirect("accounts:sessions")


@login_required
@require_POST
def end_others(request: HttpRequest) -> HttpResponse:
    """Sign out everywhere but here."""
    ending.end_other_sessions(request, signed_in(request))
    messages.success(request, _("Every other session has ended."))
    return redirect("accounts:sessions")
