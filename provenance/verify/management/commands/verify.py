"""`manage.py verify FILE`: the verify page's answer on the command line."""

import json
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error

from provenance.core.errors import ProvenanceError
from provenance.verify import child
from provenance.verify.words import NOT_CHECKED, in_words, status_of


class Command(BaseCommand):
    """Check one file against the archive's trust list, ledger and log."""

    help = (
        "Check a file. Exit status: 0 an intact clip of this archive; 1 anything else that could be"
        " read; 2 could not be read; 3 no check was made."
    )
    requires_system_checks = ()

    def run_from_argv(self, argv: list[str]) -> None:
        """Wrong arguments mean that no check was made, which argparse would call 2."""
        self._called_from_command_line = True
        try:
            self.create_parser(argv[0], argv[1]).parse_args(argv[2:])
        except SystemExit as stop:
            sys.exit(NOT_CHECKED if stop.code else 0)
        super().run_from_argv(argv)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument("--json", action="store_true", help="print the verdict as JSON")

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        try:
            verdict = child.check(file)
        except OSError as error:
            raise CommandError(f"{file}: {error.strerror}", returncode=NOT_CHECKED) from error
        except Error as error:
            words = "The archive's database cannot be reached, so no check was made."
            raise CommandError(words, returncode=NOT_CHECKED) from error
        except ProvenanceError as error:
            raise CommandError(str(error), returncode=NOT_CHECKED) from error
        if options["json"]:
            self.stdout.write(json.dumps(verdict.as_json(), ensure_ascii=False, indent=2))
        else:
            self.stdout.write(in_words(verdict))
        sys.exit(status_of(verdict))
