"""A log for stories: a sequencer with keys of its own, and entries to put into it."""

import secrets
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import connection, transaction
from django.utils import timezone

from provenance.core.notes import Signer
from provenance.core.records import EntryType, Opening, entry_bytes
from provenance.log import outbox
from provenance.log.highwater import HighWater
from provenance.log.models import Pending
from provenance.log.sequencer import Sequencer

ORIGIN = "archive.example/log"
# Each guarded table, with a column that an UPDATE could name.
TABLES = {
    "log_origin": "origin", "log_entry": "data", "log_tile": "root", "log_head": "root",
    "log_checkpoint": "note",
}  # fmt: skip
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


@contextmanager
def unguarded() -> Iterator[None]:
    """The log's triggers off, as only the database's owner can put them, and on again."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(
            "SELECT tgrelid::regclass, tgname FROM pg_trigger"
            " WHERE NOT tgisinternal AND tgrelid::regclass::text LIKE 'log\\_%'"
        )
        triggers = cursor.fetchall()
        for table, name in triggers:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER {name}")
        yield
        for table, name in triggers:
            cursor.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}")


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
    """Attempts by the thousand, whose openings are erased already."""
    committed = dict.fromkeys(("artist", "prompt", "parameters"), "ab" * 32)
    Pending.objects.bulk_create(
        [
            Pending(
                data=entry_bytes(
                    EntryType.ATTEMPT, timezone.now(), {"attempt": new_attempt(), **committed}
                )
            )
            for _ in range(count)
        ],
        batch_size=2000,
    )
