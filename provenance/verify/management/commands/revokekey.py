"""`manage.py revokekey`: a signing key that was lost to others does not count since a time."""

from argparse import ArgumentParser, ArgumentTypeError
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from provenance import vault
from provenance.core.errors import ProvenanceError
from provenance.core.keys import leaf_serial
from provenance.verify import keyevents


def instant(text: str) -> datetime:
    """A time with its zone, such as 2026-11-23T19:04:36Z, to the second."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise ArgumentTypeError("a time looks like 2026-11-23T19:04:36Z") from error
    if at.tzinfo is None:
        raise ArgumentTypeError("a time needs its zone: 2026-11-23T19:04:36Z")
    return at.astimezone(UTC).replace(microsecond=0)


class Command(BaseCommand):
    """Writes the event to the log and the certificate into trust.json, whose hash is logged too."""

    help = "Revoke a signing certificate; clips logged or stamped before TIME keep their standing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("serial", metavar="SERIAL", help="decimal, as a verdict shows it")
        parser.add_argument("--since", type=instant, required=True, metavar="TIME")
        parser.add_argument(
            "--unseen", action="store_true",
            help="also where no certificate of that number was ever in use here",
        )  # fmt: skip

    def handle(self, *args: object, serial: str, since: datetime, **options: Any) -> None:
        if not (serial.isascii() and serial.isdigit()):
            raise CommandError("A serial number is given in decimal digits.")
        try:
            if not options["unseen"] and serial not in vault.serials(settings.KEYS_DIR):
                raise CommandError(
                    f"No certificate {serial} was ever in use here. Look the number up again, or "
                    "say --unseen if somebody else had it issued."
                )
            vault.revoke(settings.KEYS_DIR, serial, since)
            told = keyevents.announced(settings.KEYS_DIR)
            present = leaf_serial(vault.chain(settings.KEYS_DIR))
        except (ProvenanceError, OSError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"The certificate {serial} does not count since {since:%Y-%m-%d %H:%M} UTC. {told}"
        )
        if serial == present:
            self.stdout.write("It is the present one: nothing is signed until you run rotatekey.")
