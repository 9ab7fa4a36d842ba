"""`manage.py launch`: the whole archive in the foreground, without demo content."""

import sys

from django.conf import settings
from django.core.management.base import BaseCommand

from sora_archive.launcher import Launcher, place_from_settings
from sora_archive.launching.processes import Console


class Command(BaseCommand):
    """Exits 0 when stopped, 1 when a service does not stay up, 2 when it cannot start."""

    help = "Run database, broker, log sequencer, sweep, worker and web server until Ctrl-C."
    requires_system_checks = []

    def handle(self, *args: object, **options: object) -> None:
        console = Console(sys.stdout)
        ready = f"the archive is at {settings.SITE_URL}  (Ctrl-C stops it)"
        sys.exit(Launcher(place_from_settings(), console).run(lambda _: console.say(ready)))
