"""`manage.py loadrecord`: a reviewed data file into the record."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError, CommandParser

from sora_archive.record.errors import RecordRefused
from sora_archive.record.loading import SHIPPED, load_file


class Command(BaseCommand):
    """Loads all of a file or nothing; says which rows it left because they were edited here."""

    help = "Load a record (TOML) into the site; rows edited here are never overwritten."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "file", nargs="?", type=Path, default=SHIPPED, help="default: the one that ships"
        )

    def handle(self, *args: object, file: Path, **options: object) -> None:
        try:
            outcome = load_file(file)
        except RecordRefused as error:
            raise CommandError(f"{error} Nothing was loaded.") from error
        self.stdout.write(
            f"{len(outcome.added)} added, {len(outcome.changed)} changed, "
            f"{len(outcome.unchanged)} as they were, {len(outcome.edited)} edited here and kept"
        )
        for slug in outcome.edited:
            self.stdout.write(f"  kept: {slug}")
