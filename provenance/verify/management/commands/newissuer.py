"""`manage.py newissuer`: the next issuer of signing certificates, from the root kept offline."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from provenance import vault
from provenance.core.errors import ProvenanceError


class Command(BaseCommand):
    """Nothing signs with it before the next rotation, which is given the new issuer's key."""

    help = "Make a new issuer under the same root, for rotatekey to use; every four years or so."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("root", type=Path, metavar="ROOT.KEY.PEM", help="encrypted key")
        parser.add_argument("--passphrase-file", type=Path, required=True)
        parser.add_argument(
            "--to", type=Path, required=True, metavar="NEW.KEY.PEM",
            help="where to write its key, encrypted: on the medium that is taken away",
        )  # fmt: skip

    def handle(self, *args: object, root: Path, to: Path, **options: Any) -> None:
        try:
            passphrase = options["passphrase_file"].read_bytes().strip()
            end = vault.new_issuer(settings.KEYS_DIR, root, passphrase, to, timezone.now())
        except (ProvenanceError, OSError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"The key of the new issuer, which ends on {end:%Y-%m-%d}, is {to}. Give it to"
            " rotatekey, and take it offline."
        )
