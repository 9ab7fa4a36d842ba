"""Finds the texture of a clip's background and how it slides: two waves, a tile long, are fitted to
what is left when everything of another colour is put aside, and then the world's textures to both.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from generation.starter import world

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Flags = NDArray[np.bool_]

STRANGE, WIDEST = 0.12, 0.2
"""A pixel belongs to a thing if it is so far, in rgb, from every colour that differs from the
background's by at most `WIDEST` in lightness alone.
"""
RIM, STRIDE = 3, 2
"""Pixels around a thing that are not looked at, and of the rest one in so many each way."""
LEAST_CALM = 400
SMOOTH, LEAST_TONE = 0.02, 0.05
"""Standard deviation of a smooth background's lightness, and distance of a texture's tones."""
WORST_FIT = 0.35
"""Share of the lightness' variance that a texture may leave unexplained."""
LEAST_SLIDE = 10.0
UNCLEAR = "unclear"
"""The name of a pattern that is none of the world's."""


@dataclass(frozen=True)
class Texture:
    """Its name, its tones' distance, the pixels it slides from first frame to last (across, down),
    and what it adds to the background's lightness (F, H, W), 0 where the pattern is unclear.
    """

    name: str
    tone: float
    slide: tuple[float, float]
    added: Floats
    calm: Flags

    def drift(self) -> str | None:
        """Where the camera drifts: against the slide; None where it stands still."""
        across, down = self.slide
        if max(abs(across), abs(down)) < LEAST_SLIDE:
            return None
        if abs(across) > abs(down):
            return "left" if across > 0 else "right"
        return "up" if down > 0 else "down"


def find(video: Floats, rows: Floats) -> Texture | None:
    """The texture over `rows` (H, 3) in frames (F, H, W, 3) of 0..1; None where there is none."""
    gap = video - rows[None, :, None]
    lightness = gap.mean(axis=3)
    aside = gap - np.clip(lightness, -WIDEST, WIDEST)[..., None]
    calm = ~_grown(np.linalg.norm(aside, axis=3) > STRANGE)
    if not calm.any() or lightness[calm].std() < SMOOTH:
        return None
    parts = _waves(lightness, calm)
    return None if parts is None else _best(lightness, calm, parts)


def _grown(there: Flags) -> Flags:
    for _ in range(RIM):
        wide = np.pad(there, ((0, 0), (1, 1), (1, 1)))
        there = (
            there | wide[:, :-2, 1:-1] | wide[:, 2:, 1:-1] | wide[:, 1:-1, :-2] | wide[:, 1:-1, 2:]
        )
    return there


def _turns(length: int) -> Doubles:
    """The angle of each pixel in a tile."""
    return np.asarray(2 * np.pi / world.TILE * (np.arange(length) + 0.5))


def _waves(lightness: Floats, calm: Flags) -> NDArray[np.complex128] | None:
    """The two waves of each frame (F, 2), their height and where their crest lies; None where a
    frame shows too little of its background.
    """
    height, width = lightness.shape[1:]
    down, across = np.meshgrid(np.arange(0, height, STRIDE), np.arange(0, width, STRIDE),
                               indexing="ij")  # fmt: skip
    x, y = _turns(width)[across], _turns(height)[down]
    slope = down / height
    basis = np.stack(
        [np.cos(x), np.sin(x), np.cos(y), np.sin(y), np.ones_like(x), slope, slope**2], axis=-1
    )
    found = []
    for light, still in zip(lightness[:, ::STRIDE, ::STRIDE], calm[:, ::STRIDE, ::STRIDE],
                            strict=True):  # fmt: skip
        if still.sum() < LEAST_CALM:
            return None
        fit = np.linalg.lstsq(basis[still], light[still], rcond=None)[0]
        found.append((fit[0] + 1j * fit[1], fit[2] + 1j * fit[3]))
    return np.array(found)


def _best(lightness: Floats, calm: Flags, parts: NDArray[np.complex128]) -> Texture:
    """The texture of the world that leaves the least unexplained."""
    seen = lightness[calm]
    best: tuple[float, Texture] | None = None
    for kind, pattern, crests in _candidates(lightness.shape, parts):
        cover = world.texture(kind, pattern) - np.float32(0.5)
        shown = cover[calm]
        tone = float(((shown - shown.mean()) * seen).sum() / ((shown - shown.mean()) ** 2).sum())
        left = float((seen - tone * shown).var() / seen.var())
        if abs(tone) >= LEAST_TONE and left < WORST_FIT and (best is None or left < best[0]):
            added = np.asarray(tone * cover, dtype=np.float32)
            best = left, Texture(world.TEXTURES[kind], abs(tone), _slide(crests), added, calm)
    if best is None:
        return Texture(UNCLEAR, 0.0, (0.0, 0.0), np.zeros_like(lightness), calm)
    return best[1]


def _candidates(
    shape: tuple[int, ...], parts: NDArray[np.complex128]
) -> Iterator[tuple[int, Floats, NDArray[np.complex128]]]:
    """Every texture with its crests (F, 2) where the waves are: kind, waves added up (F, H, W)."""
    x, y = _turns(shape[2])[None, None], _turns(shape[1])[None, :, None]
    strong = np.abs(parts)
    crests = parts / np.maximum(strong, 1e-9)
    across, down = (
        np.cos(axis - np.angle(crests[:, which])[:, None, None])
        for which, axis in enumerate((x, y))
    )
    flat, still = np.zeros(shape), np.ones(len(parts))
    yield 0, (across + flat).astype(np.float32), np.stack([crests[:, 0], still], axis=1)
    yield 0, (down + flat).astype(np.float32), np.stack([still, crests[:, 1]], axis=1)
    for kind in range(1, len(world.TEXTURES)):
        yield kind, (across + down).astype(np.float32), crests
        yield kind, -(across + down).astype(np.float32), crests


def _slide(crests: NDArray[np.complex128]) -> tuple[float, float]:
    """Pixels from first frame to last along both axes, by the straight line that fits best."""
    turns = np.unwrap(np.angle(crests), axis=0)
    moments = np.arange(len(turns))
    steps = np.polyfit(moments, turns, 1)[0] * (len(turns) - 1) * world.TILE / (2 * np.pi)
    across, down = steps.tolist()
    return across, down
