"""What the training stages share: a folder with a checkpoint that resumes, a clock, an average of
the weights.
"""

from __future__ import annotations

import json
import multiprocessing
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from tqdm import tqdm

CHECKPOINT_SECONDS = 120.0
Maker = Callable[[np.random.Generator], Any]
"""Draws the data of one step; a function of a module, so that another process can call it."""


def device() -> torch.device:
    """Where training computes: a GPU where there is one."""
    if not torch.cuda.is_available():
        return torch.device("cpu")
    torch.set_float32_matmul_precision("high")
    return torch.device("cuda")


def has_bfloat16() -> bool:
    """Whether training computes on processor cores that multiply in bfloat16 themselves."""
    able = torch.cpu.get_capabilities()
    native = any(able.get(name, False) for name in ("avx512_bf16", "amx_bf16"))
    return device().type == "cpu" and native


def to_device(*arrays: Any) -> tuple[torch.Tensor, ...]:
    """Arrays as tensors where training computes."""
    place = device()
    return tuple(torch.as_tensor(array).to(place, non_blocking=True) for array in arrays)


def _drawn(make: Maker, seed: int, step: int) -> Any:
    return make(np.random.default_rng([seed, step]))


def _one_thread() -> None:
    torch.set_num_threads(1)


@dataclass
class Run:
    """One stage's run: it ends after `steps`, or earlier when `minutes` are over, and then resumes
    where it was. With `workers`, that many processes draw the data ahead of time. In `bfloat16` the
    large products are made in it; weights, gradients and losses stay in single precision. Where it
    is `compiled`, the blocks of the denoiser are, for which torch needs a C++ compiler.
    """

    stage: str
    work: Path
    steps: int
    seed: int = 0
    minutes: float | None = None
    quiet: bool = False
    workers: int = 0
    bfloat16: bool = field(default_factory=has_bfloat16)
    compiled: bool = False
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
        stored = torch.load(self.path, weights_only=True, map_location=device())
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

    def feed(self, make: Maker) -> Iterator[tuple[float, Any]]:
        """Yield the share that is done and the data of the step, the same with or without
        workers.
        """
        with self._source(make) as draw:
            for share in self:
                yield share, draw(self.done)

    @contextmanager
    def _source(self, make: Maker) -> Iterator[Callable[[int], Any]]:
        if not self.workers:
            yield lambda step: _drawn(make, self.seed, step)
            return
        context = multiprocessing.get_context("spawn")
        pool = ProcessPoolExecutor(self.workers, mp_context=context, initializer=_one_thread)
        ahead: deque[Future[Any]] = deque()

        def draw(step: int) -> Any:
            while len(ahead) < 3 * self.workers and step + len(ahead) < self.steps:
                ahead.append(pool.submit(_drawn, make, self.seed, step + len(ahead)))
            return ahead.popleft().result()

        try:
            yield draw
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

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

    @contextmanager
    def computing(self) -> Iterator[None]:
        """What the model, and not its loss, is called within: the run's precision."""
        if not self.bfloat16:
            yield
            return
        # Fused attention is slower backwards in bfloat16 than all the rest of a step together.
        with torch.autocast(device().type, torch.bfloat16), sdpa_kernel(SDPBackend.MATH):
            yield

    @property
    def device(self) -> str:
        """What the run computes on, by name."""
        place = device()
        if place.type == "cuda":
            return torch.cuda.get_device_name(place)
        return "processor cores, bfloat16" if self.bfloat16 else "processor cores"

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
        self.count = 0
        self.updates = torch.nn.Buffer(torch.zeros((), dtype=torch.int64))
        names = [name.replace(".", "/") for name, _ in module.named_parameters()]
        for name, parameter in zip(names, module.parameters(), strict=True):
            self.register_buffer(name, parameter.detach().clone())

    @torch.no_grad()
    def update(self, module: torch.nn.Module) -> None:
        """Move towards the module's present parameters."""
        self.updates.add_(1)
        count = self.count = self.count + 1 if self.count else int(self.updates)
        decay = min(self.decay, (1 + count) / (10 + count))
        averages = [self.get_buffer(n.replace(".", "/")) for n, _ in module.named_parameters()]
        torch._foreach_lerp_(averages, list(module.parameters()), 1 - decay)

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
