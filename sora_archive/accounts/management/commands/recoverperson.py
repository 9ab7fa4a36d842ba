"""`manage.py recoverperson`: a link for somebody who has lost every way to sign in."""

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.urls import reverse

from sora_archive.accounts import invitations
from sora_archive.accounts.models import User


class Command(BaseCommand):
    """Prints the link, which is kept nowhere; make sure that you give it to the right person."""

    help = "Print a link that sets a new password: recoverperson NAME --reason 'lost the phone'"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--reason", required=True, help="curators see it")

    def handle(self, *args: object, **options: str) -> None:
        person = User.objects.filter(username=options["username"], is_active=True).first()
        if person is None:
            raise CommandError(f"There is nobody named {options['username']!r}.")
        _made, token = invitations.recovery(person, options["reason"])
        self.stdout.write(settings.SITE_URL + reverse("accounts:invited", args=[token]))
