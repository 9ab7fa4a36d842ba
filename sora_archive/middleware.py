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

# Where a way to sign in is made, or shown that it works.
ENROLLING = frozenset({
    "mfa_index", "mfa_activate_totp", "accounts:qr", "mfa_add_webauthn", "mfa_list_webauthn",
    "mfa_view_recovery_codes", "mfa_download_recovery_codes", "mfa_generate_recovery_codes",
    "account_set_password", "account_reauthenticate", "mfa_reauthenticate",
    "mfa_reauthenticate_webauthn", "login", "account_login", "logout", "account_logout",
    "preferences", "healthz",
})  # fmt: skip

_Answer = Callable[[HttpRequest], HttpResponseBase]


def two_steps(get_response: _Answer) -> _Answer:
    """Leads whoever lacks a step to the page where it is taken."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        # Without a session nobody is signed in; asking who it is would make the answer vary.
        if settings.SESSION_COOKIE_NAME not in request.COOKIES or _is_enrolling(request):
            return get_response(request)
        user = request.user
        if isinstance(user, User) and (address := missing_step(request, user)):
            response = redirect(address)
            add_never_cache_headers(response)
            return response
        return get_response(request)

    return answer


def missing_step(request: HttpRequest, user: User) -> str:
    """The address of the step that is missing; empty where none is."""
    if not factors.can_sign_in(user):
        return reverse("mfa_index")
    if not user.is_staff:
        return ""
    if not factors.has_factor(user):
        return reverse("mfa_index")
    return "" if factors.confirmed(request, user) else _confirming(request, user)


def _confirming(request: HttpRequest, user: User) -> str:
    name = "mfa_reauthenticate_webauthn" if factors.passkeys(user) else "mfa_reauthenticate"
    back = QueryDict(mutable=True)
    back["next"] = request.get_full_path() if request.method == "GET" else "/"
    return f"{reverse(name)}?{back.urlencode()}"


def _is_enrolling(request: HttpRequest) -> bool:
    try:
        return resolve(request.path_info).view_name in ENROLLING
    except Resolver404:
        return True  # there is nothing at that address to be kept from
