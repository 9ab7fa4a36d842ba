"""Tells two things in a clip apart: what lies in the picture, frame by frame; which is which."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

HALF = 2
"""Things are told apart at half the size: quicker, and blind to single pixels."""
DIFFERENT, LEAST_CELLS = 0.16, 20
OFTEN = 0.6
"""Two things are there if they are in this share of the frames."""
RIM = 3
"""Cells around a thing that are still counted as its own: its soft edge."""


@dataclass(frozen=True)
class Thing:
    """The frames in which it was seen apart, and there the pixels nearer to it than to the other:
    (F,) and (F, H, W).
    """

    when: Ints
    where: Flags


def apart(gap: Floats, video: Floats) -> list[Thing]:
    """The two things in a clip, or none where there is only one: `gap` is how much each pixel
    (F, H, W) of the video differs from the background.
    """
    count, height, width = gap.shape
    cells = gap.reshape(count, height // HALF, HALF, width // HALF, HALF).mean(axis=(2, 4))
    colours = video.reshape(count, height // HALF, HALF, width // HALF, HALF, 3).mean(axis=(2, 4))
    labels = _labels(cells > DIFFERENT)
    pairs = [_two_largest(frame) for frame in labels]
    when = np.array([i for i, pair in enumerate(pairs) if pair], dtype=np.int64)
    if len(when) < OFTEN * count:
        return []
    ordered = _follow(labels, colours, {int(i): pairs[i] for i in when})
    grown = _grown(labels[when], ordered)
    return [
        Thing(when, np.repeat(np.repeat(grown == own, HALF, axis=1), HALF, axis=2))
        for own in (ordered[:, which, None, None] for which in (0, 1))
    ]


def _labels(there: Flags) -> Ints:
    """A number for each connected group of cells in each frame, 0 where there is nothing."""
    numbers = np.where(there, np.arange(1, there.size + 1).reshape(there.shape), 0)
    while True:
        spread = np.where(there, _largest_around(numbers), 0)
        if (spread == numbers).all():
            return spread
        numbers = spread


def _largest_around(numbers: Ints) -> Ints:
    """The largest number of each cell and its four neighbours."""
    wide = np.pad(numbers, ((0, 0), (1, 1), (1, 1)))
    beside = (wide[:, 1:-1, :-2], wide[:, 1:-1, 2:], wide[:, :-2, 1:-1], wide[:, 2:, 1:-1])
    return np.asarray(np.maximum.reduce([numbers, *beside]))


def _two_largest(frame: Ints) -> list[int]:
    """The labels of the two largest groups of a frame (H, W); empty where there are not two."""
    names, sizes = np.unique(frame[frame > 0], return_counts=True)
    large = names[sizes >= LEAST_CELLS]
    if len(large) < 2:
        return []
    return [int(name) for name in names[np.argsort(sizes)[-2:]]]


def _follow(labels: Ints, colours: Floats, pairs: dict[int, list[int]]) -> Ints:
    """The pairs (N, 2) with the same thing always first: the one nearer in colour and in place."""
    ordered: list[list[int]] = []
    last: list[Floats] = []
    for frame, pair in pairs.items():
        seen = [_traits(labels[frame] == name, colours[frame]) for name in pair]
        if last:
            straight = sum(np.abs(a - b).sum() for a, b in zip(seen, last, strict=True))
            crossed = sum(np.abs(a - b).sum() for a, b in zip(seen[::-1], last, strict=True))
            if crossed < straight:
                pair, seen = pair[::-1], seen[::-1]
        ordered.append(pair)
        last = seen
    return np.array(ordered, dtype=np.int64)


def _traits(cells: Flags, colours: Floats) -> Floats:
    """Median colour, and centre in a scale on which half the picture weighs as black on white."""
    middle = np.argwhere(cells).mean(axis=0) / len(cells)
    return np.concatenate([np.median(colours[cells], axis=0), middle]).astype(np.float32)


def _grown(labels: Ints, pairs: Ints) -> Ints:
    """The two groups of each frame with a rim around them; the rest of the picture is 0."""
    kept = np.where((labels[..., None] == pairs[:, None, None]).any(axis=-1), labels, 0)
    for _ in range(RIM):
        kept = np.where(kept == 0, _largest_around(kept), kept)
    return kept
