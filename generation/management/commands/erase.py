"""`manage.py erase`: the operator's way to erase, and to erase again after a restore."""

import uuid
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser

from generation import erasing
from generation.errors import GenerationError
from generation.models import Act, By, Generation, Reason
from provenance.log.outbox import LogUnavailable

_KINDS = {"prompt": Act.Kind.PROMPT_ERASED, "name": Act.Kind.NAME_ERASED,
          "clip": Act.Kind.CLIP_ERASED}  # fmt: skip


class Command(BaseCommand):
    """What it does is in docs/erasure.md; the log says that it was done, and why."""

    help = "Erase a prompt, a name, a clip, or an account's name; --again after a restore."

    def add_arguments(self, parser: CommandParser) -> None:
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--again", action="store_true", help="all that the list of erasures says")
        what.add_argument("--account", metavar="USERNAME", help="its name, from all it asked for")
        what.add_argument("--clip", type=uuid.UUID, metavar="ID", help="of one clip, see --what")
        parser.add_argument("--what", choices=_KINDS, default="clip", help="of --clip")
        parser.add_argument(
            "--reason", choices=[reason.value for reason in Reason], default=Reason.PRIVACY.value
        )

    def handle(self, *args: object, **options: Any) -> None:
        try:
            if options["again"]:
                self.stdout.write(f"{erasing.erase_again()} erasures made again.")
            elif options["account"]:
                self._account(options["account"], options["reason"])
            else:
                self._clip(options["clip"], _KINDS[options["what"]], options["reason"])
        except (GenerationError, LogUnavailable) as error:
            raise CommandError(str(error)) from error

    def _account(self, username: str, reason: str) -> None:
        artist = get_user_model().objects.filter(username=username).first()
        if artist is None:
            raise CommandError(f"There is no account {username!r}.")
        count = erasing.erase_name_everywhere(artist, By.OPERATOR, reason)
        self.stdout.write(f"The name is erased from {count} attempts; workers see to the files.")

    def _clip(self, clip_id: uuid.UUID, kind: Act.Kind, reason: str) -> None:
        generation = Generation.objects.filter(clip=clip_id).first()
        if generation is None:
            raise CommandError(f"There is no clip {clip_id}.")
        erasing.erase(generation, kind, By.OPERATOR, reason)
        self.stdout.write("Erased; a worker sees to the files.")
