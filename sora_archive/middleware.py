"""Curators and operators go nowhere before they have signed in with two steps.

Not by page: the rooms need not know of it, and no page of theirs can be forgotten.
"""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import Resolver404, resolve, reverse
from django.utils.cache import add_never_cache_headers

from sora_archive.accounts import factors
from sora_archive.accounts.models import User

# Open to all: signing in and out, and what is no page of the archive's.
ALWAYS = frozenset({
    "login", "account_login", "logout", "account_logout", "preferences", "healthz",
})  # fmt: skip
# Where somebody without a way to sign in, or without a second step, makes one.
ENROLLING = frozenset({
    "mfa_index", "mfa_activate_totp", "accounts:qr", "mfa_add_webauthn", "account_set_password",
    "account_reauthenticate",
})  # fmt: skip
# Where the second step is shown; a session that has not shown it may make no other one.
CONFIRMING = frozenset({"mfa_reauthenticate", "mfa_reauthenticate_webauthn"})

_Answer = Callable[[HttpRequest], HttpResponseBase]


def two_steps(get_response: _Answer) -> _Answer:
    """Leads whoever lacks a step to the page where it is taken."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        # Without a session nobody is signed in; asking who it is would make the answer vary.
        if settings.SESSION_COOKIE_NAME not in request.COOKIES:
            return get_response(request)
        page = _page(request)
        if page in ALWAYS or not isinstance(request.user, User):
            return get_response(request)
        address = missing_step(request, request.user, page)
        if not address:
            return get_response(request)
        response = redirect(address)
        add_never_cache_headers(response)
        return response

    return answer


def missing_step(request: HttpRequest, user: User, page: str) -> str:
    """The address of the step that is missing before a page; empty where none is."""
    if not factors.can_sign_in(user):
        return "" if page in ENROLLING else reverse("mfa_index")
    if not user.is_staff:
        return ""
    if not factors.has_factor(user):
        return "" if page in ENROLLING else reverse("mfa_index")
    if page in CONFIRMING or factors.confirmed(request, user):
        return ""
    return _confirming(request, user)


def _confirming(request: HttpRequest, user: User) -> str:
    name = "mfa_reauthenticate_webauthn" if factors.passkeys(user) else "mfa_reauthenticate"
    back = QueryDict(mutable=True)
    back["next"] = request.get_full_path() if request.method == "GET" else "/"
    return f"{reverse(name)}?{back.urlencode()}"


def _page(request: HttpRequest) -> str:
    """The name of the page that is asked for; empty where there is none."""
    try:
        return resolve(request.path_info).view_name
    except Resolver404:
        return ""
