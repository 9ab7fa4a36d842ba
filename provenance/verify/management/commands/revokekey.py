"""`manage.py revokekey`: a signing key that was lost to others does not count since a time."""

from argparse import ArgumentParser, ArgumentTypeError
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from provenance import vault
from provenance.core.errors import ProvenanceError
from provenance.core.records import EntryType
from provenance.log import outbox


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
    """Writes the event to the log and the certificate into trust.json."""

    help = "Revoke a signing certificate; clips logged or stamped before TIME keep their standing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("serial", metavar="SERIAL", help="decimal, as a verdict shows it")
        parser.add_argument("--since", type=instant, required=True, metavar="TIME")

    def handle(self, *args: object, serial: str, since: datetime, **options: Any) -> None:
        if not (serial.isascii() and serial.isdigit()):
            raise CommandError("A serial number is given in decimal digits.")
        body = {
            "event": "revoked", "kind": "signing", "key": f"serial:{serial}", "serial": serial,
            "since": f"{since:%Y-%m-%dT%H:%M:%SZ}",
        }  # fmt: skip
        try:
            with transaction.atomic():
                outbox.submit(EntryType.KEY_EVENT, body)
                vault.revoke(settings.KEYS_DIR, serial, since)
        except (ProvenanceError, OSError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"The certificate {serial} does not count since {since:%Y-%m-%d %H:%M} UTC."
        )
