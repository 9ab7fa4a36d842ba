"""The world the starter model has seen: one flat shape with a colour, a background and a motion.

Scenes are drawn at random and kept as arrays, many at a time, so that a training step never waits
for data; pixels are made only where somebody looks at them. Shapes are true Euclidean distance
fields, so every edge is equally soft.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

SIZE, FRAMES, FPS = 128, 17, 8
LEAD = 7
"""Frames before the first visible one; the video autoencoder's first latent frame covers them."""
MOMENTS = np.arange(-LEAD, FRAMES, dtype=np.float32)

SHAPES = ("circle", "square", "triangle", "cross", "star", "ring", "heart")
COLOURS = ("red", "orange", "yellow", "green", "blue", "purple", "white", "black")
MOTIONS = ("left", "right", "up", "down", "growing", "shrinking", "spinning", "bouncing")
SIZES = ("small", "medium", "large")
ROUND = (SHAPES.index("circle"), SHAPES.index("ring"))

PALETTE: Floats = np.array(
    [
        (0.87, 0.18, 0.20),
        (0.95, 0.51, 0.11),
        (0.97, 0.82, 0.22),
        (0.17, 0.62, 0.33),
        (0.16, 0.42, 0.86),
        (0.50, 0.22, 0.68),
        (0.95, 0.94, 0.91),
        (0.09, 0.09, 0.12),
    ],
    dtype=np.float32,
)
RADII = ((16.0, 19.0), (20.0, 26.0), (28.0, 34.0))
REACH = 1.2
"""No point of a shape is farther from its centre than this many radii."""
MARGIN = 3.0
LIGHT_TOP, LIGHT_SLOPE = 1.05, -0.18
SHADE = 0.07


@dataclass(frozen=True)
class Scenes:
    """N scenes. Choices are indices (N,); colours rgb in 0..1 (N, 3); paths in pixels and radians
    (N, 24).
    """

    shape: Ints
    colour: Ints
    background: Ints
    motion: Ints
    size: Ints
    ink: Floats
    paper: Floats
    x: Floats
    y: Floats
    radius: Floats
    angle: Floats

    def __len__(self) -> int:
        return len(self.shape)

    def pick(self, index: Any) -> Scenes:
        """The scenes at `index` (an integer array, a slice or a mask)."""
        return Scenes(**{field.name: getattr(self, field.name)[index] for field in fields(self)})


def is_held_out(shape: Ints, colour: Ints, background: Ints, motion: Ints) -> NDArray[np.bool_]:
    """One combination in eight, chosen by a fixed mixing function, never appears in training."""
    key = ((shape * 8 + colour) * 8 + background) * 8 + motion
    mixed = (key * 2654435761 + 12345) & 0xFFFFFFFF
    mixed = ((mixed ^ (mixed >> 15)) * 2246822519) & 0xFFFFFFFF
    return np.asarray(((mixed ^ (mixed >> 13)) & 7) == 0)


def sample(rng: np.random.Generator, count: int, held_out: bool | None = False) -> Scenes:
    """Draw scenes: only training combinations, only held-out ones, or (None) both."""
    shape, colour, background, motion = _choose(rng, count, held_out)
    size = rng.integers(0, len(SIZES), count)
    changes = (motion == MOTIONS.index("growing")) | (motion == MOTIONS.index("shrinking"))
    size = np.where(changes, SIZES.index("medium"), size)
    bounds = np.array(RADII)[size]
    radius = rng.uniform(bounds[:, 0], bounds[:, 1])
    return _animate(rng, shape, colour, background, motion, size, radius)


def _choose(
    rng: np.random.Generator, count: int, held_out: bool | None
) -> tuple[Ints, Ints, Ints, Ints]:
    found: list[Ints] = []
    while sum(len(part) for part in found) < count:
        draw = np.stack(
            [
                rng.integers(0, len(SHAPES), count * 2),
                rng.integers(0, len(COLOURS), count * 2),
                rng.integers(0, len(COLOURS), count * 2),
                rng.integers(0, len(MOTIONS), count * 2),
            ],
            axis=1,
        )
        keep = draw[:, 1] != draw[:, 2]
        keep &= ~((draw[:, 3] == MOTIONS.index("spinning")) & np.isin(draw[:, 0], ROUND))
        if held_out is not None:
            keep &= is_held_out(*draw.T) == held_out
        found.append(draw[keep])
    shape, colour, background, motion = np.concatenate(found)[:count].T
    return shape, colour, background, motion


