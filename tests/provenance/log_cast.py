"""A log for stories: a sequencer with keys of its own, and entries to put into it."""

import secrets
import uuid
from collections.abc import Sequence
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import transaction

from provenance.core.notes import Signer
from provenance.core.records import EntryType, Opening
from provenance.log import outbox
from provenance.log.highwater import HighWater
from provenance.log.models import Pending
from provenance.log.sequencer import Sequencer

ORIGIN = "archive.example/log"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


def log_in(folder: Path, *, origin: str = ORIGIN, key: Ed25519PrivateKey = KEY) -> Sequencer:
    """A sequencer, not opened, whose high-water mark lies in a folder."""
    marks = HighWater([folder / "high-water"])
    return Sequencer(Signer(origin, key), marks, allow_unsafe=True)


def new_attempt() -> str:
    return secrets.token_hex(16)


def openings(prompt: str = "a red kite") -> Sequence[Opening]:
    return [
        outbox.new_opening("artist", {"name": "Ada"}),
        outbox.new_opening("prompt", {"prompt": prompt, "negative_prompt": ""}),
        outbox.new_opening("parameters", {"seed": "7", "steps": 4}),
    ]


def submit_attempt(attempt: str | None = None) -> uuid.UUID:
    with transaction.atomic():
        return outbox.submit(EntryType.ATTEMPT, {"attempt": attempt or new_attempt()}, openings())


def submit_failure(attempt: str) -> uuid.UUID:
    with transaction.atomic():
        return outbox.submit(EntryType.FAILED, {"attempt": attempt, "reason": "internal"})


def submit_many(count: int) -> None:
    """Entries by the thousand, written past `submit` for speed alone."""
    submit_failure(new_attempt())
    template = Pending.objects.order_by("-id")[0]
    old = b'"attempt":"' + bytes(template.data).split(b'"attempt":"')[1][:32]
    Pending.objects.bulk_create(
        [
            Pending(data=bytes(template.data).replace(old, b'"attempt":"%032x' % number))
            for number in range(count - 1)
        ],
        batch_size=2000,
    )
