"""`manage.py auditlog`: derives the whole log anew, from the database or from a copy."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from provenance.core import mirrors
from provenance.core.errors import ProvenanceError
from provenance.core.notes import NoteRefused
from provenance.log import copies
from provenance.log.audit import audit

from ._copies import add_copy_arguments, copy_of, key_of, progress_bar

_SHOWN = 50
_SHOWN_PENDING = 10


class Command(BaseCommand):
    """Exits 1 where anything disagrees, naming the place."""

    help = "Re-derive every hash, tile, root and signature of the log from its entries."

    def add_arguments(self, parser: CommandParser) -> None:
        add_copy_arguments(parser, required=False)

    def handle(self, *args: object, **options: Any) -> None:
        if options["url"] is None and options["dir"] is None:
            if options["vkey"]:
                raise CommandError("--vkey goes with --url or --dir; the database has its own.")
            self._audit_database()
        else:
            try:
                self._audit_copy(options)
            except ProvenanceError as error:
                raise CommandError(str(error)) from error

    def _audit_database(self) -> None:
        with progress_bar("entries", self.stderr) as progress:
            report = audit(progress)
        self.stdout.write(
            f"{report.entries} entries, {report.tiles} full tiles, {report.checkpoints} "
            f"checkpoints, {report.openings} openings checked; {report.waiting} entries wait."
        )
        self._conclude(report.pending, report.problems)

    def _audit_copy(self, options: Mapping[str, Any]) -> None:
        read = copy_of(options)
        vkey = key_of(options, read, self.stderr)
        with progress_bar("entries", self.stderr) as progress:
            found = _found(read, vkey, progress)
        faults = list(found.faults)
        if options["dir"] is not None and len(faults) < mirrors.MOST_FAULTS:
            faults += copies.strays(options["dir"], found.checkpoint.size, read)
            faults += copies.pages(options["dir"], found.checkpoint.size)
        self.stdout.write(
            f"{found.entries} of {found.checkpoint.size} entries and {found.tiles} tiles of "
            f"{found.checkpoint.origin} checked."
        )
        faults.sort(key=lambda fault: fault.index)
        self._conclude(found.pending, [str(fault) for fault in faults])

    def _conclude(self, pending: Mapping[int, datetime], problems: list[str]) -> None:
        now = datetime.now(UTC)
        for place, begun in list(pending.items())[:_SHOWN_PENDING]:
            age = max(now - begun, timedelta())
            self.stdout.write(f"entry {place}: this attempt has no outcome yet, after {_said(age)}")
        if len(pending) > _SHOWN_PENDING:
            self.stdout.write(
                f"… and {len(pending) - _SHOWN_PENDING} attempts more without an outcome."
            )
        for problem in problems[:_SHOWN]:
            self.stderr.write(problem)
        if problems:
            raise CommandError(f"{len(problems)} things disagree. The first: {problems[0]}")
        self.stdout.write("Everything agrees.")


def _found(read: mirrors.Read, vkey: str, progress: Callable[[int, int], None]) -> mirrors.Findings:
    """The audit of a copy; without a sound checkpoint it proves nothing from entry 0 on."""
    try:
        return mirrors.audit(read, vkey, progress)
    except NoteRefused as error:
        raise CommandError(f"entry 0 and all after it: the copy's checkpoint: {error}") from error


def _said(age: timedelta) -> str:
    return str(age).partition(".")[0]
