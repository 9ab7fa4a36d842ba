"""Measure how well the starter model does what the prompt says; exit 1 below the floor."""

import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from generation.engines import catalog, weights
from generation.starter.measures import Settings
from generation.starter.notes import Notes


class Command(BaseCommand):
    """Thin wrapper of generation.starter.evaluate and report; torch is imported only to measure."""

    help = "Generate clips for held-out prompts and check them by image analysis."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--prompts", type=int, default=600, help="how many (default 600)")
        parser.add_argument("--steps", type=int, help="denoising steps (default: the card's)")
        parser.add_argument("--guidance", type=float, help="guidance scale (default: the card's)")
        parser.add_argument("--threads", type=int, default=2, help="threads of torch (default 2)")
        parser.add_argument("--folder", type=Path, default=catalog.STARTER, help="the model")
        parser.add_argument(
            "--work",
            type=Path,
            help="what was seen so far, to go on from (default: starter in the data folder)",
        )
        parser.add_argument(
            "--noted", action="store_true", help="make no clips: the table of what was seen so far"
        )
        parser.add_argument("--write", action="store_true", help="write the table into the card")
        parser.add_argument("--document", type=Path, help="also write it into this document")
        parser.add_argument(
            "--compare",
            type=int,
            default=0,
            help="also measure step counts and guidance scales, with so many prompts each",
        )
        parser.add_argument("--sheets", type=Path, help="also draw the pictures into this folder")

    def handle(self, **options: Any) -> None:
        from generation.starter import card, report

        how = Settings(
            steps=options["steps"] or card.STEPS["default"],
            guidance=options["guidance"] or card.GUIDANCE["default"],
        )
        kept = Notes(
            options["work"] or Path(settings.DATA) / "starter",
            weights.weights_sha256(options["folder"]),
        )
        if not options["noted"]:
            self._measure(options, how, kept)
        results = report.read(kept, options["prompts"], how)
        table = report.table(results, how)
        if right := report.compared(kept, options["compare"], how) if options["compare"] else None:
            table += "\n" + report.ablation_line(right, how)
        self.stdout.write(table)
        if options["write"]:
            card.record_evaluation(options["folder"], table)
        if options["document"]:
            card.copy_evaluation(table, options["document"])
        if not results.passes:
            self.stderr.write("Below the floor, or not all was measured.")
            sys.exit(1)

    def _measure(self, options: dict[str, Any], how: Settings, kept: Notes) -> None:
        """Make the clips that are missing, and the pictures."""
        from generation.starter import card, evaluate, network, report, sheet

        network.use_threads(options["threads"])
        evaluate.evaluate(options["folder"], options["prompts"], how, kept)
        if options["compare"]:
            evaluate.compare(options["folder"], options["compare"], how, kept)
        if folder := options["sheets"]:
            pipeline = evaluate.load(options["folder"])
            sheet.contact_sheet(pipeline, card.EXAMPLES, how, folder / "starter-sheet.png")
            right = report.compared(kept, options["compare"], how) if options["compare"] else {}
            sheet.ablation_sheet(pipeline, how, right, folder / "starter-ablation.png")
