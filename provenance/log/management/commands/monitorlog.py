"""`manage.py monitorlog`: holds a log to what it has signed before; run it from a timer."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from provenance.core.errors import ProvenanceError
from provenance.log.monitor import observe

from ._copies import add_copy_arguments, copy_of, key_of


class Command(BaseCommand):
    """Exits 1 where the log contradicts the checkpoint kept, or cannot be read."""

    help = "Keep the log's checkpoint in a file and fail where the next one does not extend it."

    def add_arguments(self, parser: CommandParser) -> None:
        add_copy_arguments(parser, required=True)
        parser.add_argument(
            "--state", type=Path, required=True, help="the file that keeps the checkpoint"
        )

    def handle(self, *args: object, **options: Any) -> None:
        try:
            read = copy_of(options)
            seen = observe(read, key_of(options, read, self.stderr), options["state"])
        except ProvenanceError as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(f"{error.filename}: {error.strerror}") from error
        if seen.before is None:
            self.stdout.write(f"{seen.now.origin}: {seen.now.size} entries. Kept for next time.")
        else:
            self.stdout.write(
                f"{seen.now.origin}: {seen.now.size} entries, which begin with the "
                f"{seen.before.size} seen before."
            )
