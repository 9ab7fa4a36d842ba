"""`manage.py catchupsignatures`: after a restore, the signatures as the log has them."""

from django.core.management.base import BaseCommand, CommandError

from provenance.log.errors import LogUnavailable
from sora_archive.statement import catching_up
from sora_archive.statement.errors import CuratorRefused


class Command(BaseCommand):
    """Run it after `importlog`, before the archive is open again; a second run changes nothing."""

    help = "Take back, erase and invalidate again what the log says was, and a backup had not."

    def handle(self, *args: object, **options: object) -> None:
        try:
            late = catching_up.catch_up()
        except (CuratorRefused, LogUnavailable) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{late} signatures brought to where the log has them.")
