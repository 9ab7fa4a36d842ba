"""What the training stages share: a folder with a checkpoint that resumes, a clock, an average of
the weights.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tqdm import tqdm

CHECKPOINT_SECONDS = 120.0


@dataclass
class Run:
    """One stage's run: it ends after `steps`, or earlier when `minutes` are over, and then resumes
    where it was.
    """

    stage: str
    work: Path
    steps: int
    seed: int = 0
    minutes: float | None = None
    quiet: bool = False
    done: int = 0
    seconds: float = 0.0
    parts: dict[str, Any] = field(default_factory=dict)

    @property
    def path(self) -> Path:
        """The checkpoint."""
        return self.work / f"{self.stage}.pt"

    def keep(self, **parts: Any) -> None:
        """Name what a checkpoint holds (anything with state_dict); load it if there is one."""
        self.parts = parts
        if not self.path.exists():
            return
        stored = torch.load(self.path, weights_only=True)
        if stored["seed"] != self.seed:
            raise ValueError(
                f"{self.path} belongs to seed {stored['seed']}; delete it to start anew"
            )
        self.done, self.seconds = stored["done"], stored["seconds"]
        for name, part in parts.items():
            part.load_state_dict(stored["parts"][name])

    def save(self) -> None:
        """Write the checkpoint, all or nothing."""
        self.work.mkdir(parents=True, exist_ok=True)
        fresh = self.path.with_suffix(".new")
        state = {name: part.state_dict() for name, part in self.parts.items()}
        torch.save(
            {"done": self.done, "seconds": self.seconds, "seed": self.seed, "parts": state}, fresh
        )
        fresh.replace(self.path)

    def rng(self) -> np.random.Generator:
        """Randomness of the present step, the same whether or not the run was interrupted."""
        return np.random.default_rng([self.seed, self.done])

    def __iter__(self) -> Iterator[float]:
        """Yield the share of the run that is done, step by step, keeping checkpoints."""
        begun = saved = time.monotonic()
        spent = self.seconds
        with tqdm(
            total=self.steps, initial=self.done, desc=self.stage, disable=self.quiet, mininterval=5
        ) as bar:
            self.bar = bar
            while self.done < self.steps:
                torch.manual_seed(self.seed * 1_000_003 + self.done)
                yield self.done / self.steps
                self.done += 1
                bar.update()
                now = time.monotonic()
                self.seconds = spent + now - begun
                if self.minutes is not None and now - begun > 60 * self.minutes:
                    break
                if now - saved > CHECKPOINT_SECONDS:
                    self.save()
                    saved = now
        self.save()

    def note(self, **figures: float) -> None:
        """Show figures on the progress bar and append them to the stage's log."""
        self.bar.set_postfix({name: f"{value:.4g}" for name, value in figures.items()})
        self.work.mkdir(parents=True, exist_ok=True)
        line = {"step": self.done, "seconds": round(self.seconds), **figures}
        with (self.work / f"{self.stage}.jsonl").open("a") as log:
            log.write(json.dumps(line) + "\n")

    @property
    def finished(self) -> bool:
        """Whether all steps are done."""
        return self.done >= self.steps


def warm_then_fade(share: float, step: int, warm: int = 100, fade: float = 0.3) -> float:
    """Learning-rate factor: a short climb, a plateau, a straight fade to nothing over the last
    part.
    """
    return min(1.0, (step + 1) / warm, max(1.0 - share, 0.002) / fade)


class Average(torch.nn.Module):
    """An exponential moving average of a module's parameters, with a quick start."""

    def __init__(self, module: torch.nn.Module, decay: float) -> None:
        super().__init__()
        self.decay = decay
        self.updates = torch.nn.Buffer(torch.zeros((), dtype=torch.int64))
        names = [name.replace(".", "/") for name, _ in module.named_parameters()]
        for name, parameter in zip(names, module.parameters(), strict=True):
            self.register_buffer(name, parameter.detach().clone())

    @torch.no_grad()
    def update(self, module: torch.nn.Module) -> None:
        """Move towards the module's present parameters."""
        self.updates.add_(1)
        decay = min(self.decay, (1 + int(self.updates)) / (10 + int(self.updates)))
        for name, parameter in module.named_parameters():
            self.get_buffer(name.replace(".", "/")).lerp_(parameter, 1 - decay)

    @torch.no_grad()
    def copy_to(self, module: torch.nn.Module) -> None:
        """Give the module the averaged parameters."""
        for name, parameter in module.named_parameters():
            parameter.copy_(self.get_buffer(name.replace(".", "/")))


def set_rates(optimizers: list[torch.optim.Optimizer], factor: float) -> None:
    """Scale every group's learning rate from its starting value."""
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group.setdefault("start", group["lr"])
            group["lr"] = group["start"] * factor
