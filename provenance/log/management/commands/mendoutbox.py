"""`manage.py mendoutbox`: a damaged row of the log's outbox is put right and not lost."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from provenance.log import mending
from provenance.log.errors import MendingRefused
from provenance.log.mending import Row

_SHOWN = 2000  # bytes of an entry


class Command(BaseCommand):
    """For a sequencer that refuses because a row is not as it was written; runs as the owner."""

    help = "Turn back the single bit that has flipped in each damaged row of the outbox."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--accept", type=int, metavar="ROW",
            help="seal this row as it stands, where more than one bit of it is damaged",
        )  # fmt: skip

    def handle(self, *args: object, **options: Any) -> None:
        if options["accept"] is not None:
            self._accept(options["accept"])
            return
        right, left = mending.mend()
        for row in right:
            self.stdout.write(f"Row {row.number} is as it was written again.")
        for row in left:
            self.stderr.write(_told(row))
        if left:
            raise CommandError(
                f"{len(left)} rows are damaged in more than one bit and stay as they are. Take "
                "them from a backup, or judge each by what it says: manage.py mendoutbox --accept "
                "ROW lets it into the log as it stands."
            )
        if not right:
            self.stdout.write("No row of the outbox is damaged.")

    def _accept(self, number: int) -> None:
        try:
            mending.accept(number)
        except MendingRefused as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"Row {number} goes into the log as it stands.")


def _told(row: Row) -> str:
    said = row.data[:_SHOWN].decode(errors="backslashreplace")
    return f"Row {row.number}, ticket {row.known[8:24].hex()}: {said}"
