"""`manage.py buildtestmodel`: the tiny untrained pipeline that stands in for a trained model."""

from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.utils.module_loading import import_string

from generation.engines.catalog import UNTRAINED


class Command(BaseCommand):
    """Builds it from a fixed seed; nothing is downloaded."""

    help = "Build the untrained test model (random weights) into DATA/models."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "folder", nargs="?", type=Path, help="default: DATA/models/untrained-test"
        )

    def handle(self, *args: object, **options: Path | None) -> None:
        folder = options["folder"] or settings.DATA / "models" / UNTRAINED
        folder.parent.mkdir(parents=True, exist_ok=True)
        import_string("generation.engines.testmodel.build")(folder)
        self.stdout.write(f"The untrained test model lies in {folder}.")
