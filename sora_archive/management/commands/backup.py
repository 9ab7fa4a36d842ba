"""`manage.py backup DIR`: the database, every file it names, and the keys in another place."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from sora_archive.keeping import backup, server
from sora_archive.keeping.errors import KeepingError
from sora_archive.launching.guard import Refusal

from ._progress import bar


class Command(BaseCommand):
    """Works while the archive runs and while it sleeps; exits 1 where files are missing."""

    help = "Back up database, media and keys; the keys into another folder."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path, metavar="DIR", help="new or empty")
        parser.add_argument(
            "--keys", type=Path, metavar="DIR",
            help="where the keys go, apart from the rest; without it they are not backed up",
        )  # fmt: skip
        parser.add_argument(
            "--rotate", action="store_true",
            help="make a dated folder inside DIR and delete those older than BACKUP_DAYS",
        )  # fmt: skip

    def handle(self, *args: object, **options: Any) -> None:
        parent, keys = options["folder"], options["keys"]
        folder = backup.folder_in(parent) if options["rotate"] else parent
        try:
            with server.reachable(), bar("files", self.stderr) as progress:
                made = backup.make(folder, keys, progress)
            old = backup.rotate(parent) if options["rotate"] else []
        except (KeepingError, Refusal) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{made.entries} log entries and {made.files} files in {made.folder}.")
        for path in old:
            self.stdout.write(f"deleted the old backup {path}")
        if keys is None:
            self.stderr.write("The keys are not in it: give them a folder of their own (--keys).")
        if made.lacking:
            named = "\n".join(made.lacking)
            raise CommandError(
                f"{len(made.lacking)} files are missing or damaged and not in the backup; "
                f"manage.py fixity says which of the two:\n{named}"
            )
