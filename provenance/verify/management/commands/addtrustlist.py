"""`manage.py addtrustlist`: believe, and tell apart, a list of anchors that others keep."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from provenance import vault
from provenance.core.errors import ProvenanceError
from provenance.core.trustlists import KINDS
from provenance.verify import keyevents


class Command(BaseCommand):
    """Keeps the list with its SHA-256 and the date, and tells the log the hash of trust.json."""

    help = "Add a list of certificates (PEM) that checks tell apart from the archive's own."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")
        kinds = [kind for kind in KINDS if kind != "archive"]
        parser.add_argument("--kind", choices=kinds, required=True)
        parser.add_argument("--name", help="what to call it; default: the file's name")

    def handle(self, *args: object, file: Path, **options: Any) -> None:
        try:
            pem = file.read_bytes().decode()  # as it is, so that its SHA-256 is the file's
            added = vault.add_list(
                settings.KEYS_DIR, options["name"] or file.name, pem, options["kind"],
                timezone.now(),
            )  # fmt: skip
            told = keyevents.announced(settings.KEYS_DIR)
        except UnicodeDecodeError as error:
            raise CommandError(f"{file} is no text, as a list of certificates is.") from error
        except (ProvenanceError, OSError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"Added {added.name} ({added.kind}), SHA-256 {added.sha256}. {told}")
