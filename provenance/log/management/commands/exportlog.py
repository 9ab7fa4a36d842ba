"""`manage.py exportlog`: the log as plain files for a web server and for mirrors."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from provenance.core.errors import ProvenanceError
from provenance.log.export import export

from ._copies import progress_bar


class Command(BaseCommand):
    """May be run as often as one likes: only what is new is written, the checkpoint last."""

    help = "Write the log's tiles, bundles, key and newest checkpoint into a folder."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("dir", type=Path, help="an empty folder, or one of an earlier export")
        parser.add_argument(
            "--again", action="store_true", help="write files anew that are there already"
        )

    def handle(self, *args: object, **options: Any) -> None:
        try:
            with progress_bar("files", self.stderr) as progress:
                done = export(options["dir"], progress, again=options["again"])
        except ProvenanceError as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(f"{error.filename}: {error.strerror}") from error
        self.stdout.write(
            f"{options['dir']} has {done.size} entries now; {done.written} files are new."
        )
