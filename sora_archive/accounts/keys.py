"""Passkeys as keys that sign requests: each is entered in the log when it is made and when it goes.

The entry holds a commitment alone. A public key in plain would link an artist's attempts.
"""

import uuid

from allauth.mfa.models import Authenticator
from django.db import transaction
from django.utils import timezone
from fido2 import cbor

from provenance.core import signatures
from provenance.core.records import EntryType
from provenance.core.signatures import KIND, encoded
from provenance.log import outbox

from . import factors
from .models import ArtistKey, User


def enrol(person: User, passkey: Authenticator) -> ArtistKey:
    """The key of a passkey; entered in the log where it is not yet."""
    data = passkey.wrap().authenticator_data.credential_data
    credential, public_key = encoded(data.credential_id), encoded(cbor.encode(data.public_key))
    with transaction.atomic():
        User.objects.select_for_update().get(pk=person.pk)
        if known := ArtistKey.objects.filter(person=person, credential=credential).first():
            return known
        value = {"artist": str(person), "credential": credential, "public_key": public_key}
        ticket = _enter(signatures.MADE, value)
        return ArtistKey.objects.create(
            person=person,
            credential=credential,
            public_key=public_key,
            name=passkey.wrap().name,
            made_ticket=ticket,
        )


def retire_missing(person: User) -> None:
    """Enter that those keys are gone whose passkey is; to be called after passkeys were removed."""
    kept = {credential_of(passkey) for passkey in factors.passkeys(person)}
    with transaction.atomic():
        for key in ArtistKey.objects.select_for_update().filter(
            person=person, removed_at__isnull=True
        ):
            if key.credential in kept:
                continue
            value = {"credential": key.credential, "public_key": key.public_key}
            key.removed_ticket = _enter(signatures.REMOVED, value)
            key.removed_at = timezone.now()
            key.save(update_fields=["removed_ticket", "removed_at"])


def credential_of(passkey: Authenticator) -> str:
    """The id of a passkey, base64url."""
    return encoded(passkey.wrap().authenticator_data.credential_data.credential_id)


def _enter(event: str, value: dict[str, str]) -> uuid.UUID:
    return outbox.submit(
        EntryType.KEY_EVENT, {"event": event, "kind": KIND}, [outbox.new_opening("key", value)]
    )
