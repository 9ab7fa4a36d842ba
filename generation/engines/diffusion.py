"""Any text-to-video pipeline of diffusers, loaded by its standard folder.

Only safetensors and only classes of the installed libraries are loaded: a folder is data, never
code. torch is imported when an engine is made, which happens in the worker's child process.
"""

from importlib.metadata import version
from pathlib import Path
from typing import Any

import diffusers
import numpy as np
import torch
import transformers

from generation.engines.base import EngineFacts, Frames, OnStep, RenderRequest
from generation.engines.catalog import weights_sha256
from generation.errors import ModelUnavailable

LIBRARIES = ("diffusers", "torch", "transformers")

# A worker's log is read by people: no bars of loading files in it.
diffusers.utils.logging.disable_progress_bar()
transformers.utils.logging.disable_progress_bar()


class DiffusionEngine:
    """One loaded pipeline; `render` may be called any number of times, one call at a time."""

    def __init__(self, folder: Path, threads: int) -> None:
        if threads:
            torch.set_num_threads(threads)
        self._device = "cuda" if torch.cuda.is_available() else "cpu"
        self._pipeline = _load(folder).to(self._device)
        self._pipeline.set_progress_bar_config(disable=True)
        self.facts = EngineFacts(
            engine=type(self._pipeline).__name__,
            scheduler=type(self._pipeline.scheduler).__name__,
            weights_sha256=weights_sha256(folder),
            libraries={name: version(name) for name in LIBRARIES},
        )

    def render(self, request: RenderRequest, on_step: OnStep) -> Frames:
        """Frames (count, height, width, 3), RGB; raises whatever `on_step` raises, at once."""

        def after_step(_: Any, index: int, __: Any, kwargs: dict[str, Any]) -> dict[str, Any]:
            on_step(index + 1, request.steps)
            return kwargs

        result = self._pipeline(
            prompt=request.prompt,
            negative_prompt=request.negative_prompt or None,
            num_inference_steps=request.steps,
            guidance_scale=request.guidance,
            width=request.width,
            height=request.height,
            num_frames=request.frames,
            # On the CPU also for a GPU: the same noise whatever the device.
            generator=torch.Generator("cpu").manual_seed(request.seed),
            output_type="np",
            callback_on_step_end=after_step,
        )
        pixels: Frames = np.rint(np.clip(result.frames[0], 0.0, 1.0) * 255).astype(np.uint8)
        return pixels


def _load(folder: Path) -> Any:
    try:
        return diffusers.DiffusionPipeline.from_pretrained(
            str(folder),
            local_files_only=True,
            use_safetensors=True,
            dtype=torch.float32 if not torch.cuda.is_available() else torch.float16,
        )
    except (OSError, ValueError, AttributeError, KeyError) as error:
        raise ModelUnavailable(
            f"The model in {folder.name} cannot be loaded: {type(error).__name__}. "
            "Its folder must be a complete diffusers pipeline with safetensors weights."
        ) from error
