"""Taking one's data along, and leaving: the account goes, and what proves the clips stays."""

import uuid
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.db import transaction

from generation import erasing
from generation.models import (
    Allowance,
    By,
    Clip,
    Generation,
    Preset,
    Proposal,
    Reason,
    RequestSignature,
)
from provenance.log import erasure
from provenance.log.models import Opening

from .invitations import sign_out_everywhere
from .models import ArtistKey, Invitation, Token, User

_PERSON = ("username", "pseudonym", "email", "role", "date_joined", "last_login")
_ATTEMPT = (
    "id", "attempt", "prompt", "negative_prompt", "model", "seed", "steps", "guidance", "width",
    "height", "frames", "fps", "licence", "allowed_uses", "prompt_hidden", "parent_id", "state",
    "reason_code", "created_at", "started_at", "finished_at", "title", "description", "batch",
    "retry_of_id",
)  # fmt: skip
_CLIP = ("id", "title", "description", "visibility", "created_at", "published_at")


def export(person: User) -> dict[str, Any]:
    """All that is stored of a person, as plain values; no secret that would let anybody in."""
    return {
        "account": _columns(person, _PERSON),
        "invitation": [
            _columns(row, ("created_at", "taken_at", "role", "generations", "reason"))
            for row in Invitation.objects.filter(taken_by=person)
        ],
        "allowance": [
            _columns(row, ("generations", "given_at", "reason"))
            for row in Allowance.objects.filter(pk=person.pk)
        ],
        "sessions": [
            _columns(row, ("created_at", "ip", "user_agent"))
            for row in UserSession.objects.filter(user_id=person.pk)
        ],
        "factors": [
            _columns(row, ("type", "created_at", "last_used_at"))
            for row in Authenticator.objects.filter(user_id=person.pk)
        ],
        "keys": [
            _columns(row, ("name", "credential", "public_key", "made_at", "removed_at"))
            for row in ArtistKey.objects.filter(person=person)
        ],
        "tokens": [
            _columns(row, ("name", "hint", "scopes", "created_at", "expires_at", "last_used_at"))
            for row in Token.objects.filter(person=person)
        ],
        "presets": [
            _columns(row, ("name", "values", "saved_at"))
            for row in Preset.objects.filter(artist=person)
        ],
        "generations": _generations(person),
    }


def erase(person: User) -> None:
    """Close an account for good: name, ways in and all that is private go; proofs stay.

    What is under way is cancelled. May be called again where it was broken off; raises
    outbox.LogUnavailable where the log has to take something in first.
    """
    erasing.erase_name_everywhere(person, By.ARTIST, Reason.ACCOUNT)
    with transaction.atomic():
        row = User.objects.select_for_update().get(pk=person.pk)
        _forget_signatures(row)
        sign_out_everywhere(row)
        Authenticator.objects.filter(user_id=row.pk).delete()
        Token.objects.filter(person=row).delete()
        Proposal.objects.filter(artist=row).delete()
        Preset.objects.filter(artist=row).delete()
        Allowance.objects.filter(artist=row).delete()
        Invitation.objects.filter(taken_by=row).update(reason="")
        row.username, row.email = f"erased-{uuid.uuid4().hex}", ""
        row.first_name = row.last_name = ""
        row.is_active, row.last_login = False, None
        row.set_unusable_password()
        row.save()


def _forget_signatures(person: User) -> None:
    """What opens the commitments to the person's keys and signatures; the entries stay."""
    signed = RequestSignature.objects.filter(generation__artist_id=person.pk)
    for signature in signed:
        erasure.erase(signature.ticket, ["signed"], By.ARTIST, Reason.ACCOUNT)
    signed.delete()
    for key in ArtistKey.objects.filter(person=person):
        for ticket in filter(None, (key.made_ticket, key.removed_ticket)):
            erasure.erase(ticket, ["key"], By.ARTIST, Reason.ACCOUNT)
        key.delete()


def _generations(person: User) -> list[dict[str, Any]]:
    """Each attempt with its clip and what opens its entries, in a fixed number of queries."""
    rows = list(Generation.objects.filter(artist_id=person.pk).select_related("signature"))
    clips = {clip.generation_id: clip for clip in Clip.objects.filter(generation__in=rows)}
    signatures = {row.pk: s.ticket for row in rows if (s := getattr(row, "signature", None))}
    tickets = [*(row.attempt_ticket for row in rows), *signatures.values()]
    openings: dict[uuid.UUID, dict[str, Any]] = {}
    for opening in Opening.objects.filter(ticket__in=tickets):
        found = {"salt": bytes(opening.salt).hex(), "value": opening.value}
        openings.setdefault(opening.ticket, {})[opening.field] = found
    return [
        _columns(row, _ATTEMPT)
        | {
            "seed": str(row.seed),
            "clip": _columns(clips[row.pk], _CLIP) if row.pk in clips else None,
            "openings": openings.get(row.attempt_ticket, {})
            | openings.get(signatures.get(row.pk, row.attempt_ticket), {}),
        }
        for row in rows
    ]


def _columns(row: Any, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}
