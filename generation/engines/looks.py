"""First looks: where the latents of a running call lead, drawn as far as that is cheap.

A flow model moves along a nearly straight line, so two steps show its end long before it is there.
A small decoder then draws that end as it is; a large one would take memory and time from the
render, and there the latents themselves are shown in false colours.
"""

from typing import Any

import numpy as np
import torch

from generation.engines import calls
from generation.engines.base import Frame, Look, RenderRequest
from generation.engines.profiles import profile

SMALL_BYTES = 64 * 1024 * 1024
"""Weights of a decoder that draws a frame in a blink."""
WITHIN = 0.995
"""Share of a picture's values that decides how far it goes, so that a few bright pixels do not."""
Tensor = Any


class Looks:
    """The looks of one call of a pipeline; told of the latents after every step."""

    def __init__(self, pipeline: Any, name: str, request: RenderRequest) -> None:
        self._pipeline, self._profile = pipeline, profile(name)
        self._grid = _grid(pipeline, request) if self._profile.latents == "packed" else (0, 0, 0)
        self._before: Tensor = None

    def after(self, done: int, latents: Tensor) -> Look:
        """What can be seen after so many steps; nothing is computed unless it is called."""
        before, self._before = self._before, latents

        def look() -> Frame | None:
            packed = self._profile.latents == "packed"
            if latents is None or latents.ndim != (3 if packed else 5):
                return None
            end = (
                latents
                if before is None
                else end_of(self._pipeline.scheduler, done, before, latents)
            )
            frame = calls.middle(
                end.detach().float().cpu().numpy(), self._profile.latents, self._grid
            )
            decoded = _decoded(self._pipeline, frame) if self._profile.normalised else None
            return calls.sketch(frame) if decoded is None else decoded

        return look


def _grid(pipeline: Any, request: RenderRequest) -> tuple[int, int, int]:
    across = pipeline.vae_spatial_compression_ratio
    frames = (request.frames - 1) // pipeline.vae_temporal_compression_ratio + 1
    return frames, request.height // across, request.width // across


def end_of(scheduler: Any, done: int, before: Tensor, latents: Tensor) -> Tensor:
    """Where a flow's line from the step before leads to; the latents where there is no such line.

    `done` steps are done: sigmas[done] belongs to `latents`, the one before it to `before`.
    """
    sigmas = getattr(scheduler, "sigmas", None)
    flows = type(scheduler).__name__.startswith("FlowMatch") or scheduler.config.get(
        "use_flow_sigmas"
    )
    if not flows or sigmas is None or done >= len(sigmas):
        return latents
    was, now, last = (float(sigmas[at]) for at in (done - 1, done, -1))
    return latents if now == was else latents + (latents - before) * ((last - now) / (now - was))


def _decoded(pipeline: Any, latents: calls.Latents) -> Frame | None:
    """One frame's latents (channel, height, width) as the VAE draws them; None where that is dear.

    It is dear where the decoder is large, lies off the device between its calls, or has no room.
    """
    vae = pipeline.vae
    size = sum(weights.nbytes for weights in vae.decoder.parameters())
    if size > SMALL_BYTES or vae.config.timestep_conditioning or hasattr(vae, "_hf_hook"):
        return None
    code = torch.from_numpy(latents).to(vae.device, vae.dtype)[:, None]
    mean, scale = (
        each.to(code)[:, None, None, None] for each in (vae.latents_mean, vae.latents_std)
    )
    try:
        with torch.no_grad():
            drawn = vae.decode((code * scale / vae.config.scaling_factor + mean)[None]).sample
    except torch.OutOfMemoryError:
        return None  # no look is worth a render
    pixels = (_calmed(drawn[0, :, 0].float()).permute(1, 2, 0).cpu().numpy() + 1) / 2
    frame: Frame = np.rint(np.clip(pixels, 0, 1) * 255).astype(np.uint8)
    return frame


def _calmed(drawn: Tensor) -> Tensor:
    """Early in a call guidance leads to colours stronger than there are: a picture of -1..1 that
    goes beyond is scaled back (dynamic thresholding, Saharia et al. 2022, section 2.3).
    """
    most = torch.quantile(drawn.abs().flatten(), WITHIN).clamp(min=1.0)
    return drawn.clamp(-most, most) / most
