"""The protocol between the line and whatever renders the frames."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

Frames = npt.NDArray[np.uint8]  # (count, height, width, 3), RGB

OnStep = Callable[[int, int], None]
"""Called after each denoising step with (steps done, steps in all); may raise to stop at once."""


@dataclass(frozen=True)
class RenderRequest:
    """Everything that decides the frames: sizes in pixels, seed in 0 .. 2^63-1."""

    prompt: str
    negative_prompt: str
    seed: int
    steps: int
    guidance: float
    width: int
    height: int
    frames: int
    fps: int


@dataclass(frozen=True)
class EngineFacts:
    """What rendered: names and versions for the credential."""

    engine: str
    scheduler: str
    weights_sha256: str
    libraries: Mapping[str, str]


class Engine(Protocol):
    """Set up once per process from a model folder, then asked for frames again and again."""

    facts: EngineFacts

    def __init__(self, folder: Path, threads: int) -> None:
        """Load the model; raises ModelUnavailable with words when it cannot be used."""

    def render(self, request: RenderRequest, on_step: OnStep) -> Frames:
        """Frames for a request; the same request gives the same frames on the same machine."""
