"""The world the starter model has seen: a flat shape that moves, at times beside or around a disc,
on a plain, fading or textured background, over which the camera may drift.

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
Doubles = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

SIZE, FRAMES, FPS = 128, 17, 8
LEAD = 7
"""Frames before the first visible one; the video autoencoder's first latent frame covers them."""
MOMENTS = np.arange(-LEAD, FRAMES, dtype=np.float32)

SHAPES = ("circle", "square", "triangle", "cross", "star", "ring", "heart")
COLOURS = ("red", "orange", "yellow", "green", "blue", "purple", "white", "black")
MOTIONS = (
    "left", "right", "up", "down", "growing", "shrinking", "spinning", "bouncing", "circling",
)  # fmt: skip
SIZES = ("small", "medium", "large")
ROUND = (SHAPES.index("circle"), SHAPES.index("ring"))
HARMONIES = (
    ("red", "orange"), ("orange", "yellow"), ("yellow", "green"), ("green", "blue"),
    ("blue", "purple"), ("purple", "red"), ("purple", "orange"), ("white", "blue"),
    ("black", "blue"), ("black", "purple"),
)  # fmt: skip
"""Colours a background may fade between, either way: neighbours on the wheel, a dusk, a sky, two
nights.
"""
TEXTURES = ("stripes", "diamonds", "dots")
DRIFTS = ("left", "right", "up", "down")
"""Where the camera moves: the background slides the other way, shape and disc keep their own."""
NONE = -1
"""Colour of the companion, texture and drift where there is none."""
DISC = SHAPES.index("circle")

PALETTE: Floats = np.array(
    [
        (0.86, 0.20, 0.20),
        (0.95, 0.52, 0.13),
        (0.97, 0.81, 0.24),
        (0.18, 0.60, 0.37),
        (0.16, 0.41, 0.82),
        (0.49, 0.24, 0.65),
        (0.96, 0.94, 0.90),
        (0.09, 0.09, 0.13),
    ],
    dtype=np.float32,
)
RADII = ((16.0, 19.0), (20.0, 26.0), (28.0, 34.0))
PAIRED_RADII = ((14.0, 16.5), (17.5, 22.0), (17.5, 22.0))
ORBIT_RADII, COMPANION_RADII = (12.0, 14.0), (12.0, 15.0)
REACH = 1.2
"""No point of a shape is farther from its centre than this many radii."""
MARGIN = 3.0
CONTRAST = 0.33
"""Least distance of a shape's colour to every tone of its background, in rgb."""
PAIR_SHARE, FADE_SHARE = 0.35, 0.3
TEXTURE_SHARE, DRIFT_SHARE = 0.4, 0.5
"""Backgrounds with a texture, and those of them that show a drift of the camera."""
TILE, CRISP = 32.0, 2.5
"""Pixels after which a texture repeats, and how steep its edges are."""
SILLS: Floats = np.array([0.0, 0.0, 1.0], dtype=np.float32)
"""Where the two waves of a texture must add up to this, its second tone begins: dots are what is
left of diamonds high up.
"""
TONES, DRIFT_SPEEDS = (0.14, 0.20), (1.4, 2.6)
"""Between the two tones of a texture, in rgb, and pixels per frame."""
TONE_ROOM = 0.09
"""The colour of a textured background keeps so far from black and white."""
PATHS = ("x", "y", "radius", "angle", "crest_x", "crest_y")
"""What of a scene changes in time."""
LIGHT_TOP, LIGHT_SLOPE = 1.05, -0.18
SHADE = 0.07
TINT, WARMTH = 0.015, 0.02


