"""A request in a pipeline class's own words, and its latents in false colours."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from .base import Frame, RenderRequest
from .profiles import profile

GUIDANCE = "guidance_scale"


def arguments(
    pipeline: str, request: RenderRequest, accepted: Collection[str]
) -> dict[str, str | int | float | None]:
    """The call's arguments by the class's own names, only those it accepts.

    An empty negative prompt is left out: some classes would spend a second pass on it.
    """
    known = profile(pipeline)
    wanted: dict[str, Any] = {
        "prompt": request.prompt,
        "num_inference_steps": request.steps,
        GUIDANCE: request.guidance,
        "width": request.width,
        "height": request.height,
        "num_frames": request.frames,
    }
    if known.rate:
        wanted[known.rate] = request.fps
    if request.negative_prompt:
        wanted["negative_prompt"] = request.negative_prompt
        if known.true_guidance:
            wanted[known.true_guidance] = request.guidance
    return {name: value for name, value in wanted.items() if name in accepted}


def arguments_of_many(
    pipeline: str, requests: Sequence[RenderRequest], accepted: Collection[str]
) -> dict[str, Any]:
    """The same for requests that agree in ALIKE, with a list where each has words of its own."""
    found: dict[str, Any] = arguments(pipeline, requests[0], accepted)
    if any(request.negative_prompt for request in requests):
        wordy = replace(requests[0], negative_prompt="words")
        found = dict(arguments(pipeline, wordy, accepted))
    for name in ("prompt", "negative_prompt"):
        if name in found:
            found[name] = [getattr(request, name) for request in requests]
    return found


Latents = npt.NDArray[np.float32]


def middle(latents: Latents, order: str, grid: tuple[int, int, int]) -> Latents:
    """The middle frame (channel, height, width) of a batch of one, whatever the class's order.

    `grid` is (frames, height, width) in latents, needed where they are packed into tokens.
    """
    if order == "packed":
        frames = latents[0].reshape(*grid, -1).transpose(3, 0, 1, 2)
    else:
        frames = latents[0].transpose(1, 0, 2, 3) if order == "bfchw" else latents[0]
    chosen: Latents = frames[:, frames.shape[1] // 2]
    return chosen


def sketch(latents: Latents) -> Frame:
    """A picture (height, width, 3) of one frame's latents (channel, height, width).

    Their three main directions are shown as red, green and blue, each stretched to its own range:
    it says where things are long before it says what they are.
    """
    flat = latents.reshape(latents.shape[0], -1).astype(np.float32)
    flat = flat - flat.mean(axis=1, keepdims=True)
    directions, _, _ = np.linalg.svd(flat, full_matrices=False)
    # The sign of a direction is anybody's choice: one rule, so that colours do not flip in a run.
    mixed = (directions[:, :3] * np.sign(directions[:, :3].sum(axis=0))).T @ flat
    mixed = np.pad(mixed, ((0, 3 - mixed.shape[0]), (0, 0)))
    low, high = np.percentile(mixed, (2, 98), axis=1, keepdims=True)
    scaled = np.clip((mixed - low) / np.maximum(high - low, 1e-6), 0, 1) * 255
    picture: Frame = np.rint(scaled).astype(np.uint8).T.reshape(*latents.shape[1:], 3)
    return picture
