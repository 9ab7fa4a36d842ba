"""How well the model does what the prompt says, measured on the finished video files.

Held-out prompts go through the stock pipeline and the site's own encoder; the checker looks at the
decoded frames and never at the prompt. All that is seen goes into notes, of which `report` makes
the table.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import DiffusionPipeline
from tqdm import tqdm

from generation.engines import convolutions
from generation.starter import checker, report, world
from generation.starter.measures import (
    PROMPT_SEED,
    Frames,
    Settings,
    ablation,
    colourless_prompts,
    drawn,
    held_out_prompts,
    spread,
    through_file,
    truth_scenes,
)
from generation.starter.notes import Notes, Record

BATCH = 8
FIRST_SEED, FIRST_OPEN_SEED = 1000, 5000
SEEDS = 8


def load(folder: Path) -> Any:
    """The model by the stock loader, and drawn as the site draws."""
    pipeline = DiffusionPipeline.from_pretrained(
        str(folder), local_files_only=True, use_safetensors=True, dtype=torch.float32
    )
    pipeline.set_progress_bar_config(disable=True)
    convolutions.prefer_onednn(pipeline.vae)
    return pipeline


def make(
    pipeline: Any,
    prompts: Sequence[str],
    seeds: Sequence[int],
    how: Settings,
    negative: Sequence[str] | None = None,
) -> Iterator[Frames]:
    """Clips for prompts, a few at a time: frames (17, 128, 128, 3) each."""
    for begin in tqdm(range(0, len(prompts), BATCH), mininterval=10, leave=False):
        part = slice(begin, begin + BATCH)
        result = pipeline(
            prompt=list(prompts[part]),
            negative_prompt=list(negative[part]) if negative else None,
            num_inference_steps=how.steps,
            guidance_scale=how.guidance,
            width=world.SIZE,
            height=world.SIZE,
            num_frames=world.FRAMES,
            generator=[torch.Generator().manual_seed(seed) for seed in seeds[part]],
            output_type="np",
        )
        for frames in result.frames:
            yield np.rint(np.clip(frames, 0, 1) * 255).astype(np.uint8)


def _sights(clips: Iterator[Frames]) -> Iterator[Record]:
    return (asdict(checker.check(through_file(frames))) for frames in clips)


def look_at_prompts(
    pipeline: Any, texts: list[str], how: Settings, numbers: list[int]
) -> Iterator[Record]:
    """What the clips of these prompts show."""
    seeds = [FIRST_SEED + number for number in numbers]
    return _sights(make(pipeline, [texts[number] for number in numbers], seeds, how))


def look_at_open_colours(
    pipeline: Any, texts: list[str], how: Settings, numbers: list[int], *, negative: bool
) -> Iterator[Record]:
    """What clips of prompts without a colour show, left alone or with one as negative prompt."""
    seeds = [FIRST_OPEN_SEED + number for number in numbers]
    without = [report.named(number) for number in numbers] if negative else None
    return _sights(make(pipeline, [texts[number] for number in numbers], seeds, how, without))


def look_at_truth(numbers: list[int]) -> Iterator[Record]:
    """What the world's own drawings show."""
    scenes = truth_scenes()
    return _sights(world.render(scenes, number) for number in numbers)


def look_at_diversity(pipeline: Any, how: Settings, numbers: list[int]) -> Iterator[Record]:
    """Mean distance between clips of one prompt, over that between the world's own scenes of the
    same words.
    """
    chosen = held_out_prompts(report.DIVERSITY_PROMPTS)
    for number in numbers:
        rng = np.random.default_rng([PROMPT_SEED + 3, number])
        made = list(make(pipeline, [chosen.texts[number]] * SEEDS, range(SEEDS), how))
        yield {"ratio": spread(made) / spread(drawn(rng, chosen.scenes, number, SEEDS))}


def check_repeats(pipeline: Any, how: Settings) -> bool:
    """The same seed gives the same frames, another one other frames."""
    prompt = "a red circle moving left on a blue background"
    first, again, other = (next(make(pipeline, [prompt], [seed], how)) for seed in (3, 3, 4))
    return bool((first == again).all() and (first != other).any())


def check_timing(folder: Path, how: Settings, runs: int = 9) -> dict[str, float]:
    """Seconds to load, and of processor time, with one thread, for a step and for a clip as the
    site makes one; clip over steps; peak memory of this process.
    """
    begun = time.perf_counter()
    pipeline = load(folder)
    loaded = time.perf_counter() - begun
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    marks: list[float] = []

    def mark(_: Any, __: int, ___: Any, kwargs: dict[str, Any]) -> dict[str, Any]:
        marks.append(time.process_time())
        return kwargs

    steps, clips = [], []
    for seed in range(runs + 1):
        marks.clear()
        begun = time.process_time()
        pipeline(
            prompt="a yellow star rising on a purple background",
            num_inference_steps=how.steps,
            guidance_scale=how.guidance,
            width=world.SIZE,
            height=world.SIZE,
            num_frames=world.FRAMES,
            generator=torch.Generator().manual_seed(seed),
            output_type="np",
            callback_on_step_end=mark,
        )
        clips.append(time.process_time() - begun)
        steps.append(float(np.mean(np.diff(marks))))
    torch.set_num_threads(threads)
    step, clip = float(np.median(steps[1:])), float(np.median(clips[1:]))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    return {
        "load": loaded,
        "step": step,
        "render": clip,
        "ratio": clip / (step * how.steps),
        "peak": peak,
    }


def evaluate(folder: Path, count: int, how: Settings, kept: Notes) -> None:
    """Everything that the notes lack: `count` held-out prompts, and a third as many for each
    comparison.
    """
    free = Settings(how.steps, report.UNGUIDED)
    fewer = max(count // 3, 16)
    kept.complete(f"timing-{how}", 1, lambda ones: [check_timing(folder, how) for _ in ones])
    kept.complete("truth", max(count // 2, 16), look_at_truth)
    pipeline = load(folder)
    prompts, colourless = held_out_prompts(max(count, fewer)).texts, colourless_prompts(fewer)
    for each, asked in ((how, count), (free, fewer)):
        kept.complete(f"prompts-{each}", asked, partial(look_at_prompts, pipeline, prompts, each))
    for kind in ("open", "negative"):
        look = partial(look_at_open_colours, pipeline, colourless, how, negative=kind == "negative")
        kept.complete(f"{kind}-{how}", fewer, look)
    kept.complete(
        f"diversity-{how}", report.DIVERSITY_PROMPTS, partial(look_at_diversity, pipeline, how)
    )
    kept.complete(
        f"repeats-{how}", 1, lambda ones: [{"same": check_repeats(pipeline, how)} for _ in ones]
    )


def compare(folder: Path, count: int, how: Settings, kept: Notes) -> None:
    """What the notes lack of the ablation: `count` held-out prompts at each setting."""
    pipeline, prompts = load(folder), held_out_prompts(count).texts
    for each in ablation(how):
        kept.complete(f"prompts-{each}", count, partial(look_at_prompts, pipeline, prompts, each))
