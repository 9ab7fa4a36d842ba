"""`manage.py recheck`: check again what visitors left with their reports, after an update."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from provenance.core.errors import ProvenanceError
from provenance.verify import reports


class Command(BaseCommand):
    """Both verdicts stay: what was said before, and what is said now."""

    help = "Check kept files again where program, validator or trust list are others than before."

    def handle(self, *args: object, **options: Any) -> None:
        count = changed = unread = 0
        try:
            for again in reports.recheck():
                if again.now is None:
                    unread += 1
                    self.stderr.write(f"{again.report}: its file cannot be read: {again.trouble}")
                    continue
                count += 1
                before, now = again.before.document, again.now.document
                if (before["verdict"], before["state"]) != (now["verdict"], now["state"]):
                    changed += 1
                    self.stdout.write(f"{again.report}: {_said(before)}, now {_said(now)}")
        except ProvenanceError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{count} checked again, {changed} with another verdict.")
        if unread:
            raise CommandError(
                f"{unread} kept files could not be read. They should lie in"
                f" {settings.VERIFY_KEPT_DIR}."
            )


def _said(document: dict[str, Any]) -> str:
    return f"{document['verdict']} ({document['state']})"
