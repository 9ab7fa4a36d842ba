"""`manage.py newkey`: the keys of a new archive."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from provenance import vault
from provenance.core.errors import KeysRefused


class Command(BaseCommand):
    """Makes them once; an archive keeps its keys' folder for ever."""

    help = "Make the archive's keys: certificate chain for credentials, key of the log."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--if-missing", action="store_true", help="be content where there are keys already"
        )
        parser.add_argument(
            "--offline", type=Path, metavar="FOLDER",
            help="write the keys of root and issuer there, such as to a medium that is taken away",
        )  # fmt: skip

    def handle(self, *args: object, **options: Any) -> None:
        folder, offline = settings.KEYS_DIR, options["offline"]
        known = (folder / vault.HOME).exists()
        if known and (offline or not options["if_missing"]):
            raise CommandError(f"There are keys in {folder} already, and they are never replaced.")
        try:
            vault.ensure_keys(folder, settings.LOG_ORIGIN, timezone.now(), offline)
        except (KeysRefused, OSError) as error:
            raise CommandError(str(error)) from error
        apart = offline or vault.offline_folder(folder)
        self.stdout.write(f"The keys lie in {folder}.")
        if not known or apart.exists():
            self.stdout.write(
                f"Take offline, nothing running needs them: {apart / 'root.key.pem'} and "
                f"{apart / 'issuer.key.pem'}, encrypted, and apart from them "
                f"{apart / 'passphrase.txt'}, which decrypts both."
            )
