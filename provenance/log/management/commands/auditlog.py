"""`manage.py auditlog`: derives the whole log anew from the database and says what disagrees."""

from django.core.management.base import BaseCommand, CommandError

from provenance.log.audit import audit

_SHOWN = 50


class Command(BaseCommand):
    """Exits 1 where anything disagrees, naming the place."""

    help = "Re-derive every hash, tile, root and signature of the log from its entries."

    def handle(self, *args: object, **options: object) -> None:
        report = audit()
        self.stdout.write(
            f"{report.entries} entries, {report.tiles} full tiles, {report.checkpoints} "
            f"checkpoints, {report.openings} openings checked; {report.waiting} entries wait."
        )
        for place in report.open_attempts[:_SHOWN]:
            self.stdout.write(f"entry {place}: this attempt has no outcome yet")
        for problem in report.problems[:_SHOWN]:
            self.stderr.write(problem)
        if report.problems:
            raise CommandError(f"{len(report.problems)} things disagree.")
        self.stdout.write("Everything agrees.")
