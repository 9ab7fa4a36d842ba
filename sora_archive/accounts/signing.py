"""The page on which an artist signs a request with a passkey, and what shows it to others."""

import json
import uuid
from collections.abc import Mapping

from allauth.mfa.webauthn.internal.auth import get_credentials, get_server
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from generation import proposals
from generation.errors import Paused
from generation.models import Clip, Generation, Proposal, RequestSignature
from provenance.core import signatures
from provenance.core.proofs import with_entry
from provenance.core.records import JSON
from provenance.core.signatures import Signature, SignatureRefused
from provenance.log import outbox, receipts

from . import factors, keys
from .models import ArtistKey, User
from .views import signed_in

_PARTS = ("authenticatorData", "clientDataJSON", "signature")  # of a browser's answer


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def sign(request: HttpRequest, proposal_id: uuid.UUID) -> HttpResponse:
    """What is to be signed; the answer of the passkey, or none, makes a generation of it."""
    artist = signed_in(request)
    proposal = proposals.find(artist, proposal_id)
    if proposal is None:
        messages.warning(request, _("That request was asked for already, or waited too long."))
        return redirect("generation:ask")
    if request.method == "POST":
        return _accept(request, artist, proposal)
    return _page(request, artist, proposal)


@login_required
@require_POST
def share(request: HttpRequest, generation_id: uuid.UUID) -> HttpResponse:
    """Let the signature travel with the published clip, or no longer."""
    own = RequestSignature.objects.filter(generation__artist_id=request.user.pk)
    signature = get_object_or_404(own, pk=generation_id)
    signature.shared = request.POST.get("shared") == "1"
    signature.save(update_fields=["shared"])
    return redirect("generation:show", generation_id=generation_id)


@never_cache
@require_safe
def evidence(request: HttpRequest, generation_id: uuid.UUID) -> HttpResponse:
    """The signature of a request as a file, for its artist, or for all where the artist wishes."""
    found = RequestSignature.objects.filter(pk=generation_id).select_related("generation").first()
    if found is None or not _may_see(request, found):
        raise Http404("There is no such signature, or it is not public.")
    file = evidence_of(found.generation)
    if file is None:
        raise Http404("The log has not taken the signature in yet, or it was erased.")
    answer = JsonResponse(file, json_dumps_params={"ensure_ascii": False, "indent": 2})
    answer["Content-Disposition"] = f'attachment; filename="signature-{generation_id}.json"'
    return answer


def evidence_of(generation: Generation) -> dict[str, JSON] | None:
    """The three entries with their proofs and what opens them; None where a part is not there.

    provenance.core.signatures.check_evidence verifies it by the log's public key alone.
    """
    signature = RequestSignature.objects.filter(pk=generation.pk).first()
    if signature is None:
        return None
    key = ArtistKey.objects.filter(credential=signature.credential).first()
    if key is None:
        return None
    tickets = {
        "attempt": generation.attempt_ticket,
        "attempt_signed": signature.ticket,
        "key_event": key.made_ticket,
    }
    places = outbox.indexes_of(tickets.values())
    openings = {
        "artist": outbox.openings_of(tickets["attempt"]).get("artist"),
        "signed": outbox.openings_of(tickets["attempt_signed"]).get("signed"),
        "key": outbox.openings_of(tickets["key_event"]).get("key"),
    }
    if len(places) < len(tickets) or None in openings.values():
        return None
    return {
        **{name: with_entry(receipts.receipt(places[ticket])) for name, ticket in tickets.items()},
        "openings": {
            field: {"salt": opening.salt.hex(), "value": opening.value}
            for field, opening in openings.items()
            if opening is not None
        },
    }


def shared_evidence(attempt: str) -> dict[str, JSON] | None:
    """The evidence of an attempt whose artist lets it go with the published clip, else None."""
    shared = RequestSignature.objects.filter(shared=True).select_related("generation")
    found = shared.filter(generation__attempt=attempt).first()
    return evidence_of(found.generation) if found and _is_public(found) else None


def _is_public(found: RequestSignature) -> bool:
    clip = Clip.objects.filter(generation_id=found.pk).first()
    return found.shared and clip is not None and clip.published


def _may_see(request: HttpRequest, found: RequestSignature) -> bool:
    return found.generation.artist_id == request.user.pk or _is_public(found)


def _accept(request: HttpRequest, artist: User, proposal: Proposal) -> HttpResponse:
    signature: Mapping[str, JSON] | None = None
    if request.POST.get("unsigned") != "1":
        try:
            signature = _verified(artist, proposal, request.POST.get("credential", ""))
        except SignatureRefused as error:
            messages.error(request, _("The signature was not accepted. %s") % error)
            return _page(request, artist, proposal, status=422)
    try:
        return redirect(proposals.accept(artist, proposal, signature))
    except Paused as error:
        messages.warning(request, str(error))
        return _page(request, artist, proposal, status=503)


def _verified(artist: User, proposal: Proposal, answer: str) -> Mapping[str, JSON]:
    """The signature in a browser's answer, by one of the artist's keys over these very bytes."""
    try:
        given = json.loads(answer)
        credential, response = str(given["rawId"]), given["response"]
        parts = {name: str(response[name]) for name in _PARTS}
    except (ValueError, KeyError, TypeError) as error:
        raise SignatureRefused(_("The browser sent no signature.")) from error
    passkey = next(
        (p for p in factors.passkeys(artist) if keys.credential_of(p) == credential), None
    )
    if passkey is None:
        raise SignatureRefused(_("That is no passkey of yours."))
    key = keys.enrol(artist, passkey)
    signature = Signature(
        site=get_server().rp.id,
        credential=credential,
        public_key=key.public_key,
        authenticator_data=parts["authenticatorData"],
        client_data=parts["clientDataJSON"],
        signature=parts["signature"],
    )
    signatures.check(signature, bytes(proposal.data))
    return signature.as_json()


def _page(
    request: HttpRequest, artist: User, proposal: Proposal, status: int = 200
) -> HttpResponse:
    entry = bytes(proposal.data)
    options, _state = get_server().authenticate_begin(
        credentials=get_credentials(artist),
        user_verification="required",
        challenge=signatures.challenge(entry),
    )
    context = {
        "proposal": proposal,
        "generation": proposals.drafted(proposal).generation,
        "entry": entry.decode(),
        "sha256": signatures.challenge(entry).hex(),
        "options": {"request_options": dict(options)},
        "minutes": int(proposals.LIFETIME.total_seconds() // 60),
    }
    return render(request, "accounts/sign.html", context, status=status)
