"""`manage.py rotatekey`: a new signing certificate from the issuer that is kept offline."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from provenance import vault
from provenance.core.errors import ProvenanceError
from provenance.verify import keyevents

_TOKEN = ("module", "token", "key", "pin_file")


class Command(BaseCommand):
    """Workers sign with the new key from their next clip on."""

    help = (
        "Make a new signing key and certificate; clips signed before stay trusted. The key lies in"
        " the keys' folder, or in a PKCS#11 token, or behind a callable such as a KMS client."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("issuer", type=Path, metavar="ISSUER.KEY.PEM", help="encrypted key")
        parser.add_argument("--passphrase-file", type=Path, required=True)
        token = parser.add_argument_group("a key in a PKCS#11 token, made there if it is missing")
        token.add_argument("--module", help="path of the token's PKCS#11 library")
        token.add_argument("--token", help="the token's label")
        token.add_argument("--key", help="the key's label")
        token.add_argument("--pin-file", help="file with the user's PIN, mode 600")
        behind = parser.add_argument_group("a key behind a callable")
        behind.add_argument("--callable", help="dotted path; bytes to be signed -> signature")
        behind.add_argument("--public-key", type=Path, help="its public key, PEM")

    def handle(self, *args: object, issuer: Path, **options: Any) -> None:
        folder = settings.KEYS_DIR
        try:
            passphrase = options["passphrase_file"].read_bytes().strip()
            serial = vault.rotate(folder, issuer, passphrase, timezone.now(), _place(options))
            told = keyevents.announced(folder)
        except (ProvenanceError, OSError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"Clips are signed with the certificate {serial} from now on. {told}")


def _place(options: dict[str, Any]) -> vault.Place:
    token = [name for name in _TOKEN if options[name]]
    behind = [name for name in ("callable", "public_key") if options[name]]
    if not token and not behind:
        return vault.InFolder()
    if token == [*_TOKEN] and not behind:
        return vault.InToken(**{name: options[name] for name in _TOKEN})
    if len(behind) == 2 and not token:
        return vault.Behind(options["callable"], options["public_key"].read_bytes())
    raise CommandError(
        "A token needs --module, --token, --key and --pin-file; a callable needs --callable and"
        " --public-key; give one of the two groups whole, or none."
    )
