"""`manage.py demo`: the whole archive in the foreground, with something to try in each room."""

import sys

from django.core.management.base import BaseCommand

from sora_archive.demonstration import tour
from sora_archive.launcher import Launcher, place_from_settings
from sora_archive.launching.processes import Console


class Command(BaseCommand):
    """Exits 0 when stopped, 1 when a service does not stay up, 2 when it cannot start."""

    help = "Run the whole archive with a cast, clips and a statement to try until Ctrl-C."
    requires_system_checks = []

    def handle(self, *args: object, **options: object) -> None:
        sys.exit(Launcher(place_from_settings(), Console(sys.stdout)).run(tour.fill))