@dataclass(frozen=True)
class Scenes:
    """N scenes. Choices are indices (N,); colours rgb in 0..1 (N, 3); paths in pixels and radians
    (N, 24).

    A texture is made of two waves, across and down, 0 or 1 high, with a crest at `crest_x` and
    `crest_y`; `tone` (N,) is by how much it is lighter above than below its sill.

    `fade` is the background's colour at the bottom, the same as `background` where it is plain.
    The companion is a disc that stands still; where there is none its radius is 0.
    """

    shape: Ints
    colour: Ints
    background: Ints
    fade: Ints
    motion: Ints
    size: Ints
    other_colour: Ints
    texture: Ints
    drift: Ints
    ink: Floats
    paper: Floats
    floor: Floats
    other_ink: Floats
    x: Floats
    y: Floats
    radius: Floats
    angle: Floats
    other_x: Floats
    other_y: Floats
    other_radius: Floats
    tone: Floats
    wave_x: Floats
    wave_y: Floats
    crest_x: Floats
    crest_y: Floats

    def __len__(self) -> int:
        return len(self.shape)

    def pick(self, index: Any) -> Scenes:
        """The scenes at `index` (an integer array, a slice or a mask)."""
        return Scenes(**{field.name: getattr(self, field.name)[index] for field in fields(self)})


@dataclass(frozen=True)
class Choice:
    """What a caption can name, as indices (N,)."""

    shape: Ints
    colour: Ints
    background: Ints
    fade: Ints
    motion: Ints
    other_colour: Ints
    texture: Ints
    drift: Ints

    def moves(self, *names: str) -> Flags:
        """Which scenes move in one of these ways."""
        return np.asarray(np.isin(self.motion, [MOTIONS.index(name) for name in names]))

    @property
    def paired(self) -> Flags:
        """Which scenes have a companion."""
        return np.asarray(self.other_colour != NONE)

    @property
    def textured(self) -> Flags:
        """Which backgrounds have a texture."""
        return np.asarray(self.texture != NONE)

    def drifts(self, *names: str) -> Flags:
        """In which scenes the camera drifts in one of these directions."""
        return np.asarray(np.isin(self.drift, [DRIFTS.index(name) for name in names]))


def is_held_out(shape: Ints, colour: Ints, background: Ints, motion: Ints) -> Flags:
    """One combination in eight, chosen by a fixed mixing function, never appears in training."""
    key = ((shape * 8 + colour) * 8 + background) * 16 + motion
    mixed = (key * 2654435761 + 12345) & 0xFFFFFFFF
    mixed = ((mixed ^ (mixed >> 15)) * 2246822519) & 0xFFFFFFFF
    return np.asarray(((mixed ^ (mixed >> 13)) & 7) == 0)


@cache
def contrasts(tone: float = 0.0) -> Flags:
    """Whether a shape's colour stands out from a background and all it fades through, in both tones
    of a texture that are `tone` apart: (8, 8, 8).
    """
    share = np.linspace(0, 1, 9)[:, None]
    fading = PALETTE[:, None, None] * (1 - share) + PALETTE[None, :, None] * share
    tones = np.concatenate([fading + part * tone for part in (-0.5, 0.0, 0.5)], axis=2)
    gaps = np.linalg.norm(tones[None] - PALETTE[:, None, None, None], axis=-1)
    return np.asarray(gaps.min(axis=-1) >= CONTRAST)


@cache
def _partners() -> tuple[Ints, Ints]:
    """For each colour how many colours it may fade to, and which: (8,), (8, most)."""
    both = [*HARMONIES, *(pair[::-1] for pair in HARMONIES)]
    lists = [[COLOURS.index(b) for a, b in both if a == name] for name in COLOURS]
    most = max(len(found) for found in lists)
    table = np.array([(found * most)[:most] for found in lists])
    return np.array([len(found) for found in lists]), table


def sample(rng: np.random.Generator, count: int, held_out: bool | None = False) -> Scenes:
    """Draw scenes: only training combinations, only held-out ones, or (None) both."""
    choice = _choose(rng, count, held_out)
    size = rng.integers(0, len(SIZES), count)
    size = np.where(choice.moves("growing", "shrinking"), SIZES.index("medium"), size)
    tight = (size == SIZES.index("large")) & (choice.paired | choice.moves("circling"))
    size = np.where(tight, SIZES.index("medium"), size)
    size = np.where(choice.paired & choice.moves("circling"), SIZES.index("small"), size)
    return _staged(rng, choice, size)


