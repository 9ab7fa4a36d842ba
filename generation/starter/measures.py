"""What the evaluation measures with, all of it free of torch: shares with their intervals, clips
through the encoder, held-out prompts, and scenes to check the checker with.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from generation.encode import decode_mp4, encode_mp4
from generation.starter import checker, words, world

Frames = NDArray[np.uint8]

NAMES = ("colour", "background", "motion", "shape", "company", "texture", "drift")
TARGET = {
    "colour": 0.97, "background": 0.97, "motion": 0.95, "shape": 0.90, "company": 0.90,
    "texture": 0.90, "drift": 0.90, "all": 0.85,
}  # fmt: skip
FLOOR = {
    "colour": 0.90, "background": 0.90, "motion": 0.90, "shape": 0.75, "company": 0.75,
    "texture": 0.75, "drift": 0.75, "all": 0.65,
}  # fmt: skip
TRUTH_FLOOR = 0.99
CHANCE_SHIFTS = range(1, 40)
KINDS = {
    "shape": world.SHAPES, "colour": world.COLOURS, "motion": world.MOTIONS,
    "texture": world.TEXTURES,
}  # fmt: skip
PROMPT_SEED = 20240
MOST_PROMPTS = 2000
STEP_CHOICES, GUIDANCE_CHOICES = (4, 8, 16, 32), (1.0, 1.5, 2.0, 3.0, 4.0)


@dataclass(frozen=True)
class Settings:
    """How clips are made."""

    steps: int
    guidance: float

    def __str__(self) -> str:
        return f"{self.steps}-{self.guidance:g}"


def ablation(how: Settings) -> list[Settings]:
    """What is compared: step counts at the given guidance, then scales at the given steps."""
    return [
        *(Settings(steps, how.guidance) for steps in STEP_CHOICES),
        *(Settings(how.steps, scale) for scale in GUIDANCE_CHOICES),
    ]


@dataclass(frozen=True)
class Share:
    """`right` of `count`."""

    right: int
    count: int

    @property
    def value(self) -> float:
        """The share itself."""
        return self.right / self.count

    def interval(self) -> tuple[float, float]:
        """Wilson's 95 % interval."""
        z, n, p = 1.96, self.count, self.value
        middle = (p + z * z / (2 * n)) / (1 + z * z / n)
        half = z / (1 + z * z / n) * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
        return max(0.0, float(middle - half)), min(1.0, float(middle + half))

    def __str__(self) -> str:
        low, high = self.interval()
        bounds = f"{100 * low:.1f} to {100 * high:.1f}"
        return f"{100 * self.value:.1f} % ({bounds}; {self.right} of {self.count})"


def through_file(frames: Frames) -> Frames:
    """Encoded as the site does and decoded again."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "clip.mp4"
        encode_mp4(frames, world.FPS, target)
        return decode_mp4(target)


def wanted(said: words.Attributes) -> dict[str, str | None]:
    """What a clip must show to do what was said, in the checker's words."""
    background = f"{said['background']} to {said['fade']}" if said["fade"] else said["background"]
    return {
        "colour": said["colour"],
        "background": background,
        "motion": said["motion"],
        "shape": said["shape"],
        "company": said["company"],
        "texture": said["texture"],
        "drift": said["drift"],
    }


def shares(said: Sequence[words.Attributes], seen: Sequence[checker.Sight]) -> dict[str, Share]:
    """For each attribute, and for all together: the share of clips that show what was said."""
    right = {
        name: [
            wanted(one)[name] == getattr(sight, name) for one, sight in zip(said, seen, strict=True)
        ]
        for name in NAMES
    }
    right["all"] = [all(values) for values in zip(*right.values(), strict=True)]
    return {name: Share(sum(values), len(values)) for name, values in right.items()}


