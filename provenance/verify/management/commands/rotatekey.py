"""`manage.py rotatekey`: a new signing certificate from the issuer that is kept offline."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from provenance import vault
from provenance.core.errors import ProvenanceError
from provenance.core.keys import public_key_sha256
from provenance.core.records import EntryType
from provenance.log import outbox


class Command(BaseCommand):
    """Workers sign with the new key from their next clip on."""

    help = "Make a new signing key and certificate; clips signed before stay trusted."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("issuer", type=Path, metavar="ISSUER.KEY.PEM", help="encrypted key")
        parser.add_argument("--passphrase-file", type=Path, required=True)

    def handle(self, *args: object, issuer: Path, **options: Any) -> None:
        folder = settings.KEYS_DIR
        try:
            passphrase = options["passphrase_file"].read_bytes().strip()
            with transaction.atomic():
                serial = vault.rotate(folder, issuer, passphrase, timezone.now())
                key = f"sha256:{public_key_sha256(vault.chain(folder))}"
                body = {"event": "created", "kind": "signing", "key": key, "serial": serial}
                outbox.submit(EntryType.KEY_EVENT, body)
        except (ProvenanceError, OSError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"Clips are signed with the certificate {serial} from now on.")
