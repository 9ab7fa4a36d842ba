"""Train the starter model, stage by stage; a run that was stopped resumes where it was."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

STAGES = ("text", "decoder", "whole", "transformer", "more", "last")


class Command(BaseCommand):
    """Thin wrapper of generation.starter.train; torch is imported only when it runs."""

    help = "Train the starter model: all stages in order, or one of them."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--stage", choices=STAGES, help="only this stage (default: all in order)"
        )
        parser.add_argument("--minutes", type=float, help="stop each stage after so many minutes")
        parser.add_argument("--threads", type=int, default=2, help="threads of torch (default 2)")
        parser.add_argument(
            "--workers", type=int, default=0, help="processes that draw data ahead (default none)"
        )
        parser.add_argument("--seed", type=int, default=1, help="seed of the training (default 1)")
        parser.add_argument(
            "--single",
            action="store_true",
            help="no bfloat16 (default: large products in it, where the processor has it)",
        )
        parser.add_argument(
            "--compile",
            action="store_true",
            help="compile the denoiser: a quarter quicker, where there is a C++ compiler",
        )
        parser.add_argument("--steps", type=int, help="a rehearsal: so many steps for each stage")
        parser.add_argument(
            "--work", type=Path, help="checkpoints (default: starter in the data folder)"
        )
        parser.add_argument("--folder", type=Path, help="the model (default: the shipped weights)")

    def handle(self, **options: Any) -> None:
        from generation.starter import network, train

        network.use_threads(options["threads"])
        work = options["work"] or Path(settings.DATA) / "starter"
        folder = options["folder"] or network.WEIGHTS
        stages = [options["stage"]] if options["stage"] else STAGES
        for stage in stages:
            try:
                finished = train.run_stage(
                    stage,
                    work,
                    folder,
                    seed=options["seed"],
                    minutes=options["minutes"],
                    steps=options["steps"],
                    workers=options["workers"],
                    single=options["single"],
                    compiled=options["compile"],
                )
            except (ValueError, OSError) as error:
                raise CommandError(str(error)) from error
            if not finished:
                self.stdout.write(f"Stage {stage} is not finished; the same command resumes it.")
                return
            self.stdout.write(self.style.SUCCESS(f"Stage {stage} is finished; see {folder}."))
