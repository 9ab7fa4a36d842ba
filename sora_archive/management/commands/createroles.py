"""`manage.py createroles`: three database roles, of which only the owner could touch the log."""

from typing import Any

import psycopg
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from sora_archive import database_roles
from sora_archive.database_roles import RolesRefused, login


class Command(BaseCommand):
    """Run it after every migration; what is right already stays as it is."""

    help = "Make the owner's, sequencer's and web's database roles and give each what it needs."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--admin",
            metavar="URL",
            help="address of a superuser, who makes roles that are missing",
        )

    def handle(self, *args: object, **options: Any) -> None:
        addresses = settings.DATABASE_ADDRESSES
        if not addresses.are_separate:
            raise CommandError(
                "Set DATABASE_URL, OWNER_DATABASE_URL and SEQUENCER_DATABASE_URL, each with a user "
                "of its own."
            )
        roles = [login(url) for url in (addresses.owner, addresses.sequencer, addresses.web)]
        try:
            with database_roles.connect(options["admin"] or addresses.owner) as admin:
                made = database_roles.create(admin, roles)
                if options["admin"]:
                    database_roles.hand_over(admin, addresses)
            with database_roles.connect(addresses.owner) as owner:
                database_roles.grant(owner, addresses)
        except (RolesRefused, psycopg.Error) as error:
            raise CommandError(str(error)) from error
        for name in made:
            self.stdout.write(f"made the role {name}")
        self.stdout.write("Owner, sequencer and web have the rights that docs/operations.md says.")
