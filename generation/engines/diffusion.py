"""Any text-to-video pipeline of diffusers, loaded by its standard folder.

Only safetensors and only classes of the installed libraries are loaded: a folder is data, never
code. torch is imported when an engine is made, which happens in the worker's child process.
"""

import gc
import inspect
import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from typing import Any

import diffusers
import numpy as np
import torch
import transformers
from PIL import Image, ImageOps
from safetensors import SafetensorError

from generation.engines import calls, convolutions
from generation.engines.base import EngineFacts, Frame, Frames, OnStep, RenderRequest
from generation.engines.catalog import Loading, ModelCard
from generation.engines.looks import Looks
from generation.engines.profiles import profile
from generation.engines.weights import checked_sha256
from generation.errors import ModelUnavailable, OutOfMemory

log = logging.getLogger(__name__)

LIBRARIES = ("diffusers", "torch", "transformers")
CALLBACK = "callback_on_step_end"
# What the libraries raise for a folder that is wrong in one way or another.
UNLOADABLE = (
    OSError, ValueError, AttributeError, KeyError, TypeError, RuntimeError, SafetensorError,
)  # fmt: skip

# A worker's log is read by people: no bars of loading files in it.
diffusers.utils.logging.disable_progress_bar()
transformers.utils.logging.disable_progress_bar()


class DiffusionEngine:
    """One loaded pipeline; `render` may be called any number of times, one call at a time."""

    def __init__(self, card: ModelCard, threads: int) -> None:
        if threads:
            torch.set_num_threads(threads)
        digest = checked_sha256(card)
        self._name, self._spared = card.folder.name, False
        with _memory_in_words():
            self._pipeline = _placed(_load(card), card.loading)
        self._pipeline.set_progress_bar_config(disable=True)
        self._class = type(self._pipeline).__name__
        self._with_image: Any = None
        self.size = _bytes(self._pipeline)
        self.facts = EngineFacts(
            engine=self._class,
            scheduler=type(self._pipeline.scheduler).__name__,
            weights_sha256=digest,
            libraries={name: version(name) for name in LIBRARIES},
        )

    def render(self, request: RenderRequest, on_step: OnStep) -> Frames:
        """Frames (count, height, width, 3), RGB; raises whatever `on_step` raises, at once.

        Out of memory, it frees what it can, moves the model off the device between its parts,
        and tries once more; raises OutOfMemory where that is not enough either.
        """
        try:
            return self._render(request, on_step)
        except torch.OutOfMemoryError:
            log.warning("model %s: out of memory, once more with everything spared", self._name)
            self._spare()
        with _memory_in_words():
            return self._render(request, on_step)

    def render_together(
        self, requests: Sequence[RenderRequest], on_step: OnStep
    ) -> Sequence[Frames]:
        """Frames for requests that agree in ALIKE, in one call of the pipeline.

        Raises whatever `on_step` raises, and OutOfMemory without a second try: the caller has one
        by one to fall back to.
        """
        pipeline, accepted = self._pipeline, self._accepted(self._pipeline)
        arguments: dict[str, Any] = {
            **calls.arguments_of_many(self._class, requests, accepted),
            "generator": [_noise(request) for request in requests],
            "output_type": "np",
        }
        stepping = _stepping(
            pipeline, self._class, requests[0], _without_looks(on_step), arguments, accepted
        )
        with _memory_in_words(), stepping:
            result = pipeline(**arguments)
        return [_pixels(frames) for frames in result.frames]

    def close(self) -> None:
        """Let go of the weights and of the device's memory."""
        self._pipeline = self._with_image = None
        _free()

    def _render(self, request: RenderRequest, on_step: OnStep) -> Frames:
        pipeline = self._pipeline if request.first is None else self._beginning_with_a_frame()
        accepted = self._accepted(pipeline)
        arguments: dict[str, Any] = {
            **calls.arguments(self._class, request, accepted),
            "generator": _noise(request),
            "output_type": "np",
        }
        if request.first is not None:
            arguments["image"] = _image(request.first, request.width, request.height)
        with _stepping(pipeline, self._class, request, on_step, arguments, accepted):
            result = pipeline(**arguments)
        return _pixels(result.frames[0])

    @staticmethod
    def _accepted(pipeline: Any) -> Mapping[str, object]:
        return inspect.signature(type(pipeline).__call__).parameters

    def _beginning_with_a_frame(self) -> Any:
        """The sister class that begins with a frame, over the same weights."""
        if self._with_image is None:
            name = profile(self._class).image
            if not name:
                raise ModelUnavailable(f"{self._class} cannot begin with a frame of another clip.")
            self._with_image = _sister(getattr(diffusers, name), self._pipeline)
            self._with_image.set_progress_bar_config(disable=True)
        return self._with_image

    def _spare(self) -> None:
        """Everything that costs time and saves memory, from now on."""
        _free()
        if self._spared:
            return
        self._spared = True
        _spare_decoder(self._pipeline, tiling=True, slicing=True)
        if torch.cuda.is_available():
            self._pipeline.remove_all_hooks()
            self._pipeline.to("cpu")
            _free()
            self._pipeline.enable_sequential_cpu_offload()


