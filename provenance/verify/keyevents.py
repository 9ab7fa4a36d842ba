"""What the public log is told of the archive's keys: each event once, whoever notices it.

The first key is made before there is a database, and files change while it is away: so the present
state is compared with what the log was told, and what is missing is added.
"""

import hashlib
from collections.abc import Iterator
from datetime import UTC
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, IntegrityError, transaction

from provenance import vault
from provenance.core.keys import leaf_serial, public_key_sha256
from provenance.core.records import JSON, EntryType
from provenance.log import outbox

from .models import KeyEvent


def announce(keys_dir: Path) -> int:
    """Tell the log of the signing key, of revocations and of trust.json; how many it did not know.

    Raises KeysRefused where the public side of the keys' folder cannot be read.
    """
    return sum(_once(body) for body in (_signing_key(keys_dir), *_trust(keys_dir)))


def announced(keys_dir: Path) -> str:
    """Tell the log, after files have changed; in words what becomes of it where that must wait."""
    try:
        announce(keys_dir)
    except DatabaseError:
        return "The database is away: the sweep tells the log within an hour of its return."
    return "The log was told."


def _signing_key(keys_dir: Path) -> dict[str, JSON]:
    chain = vault.chain(keys_dir)
    key = f"sha256:{public_key_sha256(chain)}"
    return {"event": "created", "kind": "signing", "key": key, "serial": leaf_serial(chain)}


def _trust(keys_dir: Path) -> Iterator[dict[str, JSON]]:
    """The revocations, and the SHA-256 of the trust.json that names them."""
    trust = vault.trust_list(keys_dir, settings.LOG_WITNESS_POLICY)
    for each in trust.revocations:
        yield {
            "event": "revoked", "kind": "signing", "key": f"serial:{each.serial}",
            "serial": each.serial, "since": f"{each.since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        }  # fmt: skip
    digest = hashlib.sha256(trust.text.encode()).hexdigest()
    yield {"event": "published", "kind": "trust_list", "key": f"sha256:{digest}"}


def entry_of_trust_list(text: str) -> int | None:
    """The number of the entry that holds the hash of a trust.json; None where there is none yet."""
    key = f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
    told = KeyEvent.objects.filter(kind="trust_list", key=key).first()
    return outbox.index_of(told.ticket) if told else None


def _once(body: dict[str, JSON]) -> bool:
    named = {name: str(body[name]) for name in ("event", "kind", "key")}
    if KeyEvent.objects.filter(**named).exists():
        return False
    try:
        with transaction.atomic():
            KeyEvent.objects.create(**named, ticket=outbox.submit(EntryType.KEY_EVENT, body))
    except IntegrityError:
        return False  # another process told it at the same moment
    return True
