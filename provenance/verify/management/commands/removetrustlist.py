"""`manage.py removetrustlist`: believe a list of others no more."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from provenance import vault
from provenance.core.errors import ProvenanceError
from provenance.verify import keyevents


class Command(BaseCommand):
    """Takes the list out of trust.json, and tells the log its new hash."""

    help = "Remove a list of certificates that was added with addtrustlist."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("sha256", metavar="SHA256", help="of the list's file, as reports show")

    def handle(self, *args: object, sha256: str, **options: Any) -> None:
        try:
            gone = vault.remove_list(settings.KEYS_DIR, sha256)
            told = keyevents.announced(settings.KEYS_DIR)
        except (ProvenanceError, OSError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"Removed {gone.name} ({gone.kind}), added {gone.added}. {told}")