def _load(card: ModelCard) -> Any:
    try:
        found = diffusers.DiffusionPipeline.from_pretrained(
            str(card.folder),
            local_files_only=True,
            use_safetensors=True,
            dtype=getattr(torch, card.loading.dtype)
            if torch.cuda.is_available()
            else torch.float32,
        )
    except torch.OutOfMemoryError:
        raise
    except UNLOADABLE as error:
        raise ModelUnavailable(
            f"The model in {card.folder.name} cannot be loaded: {type(error).__name__}. "
            "Its folder must be a complete diffusers pipeline with safetensors weights."
        ) from error
    if type(found).__name__ != card.pipeline:
        raise ModelUnavailable(
            f"The model in {card.folder.name} is a {type(found).__name__}, and its card says "
            f"{card.pipeline}. Run manage.py addmodel again."
        )
    return found


def _placed(pipeline: Any, loading: Loading) -> Any:
    """The pipeline where it will work, with what its card asks for."""
    _spare_decoder(pipeline, tiling=loading.vae_tiling, slicing=loading.vae_slicing)
    if loading.compile:
        _compile(pipeline)
    if not torch.cuda.is_available():
        convolutions.prefer_onednn(pipeline.vae)
        return pipeline
    match loading.offload:
        case "none":
            return pipeline.to("cuda")
        case "model":
            pipeline.enable_model_cpu_offload()
        case "sequential":
            pipeline.enable_sequential_cpu_offload()
        case "group":
            pipeline.enable_group_offload(
                onload_device=torch.device("cuda"), offload_device=torch.device("cpu"),
                offload_type="leaf_level", use_stream=True,
            )  # fmt: skip
    return pipeline


def _sister(kind: Any, pipeline: Any) -> Any:
    """Another class over the same weights; `from_pipe` would turn all of them into float32."""
    parts = {**pipeline.config, **pipeline.components}
    takes = inspect.signature(kind.__init__).parameters
    return kind(**{name: part for name, part in parts.items() if name in takes})


def _compile(pipeline: Any) -> None:
    for name in ("transformer", "transformer_2", "unet"):
        if (part := getattr(pipeline, name, None)) is not None:
            if getattr(part, "_repeated_blocks", None):
                part.compile_repeated_blocks(fullgraph=True)
            else:
                part.compile()


def _spare_decoder(pipeline: Any, *, tiling: bool, slicing: bool) -> None:
    if tiling and hasattr(pipeline.vae, "enable_tiling"):
        pipeline.vae.enable_tiling()
    if slicing and hasattr(pipeline.vae, "enable_slicing"):
        pipeline.vae.enable_slicing()


@contextmanager
def _stepping(
    pipeline: Any, name: str, request: RenderRequest, on_step: OnStep,
    arguments: dict[str, Any], accepted: Any,
) -> Iterator[None]:  # fmt: skip
    """Reports every step, by the class's callback or, where it has none, by its scheduler."""

    looks = Looks(pipeline, name, request)

    def report(done: int, latents: Any) -> None:
        on_step(done, request.steps, looks.after(done, latents))

    if CALLBACK in accepted:

        def after_step(_: Any, index: int, __: Any, kwargs: dict[str, Any]) -> dict[str, Any]:
            report(index + 1, kwargs.get("latents"))
            return kwargs

        arguments[CALLBACK] = after_step
        yield
        return
    step, count = pipeline.scheduler.step, iter(range(1, request.steps + 1))

    def counted(*args: Any, **kwargs: Any) -> Any:
        result = step(*args, **kwargs)
        if (done := next(count, None)) is not None:
            report(done, result[0] if isinstance(result, tuple) else result.prev_sample)
        return result

    pipeline.scheduler.step = counted
    try:
        yield
    finally:
        del pipeline.scheduler.step  # the class's own again


def _without_looks(on_step: OnStep) -> OnStep:
    return lambda step, steps, _: on_step(step, steps, lambda: None)


def _noise(request: RenderRequest) -> Any:
    """On the CPU also for a GPU: the same noise whatever the device."""
    return torch.Generator("cpu").manual_seed(request.seed)


def _pixels(frames: Any) -> Frames:
    pixels: Frames = np.rint(np.clip(frames, 0.0, 1.0) * 255).astype(np.uint8)
    return pixels


def _image(first: Frame, width: int, height: int) -> Any:
    """The frame at that size, its edges cut off where its shape is another."""
    return ImageOps.fit(Image.fromarray(first), (width, height), Image.Resampling.LANCZOS)


def _bytes(pipeline: Any) -> int:
    parts = [part for part in pipeline.components.values() if isinstance(part, torch.nn.Module)]
    return sum(tensor.nbytes for part in parts for tensor in part.state_dict().values())


def _free() -> None:
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


@contextmanager
def _memory_in_words() -> Iterator[None]:
    try:
        yield
    except torch.OutOfMemoryError as error:
        _free()
        raise OutOfMemory from error
