"""The pages of passkeys: making one, removing one, and what was signed with each."""

from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.views import AddWebAuthnView, RemoveWebAuthnView
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from generation.models import Generation
from provenance.log import outbox

from . import factors, keys
from .models import ArtistKey
from .views import signed_in

PAGE = 50


@never_cache
@login_required
@require_safe
def mine(request: HttpRequest) -> HttpResponse:
    """The person's passkeys, and the keys that are gone but signed something."""
    person = signed_in(request)
    known = {key.credential: key for key in ArtistKey.objects.filter(person=person)}
    owned = [(p, known.pop(keys.credential_of(p), None)) for p in factors.passkeys(person)]
    context = {"passkeys": owned, "gone": list(known.values())}
    return render(request, "accounts/passkeys.html", context)


@never_cache
@login_required
@require_safe
def key(request: HttpRequest, key_id: int) -> HttpResponse:
    """Every attempt that was signed with a key, and the log's entries that say so."""
    found = get_object_or_404(ArtistKey, pk=key_id, person=signed_in(request))
    signed = Generation.objects.filter(
        artist=found.person, signature__credential=found.credential
    ).select_related("signature")
    page = Paginator(signed, PAGE).get_page(request.GET.get("page"))
    tickets = [generation.signature.ticket for generation in page]
    places = outbox.indexes_of(
        [*tickets, found.made_ticket, found.removed_ticket or found.made_ticket]
    )
    context = {
        "key": found,
        "page": page,
        "signed": [(generation, places.get(generation.signature.ticket)) for generation in page],
        "made": places.get(found.made_ticket),
        "removed": places.get(found.removed_ticket) if found.removed_ticket else None,
    }
    return render(request, "accounts/key.html", context)


class _Add(AddWebAuthnView):  # type: ignore[misc]  # allauth is untyped
    def form_valid(self, form: Any) -> HttpResponse:
        with transaction.atomic():
            answer: HttpResponse = super().form_valid(form)
            person = signed_in(self.request)
            keys.enrol(person, factors.passkeys(person)[-1])
        factors.confirm(self.request, person, Authenticator.Type.WEBAUTHN)
        return answer


class _Remove(RemoveWebAuthnView):  # type: ignore[misc]
    def form_valid(self, form: Any) -> HttpResponse:
        person = signed_in(self.request)
        if not person.has_usable_password() and len(factors.passkeys(person)) == 1:
            messages.error(
                self.request,
                _("This passkey is your only way in. Set a password or add another one first."),
            )
            return redirect("mfa_list_webauthn")
        with transaction.atomic():
            answer: HttpResponse = super().form_valid(form)
            keys.retire_missing(person)
        return answer


def add(request: HttpRequest) -> HttpResponseBase:
    """Make a passkey; the log is told of it as of a key that can sign."""
    answer: HttpResponseBase = _Add.as_view()(request)
    return answer


def remove(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Forget a passkey, unless it is the only way in."""
    answer: HttpResponseBase = _Remove.as_view()(request, pk=pk)
    return answer