def _animate(
    rng: np.random.Generator,
    shape: Ints,
    colour: Ints,
    background: Ints,
    motion: Ints,
    size: Ints,
    radius: NDArray[np.float64],
) -> Scenes:
    count = len(shape)
    progress = MOMENTS / (FRAMES - 1)

    def moves(*names: str) -> NDArray[np.float64]:
        return np.isin(motion, [MOTIONS.index(name) for name in names]).astype(float)

    room = SIZE - 2 * (REACH * radius + MARGIN)
    travel = np.minimum(rng.uniform(34, 62, count), room)
    path_x = np.outer(travel * (moves("right") - moves("left")), progress)
    path_y = np.outer(travel * (moves("down") - moves("up")), progress)
    period = rng.uniform(10.5, 13, count)
    hop = (1 - np.cos(2 * np.pi * MOMENTS / period[:, None])) / 2
    path_y -= (np.minimum(rng.uniform(26, 42, count), room) * moves("bouncing"))[:, None] * hop
    small, big = rng.uniform(15, 19, count), rng.uniform(31, 42, count)
    grow = np.outer(big - small, progress) + small[:, None]
    shrink = np.outer(small - big, progress) + big[:, None]
    radii = np.repeat(radius[:, None], len(MOMENTS), axis=1)
    radii = np.where(moves("growing")[:, None] > 0, grow, radii)
    radii = np.where(moves("shrinking")[:, None] > 0, shrink, radii)
    turn = rng.uniform(1.9, 3.3, count) * rng.choice([-1.0, 1.0], count) * moves("spinning")
    angle = np.outer(turn, progress)

    reach = REACH * radii[:, LEAD:].max(axis=1) + MARGIN
    x = path_x + _place(rng, path_x, reach)[:, None]
    y = path_y + _place(rng, path_y, reach)[:, None]
    tint = rng.normal(0, 0.02, (2, count, 3))
    return Scenes(
        shape=shape,
        colour=colour,
        background=background,
        motion=motion,
        size=size,
        ink=np.clip(PALETTE[colour] + tint[0], 0.03, 0.97).astype(np.float32),
        paper=np.clip(PALETTE[background] + tint[1], 0.03, 0.97).astype(np.float32),
        x=x.astype(np.float32),
        y=y.astype(np.float32),
        radius=radii.astype(np.float32),
        angle=angle.astype(np.float32),
    )


def _place(
    rng: np.random.Generator, path: NDArray[np.float64], reach: NDArray[np.float64]
) -> NDArray[np.float64]:
    """A start for each path that keeps the whole shape in the picture."""
    visible = path[:, LEAD:]
    low = reach - visible.min(axis=1)
    high = np.maximum(SIZE - reach - visible.max(axis=1), low)
    return np.asarray(rng.uniform(low, high))


def _outline(name: str) -> NDArray[np.float64]:
    """Corners of a shape of radius 1, y downwards."""
    if name == "square":
        return 0.86 * np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)], dtype=float)
    if name == "triangle":
        turns = np.radians([-90, 30, 150])
        return 1.18 * np.stack([np.cos(turns), np.sin(turns)], axis=1)
    if name == "cross":
        a, b = 1.02, 0.34
        quarter = [(b, -a), (b, -b), (a, -b)]
        return np.array(
            [
                (c * x - s * y, s * x + c * y)
                for c, s in ((1, 0), (0, 1), (-1, 0), (0, -1))
                for x, y in quarter
            ],
            dtype=float,
        )
    if name == "star":
        turns = np.radians(-90 + 36 * np.arange(10))
        reach = np.where(np.arange(10) % 2, 0.52, 1.18)
        return np.asarray(reach[:, None] * np.stack([np.cos(turns), np.sin(turns)], axis=1))
    t = np.linspace(0, 2 * np.pi, 96, endpoint=False)
    wide = 16 * np.sin(t) ** 3
    tall = -(13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t)) - 2.5
    return np.stack([wide, tall], axis=1) / 16 * 1.02


