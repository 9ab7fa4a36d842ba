"""`manage.py addperson`: an account for an artist or a curator."""

import sys
from getpass import getpass

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from sora_archive.accounts.models import Role
from sora_archive.accounts.people import create_person


class Command(BaseCommand):
    """Asks for the password, or reads it from standard input; never takes it as an argument."""

    help = "Make an account: addperson NAME --pseudonym 'Shown Name' --role artist|curator"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--pseudonym", help="the name the public sees; default: the user name")
        parser.add_argument("--role", choices=Role.values, default=Role.ARTIST)

    def handle(self, *args: object, **options: str) -> None:
        password = getpass() if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
        username = options["username"]
        try:
            create_person(
                username, options["pseudonym"] or username, Role(options["role"]), password
            )
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        self.stdout.write(f"{username} can sign in.")
