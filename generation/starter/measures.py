"""What the evaluation measures with, all of it free of torch: shares with their intervals, clips
through the encoder, held-out prompts, and the checker's own accuracy.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from generation.encode import decode_mp4, encode_mp4
from generation.starter import checker, words, world

Frames = NDArray[np.uint8]

NAMES = ("colour", "background", "motion", "shape")
TARGET = {"colour": 0.97, "background": 0.97, "motion": 0.95, "shape": 0.90, "all": 0.85}
FLOOR = {"colour": 0.90, "background": 0.90, "motion": 0.90, "shape": 0.75, "all": 0.65}
CHANCE = {"colour": 1 / 8, "background": 1 / 8, "motion": 1 / 8, "shape": 1 / 7, "all": 1 / 3584}
TRUTH_FLOOR = 0.99
PROMPT_SEED = 20240


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


def shares(said: Sequence[words.Attributes], seen: Sequence[checker.Sight]) -> dict[str, Share]:
    """For each attribute, and for all together: the share of clips that show what was said."""
    right = {
        name: [one[name] == getattr(sight, name) for one, sight in zip(said, seen, strict=True)]  # type: ignore[literal-required]
        for name in NAMES
    }
    right["all"] = [all(values) for values in zip(*right.values(), strict=True)]
    return {name: Share(sum(values), len(values)) for name, values in right.items()}


def by_word(said: Sequence[words.Attributes], seen: Sequence[checker.Sight]) -> dict[str, Share]:
    """For each shape, colour and motion: the share of the clips asked for that show it."""
    shares = {}
    for name, options in (
        ("shape", world.SHAPES),
        ("colour", world.COLOURS),
        ("motion", world.MOTIONS),
    ):
        for option in options:
            asked = [s for one, s in zip(said, seen, strict=True) if one[name] == option]  # type: ignore[literal-required]
            if asked:
                shares[option] = Share(sum(getattr(s, name) == option for s in asked), len(asked))
    return shares


def held_out_prompts(count: int) -> tuple[list[str], list[words.Attributes]]:
    """Prompts for combinations that training never shows, in all phrasings."""
    rng = np.random.default_rng(PROMPT_SEED)
    scenes = world.sample(rng, 2 * count, held_out=True)
    left_out = [world.MOTIONS.index(name) for name in words.LEFT_OUT]
    scenes = scenes.pick(~np.isin(scenes.motion, left_out))
    said = [words.attributes(scenes, index) for index in range(count)]
    return [words.caption(rng, one) for one in said], said


def check_truth(count: int) -> dict[str, Share]:
    """The checker's own accuracy, on drawings instead of generated clips."""
    scenes = world.sample(np.random.default_rng(PROMPT_SEED + 1), count, held_out=None)
    said = [words.attributes(scenes, index) for index in range(count)]
    return shares(
        said, [checker.check(through_file(world.render(scenes, i))) for i in range(count)]
    )


def drawn(rng: np.random.Generator, said: words.Attributes, count: int) -> list[Frames]:
    """Scenes of the world that the same words describe, as clips."""
    found: list[Frames] = []
    while len(found) < count:
        scenes = world.sample(rng, 4096, held_out=True)
        match = [i for i in range(len(scenes)) if words.attributes(scenes, i) == said]
        found.extend(world.render(scenes, i) for i in match[: count - len(found)])
    return found


def spread(clips: Sequence[Frames]) -> float:
    """Mean distance of two clips: root mean square of the difference of their pixels."""
    values = np.stack(clips).astype(np.float32)
    gaps = [
        np.sqrt(((values[a] - values[b]) ** 2).mean()) for a in range(len(values)) for b in range(a)
    ]
    return float(np.mean(gaps))
