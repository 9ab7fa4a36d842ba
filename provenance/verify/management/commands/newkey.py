"""`manage.py newkey`: the keys of a new archive."""

from argparse import ArgumentParser
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

    def handle(self, *args: object, **options: Any) -> None:
        folder = settings.KEYS_DIR
        if (folder / vault.HOME).exists() and not options["if_missing"]:
            raise CommandError(f"There are keys in {folder} already, and they are never replaced.")
        try:
            vault.ensure_keys(folder, settings.LOG_ORIGIN, timezone.now())
        except (KeysRefused, OSError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"The keys lie in {folder}. Move {vault.HOME}/take-offline to an offline medium."
        )
