"""The protocol between the line and whatever renders the frames."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from .catalog import ModelCard

Frame = npt.NDArray[np.uint8]  # (height, width, 3), RGB
Frames = npt.NDArray[np.uint8]  # (count, height, width, 3), RGB

Look = Callable[[], Frame | None]
"""Draws a small picture of the clip as it stands; costs nothing where nobody calls it."""

OnStep = Callable[[int, int, Look], None]
"""Called after each denoising step with (steps done, steps in all, look); may raise to stop."""


@dataclass(frozen=True)
class RenderRequest:
    """Everything that decides the frames: sizes in pixels, seed in 0 .. 2^63-1.

    `first` is the frame to begin with, where the model's class can (`image` in its profile).
    """

    prompt: str
    negative_prompt: str
    seed: int
    steps: int
    guidance: float
    width: int
    height: int
    frames: int
    fps: int
    first: Frame | None = None


ALIKE = ("steps", "guidance", "width", "height", "frames", "fps")
"""What requests must agree in to be rendered in one call; and none begins with a frame."""


@dataclass(frozen=True)
class EngineFacts:
    """What rendered: names and versions for the credential."""

    engine: str
    scheduler: str
    weights_sha256: str
    libraries: Mapping[str, str]
    together: int = 1  # how many clips came out of the same call


class Engine(Protocol):
    """Set up once per process from a model's card, then asked for frames again and again."""

    facts: EngineFacts
    size: int  # bytes of memory its weights take

    def __init__(self, card: ModelCard, threads: int) -> None:
        """Load the model; raises ModelUnavailable with words when it cannot be used."""

    def render(self, request: RenderRequest, on_step: OnStep) -> Frames:
        """Frames for a request; the same request gives the same frames on the same machine.

        Raises OutOfMemory where it does not fit even with everything spared.
        """

    def render_together(
        self, requests: Sequence[RenderRequest], on_step: OnStep
    ) -> Sequence[Frames]:
        """Frames for several requests that agree in ALIKE, in one call; raises as `render` does.

        They differ in their last bits from what `render` gives: a batch is not reproducible alone.
        """

    def close(self) -> None:
        """Let go of the weights and of the device's memory."""
