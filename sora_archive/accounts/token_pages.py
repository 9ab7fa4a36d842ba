"""The page of one's tokens: make one, see when it was last used, revoke it."""

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from . import tokens
from .forms import TokenForm
from .models import Token
from .views import signed_in


@never_cache
@login_required
@reauthentication_required(app="allauth.mfa")  # type: ignore[untyped-decorator]  # allauth
@require_http_methods(["GET", "HEAD", "POST"])
def mine(request: HttpRequest) -> HttpResponse:
    """Make a token; its secret is on the answer to that, and nowhere afterwards."""
    person, secret = signed_in(request), ""
    form = TokenForm(request.POST or None)
    status = 422 if form.is_bound else 200
    if form.is_bound and form.is_valid():
        _made, secret = tokens.issue(person, **form.cleaned_data)
        form, status = TokenForm(), 200
    own = Token.objects.filter(person=person)
    context = {"form": form, "secret": secret, "tokens": own, "now": timezone.now()}
    return render(request, "accounts/tokens.html", context, status=status)


@login_required
@require_POST
def revoke(request: HttpRequest, token_id: int) -> HttpResponse:
    """End a token at once."""
    if tokens.revoke(signed_in(request), token_id):
        messages.success(request, _("The token does not work any more."))
    return redirect("accounts:tokens")
