"""`manage.py trustlist`: the archive's trust.json, as the site serves it."""

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from provenance import vault
from provenance.core.errors import ProvenanceError


class Command(BaseCommand):
    """Prints whom a check on behalf of the archive believes."""

    help = "Print trust.json: anchors by list, the log's key, revoked certificates."

    def handle(self, *args: object, **options: object) -> None:
        try:
            self.stdout.write(vault.trust_list(settings.KEYS_DIR).text, ending="")
        except ProvenanceError as error:
            raise CommandError(str(error)) from error
