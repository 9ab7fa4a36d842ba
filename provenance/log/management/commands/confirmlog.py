"""`manage.py confirmlog`: has witnesses and time-stamp authorities confirm the log."""

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from provenance.core.errors import ProvenanceError
from provenance.log import confirming


class Command(BaseCommand):
    """Whom it asks is said by LOG_WITNESS_POLICY and LOG_TSA_URLS; with neither it ends at once."""

    help = "Ask witnesses to cosign each checkpoint and time-stamp authorities to anchor some."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="one round, then end")

    def handle(self, *args: object, **options: Any) -> None:
        try:
            confirmer = confirming.from_settings()
        except ProvenanceError as error:
            raise CommandError(str(error)) from error
        if not confirmer.policy.witnesses and not confirmer.authorities.addresses:
            raise CommandError(
                "There is nobody to ask: name a file in LOG_WITNESS_POLICY, or authorities in "
                "LOG_TSA_URLS."
            )
        if options["once"]:
            confirmer.round()
            return
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        confirming.run(confirmer, stop)
