"""`manage.py addmodel`: brings a model of the hub, or a folder at hand, into the archive."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from generation.engines import adding, catalog, weights
from generation.errors import ModelUnavailable


class Command(BaseCommand):
    """Fetches it where no folder is given, hashes every file once and writes its card."""

    help = "Add a video model: fetch it at a pinned revision, or take a folder; write its card."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", nargs="?", help="which card; without it, the list of cards")
        parser.add_argument("--revision", default="", help="its commit on the hub, 40 letters")
        parser.add_argument("--folder", type=Path, help="where it lies already; nothing is fetched")
        parser.add_argument("--queue", default="", help="the queue whose workers can render it")
        parser.add_argument("--dtype", choices=catalog.DTYPES)
        parser.add_argument("--offload", choices=catalog.OFFLOADS)
        parser.add_argument("--compile", action="store_true", default=None)

    def handle(self, *args: object, **options: Any) -> None:
        if not options["name"]:
            for name, values in adding.shipped().items():
                self.stdout.write(f"{name:16}{values['hub']:42}{values['licence']}")
            return
        asked = {name: options[name] for name in ("dtype", "offload", "compile")}
        loading = {name: value for name, value in asked.items() if value is not None}
        choice = adding.Choice(options["name"], options["revision"], loading, options["queue"])
        try:
            folder = options["folder"] or self._fetched(choice)
            total = sum(weights.sizes(folder).values()) if folder.is_dir() else 0
            with tqdm(total=total, unit="B", unit_scale=True, desc="hashing") as bar:
                card = adding.add(choice, folder, bar.update)
        except (ModelUnavailable, OSError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{card.title}: weights {card.weights_sha256}")
        known = folder.name if folder.parent == settings.DATA / "models" else folder
        self.stdout.write(
            f"Offer it with GENERATION_MODELS={known} (several are separated by ':')."
        )

    def _fetched(self, choice: adding.Choice) -> Path:
        folder: Path = settings.DATA / "models" / choice.name
        hub = adding.hub_id(choice)
        if not adding.REVISION.fullmatch(choice.revision):
            raise ModelUnavailable(
                f"Say which commit: --revision with the 40 letters that the hub shows for {hub}."
            )
        # Only here: the library looks at the environment and the network when it is imported.
        from huggingface_hub import snapshot_download

        self.stdout.write(f"Fetching {hub} at {choice.revision} into {folder}")
        snapshot_download(
            hub, revision=choice.revision, local_dir=folder, allow_patterns=adding.WANTED
        )
        return folder