def _polygon_distance(
    points: NDArray[np.float64], corners: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Signed Euclidean distance of (N, 2) points to a polygon; negative inside."""
    nearest = np.full(len(points), np.inf)
    inside = np.zeros(len(points), dtype=bool)
    for start, end in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        edge, offset = end - start, points - start
        along = np.clip(offset @ edge / (edge @ edge), 0, 1)
        nearest = np.minimum(nearest, ((offset - along[:, None] * edge) ** 2).sum(axis=1))
        crosses = (start[1] > points[:, 1]) != (end[1] > points[:, 1])
        with np.errstate(divide="ignore", invalid="ignore"):
            at = start[0] + (points[:, 1] - start[1]) / (end[1] - start[1]) * edge[0]
        inside ^= crosses & (points[:, 0] < at)
    return np.asarray(np.sqrt(nearest) * np.where(inside, -1, 1))


TABLE_HALF, TABLE_SIDE = 2.0, 321


@cache
def distance_tables() -> Floats:
    """Signed distances of each shape of radius 1 on a square of half-width 2: (7, 321, 321)."""
    axis = np.linspace(-TABLE_HALF, TABLE_HALF, TABLE_SIDE)
    across, down = np.meshgrid(axis, axis)
    points = np.stack([across.ravel(), down.ravel()], axis=1)
    from_centre = np.hypot(across, down)
    tables = []
    for name in SHAPES:
        if name == "circle":
            tables.append(from_centre - 1.0)
        elif name == "ring":
            tables.append(np.abs(from_centre - 0.80) - 0.24)
        else:
            tables.append(_polygon_distance(points, _outline(name)).reshape(across.shape))
    return np.stack(tables).astype(np.float32)


def coverage(shape: Any, across: Floats, down: Floats, radius: Any) -> Floats:
    """How much of a pixel the shape covers, 0..1, from its own coordinates in pixels (arrays
    broadcast).
    """
    scale = (TABLE_SIDE - 1) / (2 * TABLE_HALF)
    column = np.clip((across / radius + TABLE_HALF) * scale, 0, TABLE_SIDE - 1.001)
    row = np.clip((down / radius + TABLE_HALF) * scale, 0, TABLE_SIDE - 1.001)
    left, top = column.astype(np.int32), row.astype(np.int32)
    right_share, low_share = column - left, row - top
    flat = distance_tables().reshape(-1)
    at = (shape * TABLE_SIDE + top) * TABLE_SIDE + left
    upper = flat[at] * (1 - right_share) + flat[at + 1] * right_share
    lower = flat[at + TABLE_SIDE] * (1 - right_share) + flat[at + TABLE_SIDE + 1] * right_share
    distance = (upper * (1 - low_share) + lower * low_share) * radius
    return np.asarray(np.clip(0.5 - distance / 1.2, 0, 1), dtype=np.float32)


def paint(covered: Floats, down: Floats, height: Floats, ink: Floats, paper: Floats) -> Floats:
    """Mix ink over paper, lit from above: `down` in the shape's own pixels, `height` the pixel's
    row.
    """
    light = LIGHT_TOP + LIGHT_SLOPE * height / SIZE
    shade = 1.0 - SHADE * np.clip(down / 28.0, -1.5, 1.5)
    share = covered[..., None]
    mixed = ink * shade[..., None] * share + paper * light[..., None] * (1 - share)
    return np.asarray(np.clip(mixed, 0, 1), dtype=np.float32)


def render(scenes: Scenes, index: int) -> NDArray[np.uint8]:
    """Draw scene `index`: frames (17, 128, 128, 3), 8-bit sRGB."""
    axis = np.arange(SIZE, dtype=np.float32) + 0.5
    rows = np.broadcast_to(axis[:, None], (SIZE, SIZE))
    empty = np.zeros((SIZE, SIZE), dtype=np.float32)
    ground = paint(empty, empty, rows, scenes.ink[index], scenes.paper[index])
    still = (ground * 255 + 0.5).astype(np.uint8)
    frames = np.repeat(still[None], FRAMES, axis=0)
    for frame in range(FRAMES):
        _draw(frames[frame], scenes, index, LEAD + frame)
    return frames


def _draw(picture: NDArray[np.uint8], scenes: Scenes, index: int, moment: int) -> None:
    x, y = scenes.x[index, moment], scenes.y[index, moment]
    radius, angle = scenes.radius[index, moment], scenes.angle[index, moment]
    reach = REACH * radius + 2
    left, right = max(int(x - reach), 0), min(int(x + reach) + 2, SIZE)
    top, bottom = max(int(y - reach), 0), min(int(y + reach) + 2, SIZE)
    columns = (np.arange(left, right, dtype=np.float32) + 0.5)[None, :]
    rows = (np.arange(top, bottom, dtype=np.float32) + 0.5)[:, None]
    across = np.cos(angle) * (columns - x) + np.sin(angle) * (rows - y)
    down = -np.sin(angle) * (columns - x) + np.cos(angle) * (rows - y)
    covered = coverage(int(scenes.shape[index]), across, down, radius)
    height = np.broadcast_to(rows, covered.shape)
    patch = paint(covered, down, height, scenes.ink[index], scenes.paper[index])
    picture[top:bottom, left:right] = (patch * 255 + 0.5).astype(np.uint8)