def alike(rng: np.random.Generator, scenes: Scenes, index: int, count: int) -> Scenes:
    """Other scenes of which everything that words can say is the same."""
    names = [field.name for field in fields(Choice)]
    choice = Choice(**{n: np.repeat(getattr(scenes, n)[index], count) for n in names})
    return _staged(rng, choice, np.repeat(scenes.size[index], count))


def _staged(rng: np.random.Generator, choice: Choice, size: Ints) -> Scenes:
    orbits = choice.paired & choice.moves("circling")
    bounds = np.where(choice.paired[:, None], np.array(PAIRED_RADII)[size], np.array(RADII)[size])
    bounds = np.where(orbits[:, None], ORBIT_RADII, bounds)
    radius = rng.uniform(bounds[:, 0], bounds[:, 1])
    return _animate(rng, choice, size, radius)


def _choose(rng: np.random.Generator, count: int, held_out: bool | None) -> Choice:
    found: list[Choice] = []
    while sum(len(part.shape) for part in found) < count:
        draw = _draw_choice(rng, count * 3)
        keep = _stands_out(draw, draw.colour)
        apart = _stands_out(draw, draw.other_colour)
        keep &= ~draw.paired | (apart & (draw.other_colour != draw.colour))
        keep &= ~(draw.moves("spinning") & np.isin(draw.shape, ROUND))
        if held_out is not None:
            named = (draw.shape, draw.colour, draw.background, draw.motion)
            keep &= is_held_out(*named) == held_out
        found.append(Choice(**{f.name: getattr(draw, f.name)[keep] for f in fields(Choice)}))
    return Choice(
        **{
            f.name: np.concatenate([getattr(part, f.name) for part in found])[:count]
            for f in fields(Choice)
        }
    )


def _stands_out(draw: Choice, colour: Ints) -> Flags:
    where = (colour, draw.background, draw.fade)
    return np.where(draw.textured, contrasts(TONES[1])[where], contrasts()[where])


def _draw_choice(rng: np.random.Generator, count: int) -> Choice:
    background = rng.integers(0, len(COLOURS), count)
    counts, partners = _partners()
    partner = partners[background, rng.integers(0, counts[background])]
    paired = rng.random(count) < PAIR_SHARE
    textured = rng.random(count) < TEXTURE_SHARE
    drifting = textured & (rng.random(count) < DRIFT_SHARE)
    return Choice(
        shape=rng.integers(0, len(SHAPES), count),
        colour=rng.integers(0, len(COLOURS), count),
        background=background,
        fade=np.where(rng.random(count) < FADE_SHARE, partner, background),
        motion=rng.integers(0, len(MOTIONS), count),
        other_colour=np.where(paired, rng.integers(0, len(COLOURS), count), NONE),
        texture=np.where(textured, rng.integers(0, len(TEXTURES), count), NONE),
        drift=np.where(drifting, rng.integers(0, len(DRIFTS), count), NONE),
    )


