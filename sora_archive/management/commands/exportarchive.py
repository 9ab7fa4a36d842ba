"""`manage.py exportarchive DIR`: all that is public as a BagIt bag, to be kept by others."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from provenance.core.errors import ProvenanceError
from sora_archive.keeping import bag
from sora_archive.keeping.errors import KeepingError

from ._progress import bar


class Command(BaseCommand):
    """A public copy like any other: what is erased afterwards stays in it."""

    help = "Write clips, proofs, log, statement and record as a BagIt bag that checks itself."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path, metavar="DIR", help="new or empty")

    def handle(self, *args: object, **options: Any) -> None:
        try:
            with bar("clips", self.stderr) as progress:
                count = bag.make(options["folder"], progress)
        except (KeepingError, ProvenanceError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{count} clips in the bag {options['folder']}.")
