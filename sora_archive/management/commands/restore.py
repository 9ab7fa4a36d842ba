"""`manage.py restore DIR`: a backup comes back into an archive that has nothing yet."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from sora_archive.keeping import restore, server
from sora_archive.keeping.errors import KeepingError
from sora_archive.launching.guard import Refusal

from ._progress import bar


class Command(BaseCommand):
    """Writes over nothing, and says when the backup is older than what was already signed."""

    help = "Restore a backup where there is no database, no media and, with --keys, no keys yet."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path, metavar="DIR", help="of a backup")
        parser.add_argument("--keys", type=Path, metavar="DIR", help="the keys' own backup")
        parser.add_argument(
            "--seen", type=Path, metavar="FILE",
            help="the newest checkpoint of the log that anybody holds, such as a mirror's",
        )  # fmt: skip

    def handle(self, *args: object, **options: Any) -> None:
        try:
            seen = options["seen"].read_text() if options["seen"] else ""
            with server.reachable(), bar("files", self.stderr) as progress:
                back = restore.restore(options["folder"], options["keys"], seen, progress)
        except (KeepingError, Refusal) as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(f"{error.filename}: {error.strerror}") from error
        made = f"{back.manifest.made_at:%Y-%m-%d %H:%M} UTC"
        self.stdout.write(
            f"Restored the backup of {made}: {back.manifest.entries} log entries, "
            f"{back.files} files."
        )
        if back.behind:
            self.stderr.write(
                f"{back.marked} entries were signed already, so the sequencer will refuse to sign "
                f"on {back.manifest.entries}. Restore a newer backup, or fetch the missing entries "
                "from a copy of the log: manage.py importlog (docs/operations.md)."
            )
        self.stdout.write(
            "Then forget again what was erased since the backup: manage.py erase --again."
        )