def _animate(rng: np.random.Generator, choice: Choice, size: Ints, radius: Doubles) -> Scenes:
    count = len(radius)
    radii = _radii(rng, choice, radius)
    reach = REACH * radii[:, LEAD:].max(axis=1) + MARGIN
    other = np.where(choice.paired, rng.uniform(*COMPANION_RADII, count), 0.0)
    orbits = choice.moves("circling")
    path_x, path_y = _paths(rng, choice, reach, other)
    x, y, other_x, other_y = _arrange(rng, choice, (path_x, path_y), reach, other)
    turn = rng.uniform(1.9, 3.3, count) * rng.choice([-1.0, 1.0], count)
    angle = np.outer(np.where(choice.moves("spinning"), turn, 0.0), MOMENTS / (FRAMES - 1))
    centred = choice.paired & orbits
    return Scenes(
        shape=choice.shape,
        colour=choice.colour,
        background=choice.background,
        fade=choice.fade,
        motion=choice.motion,
        size=size,
        other_colour=choice.other_colour,
        texture=choice.texture,
        drift=choice.drift,
        **_weave(rng, choice),
        **_colours(rng, choice),
        x=x.astype(np.float32),
        y=y.astype(np.float32),
        radius=radii.astype(np.float32),
        angle=angle.astype(np.float32),
        other_x=np.where(centred, x[:, 0] - path_x[:, 0], other_x).astype(np.float32),
        other_y=np.where(centred, y[:, 0] - path_y[:, 0], other_y).astype(np.float32),
        other_radius=other.astype(np.float32),
    )


def _colours(rng: np.random.Generator, choice: Choice) -> dict[str, Floats]:
    """One light, warm or cool, falls on all colours of a scene; each also varies a little."""
    count = len(choice.shape)
    light = rng.normal(0, WARMTH, (count, 1)) * np.array([1.0, 0.1, -1.0])
    named = {
        "ink": choice.colour,
        "paper": choice.background,
        "floor": choice.fade,
        "other_ink": np.maximum(choice.other_colour, 0),
    }
    colours = {}
    for name, index in named.items():
        varied = PALETTE[index] + light + rng.normal(0, TINT, (count, 3))
        colours[name] = np.clip(varied, 0.03, 0.97).astype(np.float32)
    plain = (choice.fade == choice.background)[:, None]
    colours["floor"] = np.where(plain, colours["paper"], colours["floor"])
    for name in ("paper", "floor"):
        inner = np.clip(colours[name], TONE_ROOM, 1 - TONE_ROOM)
        colours[name] = np.where(choice.textured[:, None], inner, colours[name])
    return colours


def _weave(rng: np.random.Generator, choice: Choice) -> dict[str, Floats]:
    """The texture's waves and where they lie in time; stripes are one wave, across their drift."""
    count = len(choice.texture)
    striped = choice.texture == TEXTURES.index("stripes")
    dotted = choice.texture == TEXTURES.index("dots")
    upright = np.where(
        choice.drift == NONE, rng.random(count) < 0.5, choice.drifts("left", "right")
    )
    tone = rng.uniform(*TONES, count) * np.where(dotted, rng.choice([-1.0, 1.0], count), 1.0)
    speed = rng.uniform(*DRIFT_SPEEDS, count)
    slide_x = speed * np.subtract(choice.drifts("left"), choice.drifts("right"), dtype=np.float64)
    slide_y = speed * np.subtract(choice.drifts("up"), choice.drifts("down"), dtype=np.float64)
    start_x, start_y = rng.uniform(0, TILE, (2, count))
    found = {
        "tone": tone * choice.textured,
        "wave_x": choice.textured & ~(striped & ~upright),
        "wave_y": choice.textured & ~(striped & upright),
        "crest_x": start_x[:, None] + np.outer(slide_x, MOMENTS),
        "crest_y": start_y[:, None] + np.outer(slide_y, MOMENTS),
    }
    return {name: np.asarray(values, dtype=np.float32) for name, values in found.items()}


def _radii(rng: np.random.Generator, choice: Choice, radius: Doubles) -> Doubles:
    """The shape's radius at every moment, (N, 24)."""
    paired = choice.paired
    small = rng.uniform(np.where(paired, 12, 15), np.where(paired, 14, 19))
    big = rng.uniform(np.where(paired, 24, 31), np.where(paired, 28, 42))
    grow = np.outer(big - small, MOMENTS / (FRAMES - 1)) + small[:, None]
    shrink = np.outer(small - big, MOMENTS / (FRAMES - 1)) + big[:, None]
    radii = np.repeat(radius[:, None], len(MOMENTS), axis=1)
    radii = np.where(choice.moves("growing")[:, None], grow, radii)
    return np.where(choice.moves("shrinking")[:, None], shrink, radii)


