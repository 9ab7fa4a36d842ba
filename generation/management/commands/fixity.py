"""`manage.py fixity`: hashes every stored file again, says what is wrong, and deletes nothing."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from generation import fixity

SHOWN = 50


class Command(BaseCommand):
    """Exits 1 where a file is missing or altered."""

    help = "Hash every stored file again, report, and write the result into the log."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--no-entry", action="store_true", help="leave no entry in the log")

    def handle(self, *args: object, **options: Any) -> None:
        with tqdm(unit=" files", file=self.stderr, mininterval=0.5) as bar:

            def tell(done: int, total: int) -> None:
                bar.total = total
                bar.update(done - bar.n)

            result = fixity.check(tell)
        self.stdout.write(
            f"{result.checked} files checked: {len(result.missing)} missing, "
            f"{len(result.altered)} altered; {len(result.orphans)} files no row names."
        )
        for words in ("missing", "altered", "orphans"):
            for name in getattr(result, words)[:SHOWN]:
                self.stderr.write(f"{words}: {name}")
        if not options["no_entry"]:
            self.stdout.write(f"Kept as {fixity.record(result)}, and left for the log.")
        if not result.sound:
            raise CommandError(
                "Put these files back from a backup (manage.py restore says how); each lies under "
                "its SHA-256 in the media folder."
            )
        self.stdout.write("Every file that a row names is there and unchanged.")
