"""The pages of invitations: curators write them, newcomers take them up."""

from collections.abc import Callable

from allauth.account.internal.flows.login import record_authentication
from allauth.account.utils import perform_login
from allauth.core import ratelimit
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from generation import quota
from generation.models import Allowance

from . import invitations
from .errors import InvitationRefused
from .forms import AllowForm, InviteForm, NewcomerForm, NewPasswordForm
from .models import Invitation, User
from .views import signed_in

_MOST = 200
_View = Callable[..., HttpResponse]


def for_curators(view: _View) -> _View:
    """Only for those who look after the archive and its people."""

    @never_cache
    @login_required
    def guarded(request: HttpRequest, **where: int) -> HttpResponse:
        if not request.user.is_staff:
            raise PermissionDenied("Only curators invite.")
        return view(request, **where)

    return guarded


@for_curators
@require_http_methods(["GET", "HEAD", "POST"])
def invite(request: HttpRequest) -> HttpResponse:
    """Write an invitation; its link is on the answer to that, and nowhere afterwards."""
    curator = signed_in(request)
    form = InviteForm(invitations.may_invite(curator), request.POST or None)
    link, status = "", 422 if form.is_bound else 200
    if form.is_bound and form.is_valid():
        _made, token = invitations.invite(curator, form.terms())
        link = request.build_absolute_uri(reverse("accounts:invited", args=[token]))
        form, status = InviteForm(invitations.may_invite(curator)), 200
    made = Invitation.objects.select_related("invited_by", "taken_by", "person")[:_MOST]
    context = {"form": form, "link": link, "invitations": made, "now": timezone.now()}
    return render(request, "accounts/invitations.html", context, status=status)


@for_curators
@require_POST
def withdraw(request: HttpRequest, invitation_id: int) -> HttpResponse:
    """Shut a link that nobody has taken up yet."""
    if invitations.withdraw(invitation_id):
        messages.success(request, _("The link does not work any more."))
    else:
        messages.warning(request, _("It was too late: the invitation is taken up or withdrawn."))
    return redirect("accounts:invitations")


@for_curators
@require_http_methods(["GET", "HEAD", "POST"])
def allow(request: HttpRequest, person_id: int) -> HttpResponse:
    """Change how many clips somebody may ask for in all."""
    person = get_object_or_404(User, pk=person_id)
    now = Allowance.objects.filter(pk=person.pk).select_related("given_by").first()
    initial = {"generations": now.generations} if now else {}
    form = AllowForm(request.POST or None, initial=initial)
    if form.is_bound and form.is_valid():
        invitations.allow(person, signed_in(request), **form.cleaned_data)
        messages.success(request, _("Allowed."))
        return redirect("accounts:allow", person_id=person.pk)
    context = {"form": form, "person": person, "now": now, "asked": quota.asked(person)}
    status = 422 if form.is_bound else 200
    return render(request, "accounts/allow.html", context, status=status)


@sensitive_post_parameters("password")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def invited(request: HttpRequest, token: str) -> HttpResponse:
    """What a link opens: a new account, or one's own again."""
    if refusal := ratelimit.consume_or_429(request, action="signup"):
        answer: HttpResponse = refusal
        return answer
    if request.user.is_authenticated:
        messages.warning(request, _("You are signed in. Sign out first to take up an invitation."))
        return redirect("accounts:account")
    try:
        invitation = invitations.find(token)
        return _recover(request, token) if invitation.person else _welcome(request, token)
    except InvitationRefused as error:
        return render(request, "accounts/refused.html", {"words": str(error)}, status=410)


def _welcome(request: HttpRequest, token: str) -> HttpResponse:
    form = NewcomerForm(request.POST or None)
    if form.is_bound and form.is_valid():
        try:
            person = invitations.take_up(token, form.newcomer())
        except ValidationError as error:  # somebody took the name in between
            form.add_error(None, error)
        else:
            return _first_sign_in(request, person)
    return render(
        request, "accounts/invited.html", {"form": form}, status=422 if form.is_bound else 200
    )


def _recover(request: HttpRequest, token: str) -> HttpResponse:
    form = NewPasswordForm(request.POST or None)
    if form.is_bound and form.is_valid():
        person = invitations.recover(token, form.cleaned_data["password"])
        return _first_sign_in(request, person)
    return render(
        request, "accounts/recover.html", {"form": form}, status=422 if form.is_bound else 200
    )


def _first_sign_in(request: HttpRequest, person: User) -> HttpResponse:
    if person.has_usable_password():  # it was given a moment ago: it need not be asked for again
        record_authentication(request, person, method="password", reauthenticated=True)
    answer: HttpResponse = perform_login(request, person, redirect_url=reverse("mfa_index"))
    return answer