def _paths(
    rng: np.random.Generator, choice: Choice, reach: Doubles, other: Doubles
) -> tuple[Doubles, Doubles]:
    """The way of the centre from its place, (N, 24) each."""
    count = len(reach)
    room = SIZE - 2 * reach
    travel = np.minimum(rng.uniform(34, 62, count), room)

    def signs(ahead: str, back: str) -> Doubles:
        return np.subtract(choice.moves(ahead), choice.moves(back), dtype=np.float64)

    path_x = np.outer(travel * signs("right", "left"), MOMENTS / (FRAMES - 1))
    path_y = np.outer(travel * signs("down", "up"), MOMENTS / (FRAMES - 1))
    period = rng.uniform(10.5, 13, count)
    hop = (1 - np.cos(2 * np.pi * MOMENTS / period[:, None])) / 2
    height = np.minimum(rng.uniform(26, 42, count), room)
    path_y -= (height * choice.moves("bouncing"))[:, None] * hop
    round_x, round_y = _orbits(rng, reach, other)
    orbits = choice.moves("circling")[:, None]
    return path_x + orbits * round_x, path_y + orbits * round_y


def _orbits(rng: np.random.Generator, reach: Doubles, other: Doubles) -> tuple[Doubles, Doubles]:
    """Most of a round about a centre, wide enough to clear a companion there."""
    count = len(reach)
    widest = SIZE / 2 - reach + 1.0
    least = np.where(other > 0, reach + REACH * other, 20.0)
    orbit = rng.uniform(np.minimum(least, widest), widest)
    sweep = rng.uniform(4.9, 6.2, count) * rng.choice([-1.0, 1.0], count)
    turn = rng.uniform(0, 2 * np.pi, count)[:, None] + np.outer(sweep, MOMENTS / (FRAMES - 1))
    return orbit[:, None] * np.cos(turn), orbit[:, None] * np.sin(turn)


def _arrange(
    rng: np.random.Generator,
    choice: Choice,
    paths: tuple[Doubles, Doubles],
    reach: Doubles,
    other: Doubles,
) -> tuple[Doubles, Doubles, Doubles, Doubles]:
    """Where path and companion lie: all in the picture, and side by side along one axis."""
    spread = REACH * other + MARGIN
    places = [path + _place(rng, path, reach)[:, None] for path in paths]
    still = [rng.uniform(spread, SIZE - spread) for _ in paths]
    beside = choice.paired & ~choice.moves("circling")
    stacked = choice.moves("left", "right")
    for axis, path in enumerate(paths):
        here = beside & (stacked if axis == 1 else ~stacked)
        mine, theirs = _side_by_side(rng, path, reach, spread)
        places[axis] = np.where(here[:, None], path + mine[:, None], places[axis])
        still[axis] = np.where(here, theirs, still[axis])
    return places[0], places[1], still[0], still[1]


def _side_by_side(
    rng: np.random.Generator, path: Doubles, reach: Doubles, spread: Doubles
) -> tuple[Doubles, Doubles]:
    """Starts of a path and places of a companion that share an axis without touching, (N,) each."""
    low, high = path[:, LEAD:].min(axis=1) - reach, path[:, LEAD:].max(axis=1) + reach
    slack = np.maximum(SIZE - (high - low) - 2 * spread, 0)
    before = rng.uniform(0, 1, len(path)) * slack
    between = rng.uniform(0, 1, len(path)) * (slack - before)
    first = rng.random(len(path)) < 0.5
    mine = np.where(first, before - low, before + 2 * spread + between - low)
    theirs = np.where(first, before + (high - low) + between + spread, before + spread)
    return mine, theirs


