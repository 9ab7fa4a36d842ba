"""`manage.py signingkeys`: the certificates that sign here, or did."""

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from provenance import vault
from provenance.core.errors import ProvenanceError


class Command(BaseCommand):
    """One line a certificate: its number, its days, and whether it signs."""

    help = "List the signing certificates: serial number, validity, present or retired, revoked."

    def handle(self, *args: object, **options: object) -> None:
        try:
            known = vault.signing_certificates(settings.KEYS_DIR)
            revoked = {
                each.serial: each.since for each in vault.trust_list(settings.KEYS_DIR).revocations
            }
        except ProvenanceError as error:
            raise CommandError(str(error)) from error
        for each in known:
            line = f"{each.serial} {each.begin:%Y-%m-%d} to {each.end:%Y-%m-%d} {each.place}"
            if each.serial in revoked:
                line += f", revoked since {revoked[each.serial]:%Y-%m-%dT%H:%M:%SZ}"
            self.stdout.write(line)
