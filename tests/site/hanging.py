"""Puts clips on the wall for stories about pages, without the line that would make them."""

import hashlib
import secrets
import uuid
from datetime import UTC, datetime, timedelta

from generation.models import Act, By, Clip, Generation, Reason, State, Visibility
from provenance.verify.models import Credential
from sora_archive.accounts.models import User

OPENING_NIGHT = datetime(2026, 11, 26, 18, 0, tzinfo=UTC)
PROMPT = "a small red circle moving left on a blue background"


def hang(
    artist: User,
    title: str = "Clip 7f3a",
    *,
    minute: int = 0,
    prompt: str = PROMPT,
    visibility: Visibility = Visibility.PUBLISHED,
) -> Clip:
    """One clip of the artist's, published `minute` minutes after opening night unless a draft."""
    draft = visibility == Visibility.DRAFT
    generation = _done(artist, prompt)
    withdrawal = _withdrawal(generation) if visibility == Visibility.WITHDRAWN else None
    return Clip.objects.create(
        generation=generation,
        credential=_credential(generation),
        title=title,
        model_title="Untrained test model",
        untrained=True,
        poster_sha256=_sha256(),
        preview_sha256=_sha256(),
        width=256,
        height=256,
        frames=17,
        fps=8,
        visibility=visibility,
        publication_ticket=None if draft else uuid.uuid4(),
        withdrawal_ticket=withdrawal,
        published_at=None if draft else OPENING_NIGHT + timedelta(minutes=minute),
    )


def take_down(clip: Clip) -> None:
    """Withdraw a clip by a curator's act, without the log that would know of its publication."""
    Clip.objects.filter(pk=clip.pk).update(
        visibility=Visibility.WITHDRAWN, withdrawal_ticket=_withdrawal(clip.generation)
    )


def _withdrawal(generation: Generation) -> uuid.UUID:
    ticket = uuid.uuid4()
    Act.objects.create(
        generation=generation, kind=Act.Kind.WITHDRAWAL, by=By.CURATOR, reason=Reason.PRIVACY,
        ticket=ticket,
    )  # fmt: skip
    return ticket


def _done(artist: User, prompt: str) -> Generation:
    return Generation.objects.create(
        artist=artist,
        request_key=uuid.uuid4(),
        attempt=secrets.token_hex(16),
        attempt_ticket=uuid.uuid4(),
        outcome_ticket=uuid.uuid4(),
        prompt=prompt,
        model="untrained-test",
        seed=4242,
        steps=8,
        guidance=3.0,
        width=64,
        height=64,
        frames=17,
        fps=8,
        state=State.DONE,
        step=8,
        finished_at=OPENING_NIGHT,
    )


def _credential(generation: Generation) -> Credential:
    assert generation.outcome_ticket is not None
    return Credential.objects.create(
        sha256=_sha256(),
        size=48_123,
        manifest_id=f"urn:c2pa:{uuid.uuid4()}",
        signer_serial="1",
        attempt=generation.attempt,
        rendered_index=1,
        generated_ticket=generation.outcome_ticket,
        clip_id=uuid.uuid4(),
    )


def _sha256() -> str:
    return hashlib.sha256(secrets.token_bytes(8)).hexdigest()