def _place(rng: np.random.Generator, path: Doubles, reach: Doubles) -> Doubles:
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


def ground(height: Any, paper: Any, floor: Any) -> Floats:
    """The background at rows `height` (arrays broadcast): it fades from paper to floor, lit from
    above.
    """
    share = height[..., None] / SIZE
    light = LIGHT_TOP + LIGHT_SLOPE * share
    return np.asarray((paper * (1 - share) + floor * share) * light, dtype=np.float32)


def texture(kind: Any, waves: Floats) -> Floats:
    """How much of the second tone a texture shows, 0..1, where its two waves add up to `waves`."""
    return np.asarray(np.clip(0.5 + CRISP * (waves - SILLS[kind]), 0, 1), dtype=np.float32)


def over(covered: Floats, down: Floats, ink: Floats, below: Floats) -> Floats:
    """Mix ink over what lies below, lit from above: `down` in the shape's own pixels."""
    shade = 1.0 - SHADE * np.clip(down / 28.0, -1.5, 1.5)
    share = covered[..., None]
    return np.asarray(ink * shade[..., None] * share + below * (1 - share), dtype=np.float32)


def render(scenes: Scenes, index: int) -> NDArray[np.uint8]:
    """Draw scene `index`: frames (17, 128, 128, 3), 8-bit sRGB."""
    rows = np.arange(SIZE, dtype=np.float32) + 0.5
    plain = ground(rows[:, None], scenes.paper[index], scenes.floor[index])
    frames = plain + np.zeros((FRAMES, SIZE, SIZE, 3), dtype=np.float32)
    if scenes.texture[index] != NONE:
        frames += _woven(scenes, index)[..., None]
    if scenes.other_colour[index] != NONE:
        place = (scenes.other_x[index], scenes.other_y[index], scenes.other_radius[index], 0.0)
        for picture in frames:
            _draw(picture, DISC, scenes.other_ink[index], place)
    for frame in range(FRAMES):
        paths = (scenes.x, scenes.y, scenes.radius, scenes.angle)
        x, y, radius, angle = (float(path[index, LEAD + frame]) for path in paths)
        _draw(frames[frame], int(scenes.shape[index]), scenes.ink[index], (x, y, radius, angle))
    return (np.clip(frames, 0, 1) * 255 + 0.5).astype(np.uint8)


def _woven(scenes: Scenes, index: int) -> Floats:
    """What the texture adds to the background: (17, 128, 128)."""
    axis = np.arange(SIZE, dtype=np.float32) + 0.5
    turns = [
        2 * np.pi / TILE * (axis - crest[index, LEAD:, None])
        for crest in (scenes.crest_x, scenes.crest_y)
    ]
    waves = scenes.wave_x[index] * np.cos(turns[0])[:, None, :]
    waves = waves + scenes.wave_y[index] * np.cos(turns[1])[:, :, None]
    added = scenes.tone[index] * (texture(scenes.texture[index], waves) - 0.5)
    return np.asarray(added, dtype=np.float32)


def _draw(
    picture: Floats, shape: int, ink: Floats, place: tuple[float, float, float, float]
) -> None:
    """Draw one shape into the picture, in place."""
    x, y, radius, angle = place
    reach = REACH * radius + 2
    left, right = max(int(x - reach), 0), min(int(x + reach) + 2, SIZE)
    top, bottom = max(int(y - reach), 0), min(int(y + reach) + 2, SIZE)
    columns = (np.arange(left, right, dtype=np.float32) + 0.5)[None, :]
    rows = (np.arange(top, bottom, dtype=np.float32) + 0.5)[:, None]
    across = np.cos(angle) * (columns - x) + np.sin(angle) * (rows - y)
    down = -np.sin(angle) * (columns - x) + np.cos(angle) * (rows - y)
    covered = coverage(shape, across, down, radius)
    patch = picture[top:bottom, left:right]
    picture[top:bottom, left:right] = over(covered, down, ink, patch)
