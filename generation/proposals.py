"""Asking in two steps: the request's entry is fixed to the byte, then signed, then asked for."""

import uuid
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.utils import timezone

from provenance.core.records import JSON, Opening
from provenance.log import outbox

from . import asking
from .models import Generation, Proposal

LIFETIME = timedelta(minutes=15)
_COLUMNS = (
    "attempt", "prompt", "negative_prompt", "model", "seed", "steps", "guidance", "width", "height",
    "frames", "fps", "title", "description", "licence", "allowed_uses", "prompt_hidden",
    "begins_with",
)  # fmt: skip


def propose(artist: AbstractBaseUser, request: asking.Request) -> Proposal:
    """Fix what will be asked for; proposing is not asking, and leaves nothing in the log."""
    drafted = asking.draft(artist, request)
    columns: dict[str, Any] = {name: getattr(drafted.generation, name) for name in _COLUMNS}
    parent = drafted.generation.parent_id
    return Proposal.objects.create(
        artist_id=artist.pk,
        request=columns
        | {"request_key": str(request.key), "parent_id": str(parent) if parent else None},
        data=drafted.entry.data,
        openings=[
            {"field": opening.field, "salt": opening.salt.hex(), "value": opening.value}
            for opening in drafted.entry.openings
        ],
    )


def find(artist: AbstractBaseUser, proposal_id: uuid.UUID) -> Proposal | None:
    """The artist's own proposal, while it holds."""
    fresh = Proposal.objects.filter(created_at__gt=timezone.now() - LIFETIME)
    return fresh.filter(pk=proposal_id, artist_id=artist.pk).first()


def accept(
    artist: AbstractBaseUser, proposal: Proposal, signature: Mapping[str, JSON] | None
) -> Generation:
    """Ask for what was proposed, signed or not; twice gives the first generation again."""
    generation = asking.ask_as_drafted(artist, drafted(proposal), signature)
    proposal.delete()
    return generation


def drafted(proposal: Proposal) -> asking.Draft:
    """The proposal as the request that it was made of."""
    openings = [
        Opening(opening["field"], bytes.fromhex(opening["salt"]), opening["value"])
        for opening in proposal.openings
    ]
    generation = Generation(artist_id=proposal.artist_id, **proposal.request)
    return asking.Draft(generation, outbox.Prepared(bytes(proposal.data), openings))


def sweep() -> int:
    """Forget what was proposed and never asked for."""
    stale = Proposal.objects.filter(created_at__lte=timezone.now() - LIFETIME)
    return stale.delete()[0]
