"""`manage.py importlog`: a restored database gets back the entries that a copy of the log has."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from provenance.core.errors import ProvenanceError
from provenance.log import importing, sequencer

from ._copies import add_copy_arguments, copy_of, progress_bar


class Command(BaseCommand):
    """For a sequencer that refuses because the database is older than what was signed."""

    help = "Take the entries that the database lacks from an export or a mirror of this very log."

    def add_arguments(self, parser: CommandParser) -> None:
        add_copy_arguments(parser, required=True)

    def handle(self, *args: object, **options: Any) -> None:
        try:
            own = sequencer.from_settings()
            mark = own.marks.read(own.signer.vkey)
            with progress_bar("entries", self.stderr) as progress:
                done = importing.recover(copy_of(options), mark, progress)
        except ProvenanceError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"The log had {done.before} entries and has {done.after}. Start the sequencer, and "
            "run manage.py auditlog."
        )