def chance(said: Sequence[words.Attributes]) -> dict[str, float]:
    """How often clips made for other prompts of the same list would be right: what blind luck
    gives.
    """
    wants = [wanted(one) for one in said]
    others = [wants[(i + shift) % len(wants)] for shift in CHANCE_SHIFTS for i in range(len(wants))]
    pairs = list(zip(wants * len(CHANCE_SHIFTS), others, strict=True))
    found = {name: sum(a[name] == b[name] for a, b in pairs) / len(pairs) for name in NAMES}
    return found | {"all": sum(a == b for a, b in pairs) / len(pairs)}


def by_word(said: Sequence[words.Attributes], seen: Sequence[checker.Sight]) -> dict[str, Share]:
    """For each shape, colour, motion, texture and drift, for backgrounds that fade and for discs
    beside: the share of the clips asked for that show it.
    """
    pairs = [(wanted(one), one, sight) for one, sight in zip(said, seen, strict=True)]

    def among(name: str, asked: Callable[[words.Attributes], bool]) -> Share | None:
        right = [want[name] == getattr(sight, name) for want, one, sight in pairs if asked(one)]
        return Share(sum(right), len(right)) if right else None

    found = {
        option: among(name, lambda one, n=name, o=option: one[n] == o)  # type: ignore[misc]
        for name, options in KINDS.items()
        for option in options
    }
    found["fading"] = among("background", lambda one: one["fade"] is not None)
    for where in world.DRIFTS:
        found[f"camera {where}"] = among("drift", lambda one, w=where: one["drift"] == w)  # type: ignore[misc]
    found["beside a disc"] = among("company", lambda one: one["company"] is not None)
    return {word: share for word, share in found.items() if share}


@dataclass(frozen=True)
class Prompts:
    """Prompts, what they say, and a scene of the world for each."""

    texts: list[str]
    said: list[words.Attributes]
    scenes: world.Scenes


def held_out_prompts(count: int) -> Prompts:
    """Prompts for combinations that training never shows, in all phrasings; fewer are the first of
    more.
    """
    if count > MOST_PROMPTS:
        raise ValueError(f"at most {MOST_PROMPTS} prompts")
    scenes = world.sample(np.random.default_rng(PROMPT_SEED), 2 * MOST_PROMPTS, held_out=True)
    left_out = [world.MOTIONS.index(name) for name in words.LEFT_OUT]
    scenes = scenes.pick(np.flatnonzero(~np.isin(scenes.motion, left_out))[:count])
    said = [words.attributes(scenes, index) for index in range(count)]
    rng = np.random.default_rng(PROMPT_SEED)
    return Prompts([words.caption(rng, one) for one in said], said, scenes)


def colourless_prompts(count: int) -> list[str]:
    """Prompts that leave every colour open; fewer are the first of more."""
    scenes = world.sample(np.random.default_rng(PROMPT_SEED + 2), MOST_PROMPTS, held_out=None)
    rng = np.random.default_rng(PROMPT_SEED + 2)
    prompts = []
    for index in range(count):
        said = words.attributes(scenes, index)
        said["colour"] = said["background"] = said["fade"] = said["size"] = said["company"] = None
        prompts.append(words.caption(rng, said))
    return prompts


def truth_scenes() -> world.Scenes:
    """Scenes on whose drawings the checker is checked."""
    return world.sample(np.random.default_rng(PROMPT_SEED + 1), MOST_PROMPTS, held_out=None)


def drawn(rng: np.random.Generator, scenes: world.Scenes, index: int, count: int) -> list[Frames]:
    """Clips of other scenes that the same words describe."""
    others = world.alike(rng, scenes, index, count)
    return [world.render(others, i) for i in range(count)]


def spread(clips: Sequence[Frames]) -> float:
    """Mean distance of two clips: root mean square of the difference of their pixels."""
    values = np.stack(clips).astype(np.float32)
    gaps = [
        np.sqrt(((values[a] - values[b]) ** 2).mean()) for a in range(len(values)) for b in range(a)
    ]
    return float(np.mean(gaps))
