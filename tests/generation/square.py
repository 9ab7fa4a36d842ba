"""An engine that draws a moving square in no time, for stories that are not about models."""

from collections.abc import Sequence

import numpy as np

from generation.engines.base import EngineFacts, Frames, OnStep, RenderRequest
from generation.engines.catalog import ModelCard


class SquareEngine:
    """Follows the engine protocol; the seed decides where the square begins."""

    facts = EngineFacts("square", "none", "ab" * 32, {"numpy": np.__version__})

    size = 0

    def __init__(self, card: ModelCard, threads: int) -> None:
        """There is nothing to load."""

    def close(self) -> None:
        """There is nothing to let go of."""

    def render(self, request: RenderRequest, on_step: OnStep) -> Frames:
        """A bright square on grey."""
        shape = (request.frames, request.height, request.width, 3)
        frames = np.full(shape, 90, dtype=np.uint8)
        for number, frame in enumerate(frames):
            left = (request.seed + number) % (request.width // 2)
            frame[8:24, left : left + 16] = 250
        on_step(request.steps, request.steps, lambda: None)
        return frames

    def render_together(
        self, requests: Sequence[RenderRequest], on_step: OnStep
    ) -> Sequence[Frames]:
        """One after the other, with one report for all."""
        on_step(requests[0].steps, requests[0].steps, lambda: None)
        return [self.render(request, lambda step, steps, look: None) for request in requests]
