"""`manage.py trustlist`: the archive's trust.json, as the site serves it."""

from django.core.management.base import BaseCommand, CommandError

from provenance.core.errors import ProvenanceError
from provenance.verify.belief import site_list


class Command(BaseCommand):
    """Prints whom a check on behalf of the archive believes."""

    help = "Print trust.json: anchors by list, the log's key, revoked certificates."

    def handle(self, *args: object, **options: object) -> None:
        try:
            self.stdout.write(site_list().text, ending="")
        except ProvenanceError as error:
            raise CommandError(str(error)) from error
