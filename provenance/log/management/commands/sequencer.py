"""`manage.py sequencer`: gives entries their place in the log and signs, until SIGTERM."""

import signal
import threading

from django.core.management.base import BaseCommand, CommandError

from provenance.core.errors import ProvenanceError
from provenance.log import sequencer


class Command(BaseCommand):
    """One is enough; a second one waits and takes over when the first one dies."""

    help = "Write the public log: run exactly one of it, for as long as the site runs."

    def handle(self, *args: object, **options: object) -> None:
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        try:
            sequencer.run(sequencer.from_settings(), stop)
        except ProvenanceError as error:
            raise CommandError(str(error)) from error
