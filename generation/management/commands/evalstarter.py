"""Measure how well the starter model does what the prompt says; exit 1 below the floor."""

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from generation.engines import catalog


class Command(BaseCommand):
    """Thin wrapper of generation.starter.evaluate; torch is imported only when it runs."""

    help = "Generate clips for held-out prompts and check them by image analysis."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--prompts", type=int, default=600, help="how many (default 600)")
        parser.add_argument("--steps", type=int, help="denoising steps (default: the card's)")
        parser.add_argument("--guidance", type=float, help="guidance scale (default: the card's)")
        parser.add_argument("--threads", type=int, default=2, help="threads of torch (default 2)")
        parser.add_argument("--folder", type=Path, default=catalog.STARTER, help="the model")
        parser.add_argument("--write", action="store_true", help="write the table into the card")
        parser.add_argument("--sheets", type=Path, help="also draw the pictures into this folder")

    def handle(self, **options: Any) -> None:
        from generation.starter import card, evaluate, network, sheet

        network.use_threads(options["threads"])
        how = evaluate.Settings(
            steps=options["steps"] or card.STEPS["default"],
            guidance=options["guidance"] or card.GUIDANCE["default"],
        )
        results = evaluate.evaluate(options["folder"], options["prompts"], how)
        table = evaluate.table(results, how)
        self.stdout.write(table)
        if options["write"]:
            card.record_evaluation(options["folder"], table)
        if options["sheets"]:
            pipeline = evaluate.load(options["folder"])
            sheet.contact_sheet(
                pipeline, card.EXAMPLES, how, options["sheets"] / "starter-sheet.png"
            )
            sheet.ablation_sheet(pipeline, how, options["sheets"] / "starter-ablation.png")
        if not results.passes:
            self.stderr.write("Below the floor.")
            sys.exit(1)
