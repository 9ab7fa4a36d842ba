"""The latent a scene is described by: for every block of 32x32 pixels and 8 frames, where the block
lies seen from the shape, how large and how turned the shape is, which shape it is, its colour, the
background's colour and how it fades; place, size and colour of a disc beside it; and where in its
texture the block lies, and how strong each texture is.

What a caption names is constant over all blocks and position is linear in space, so everything a
prompt can ask for is a low-dimensional linear direction. That, not capacity, is what makes shape
learnable from few samples; signed distances as a latent hide shape in small details. The video
decoder turns the field into pixels.
"""

from __future__ import annotations

from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray

from generation.starter import world

BLOCK, SPAN = 32, 8
SIDE = world.SIZE // BLOCK
DEPTH = len(world.MOMENTS) // SPAN
DEGREE = 5
"""Coefficients in time per block for position and turn; two suffice for the radius."""
RADIUS_DEGREE = 2
LENGTH = 32.0
"""Pixels per unit of the latent's lengths."""

ABSENT = -0.4
"""The companion's radius, in units, where there is none: well below any that is there."""

KINDS = len(world.SHAPES)
WAVE_DEGREE = 4
"""Coefficients in time for each wave of a texture, which is a cosine and a sine. A block is one
tile of it: a texture is the same in all blocks of a moment.
"""
_WIDTHS = (
    DEGREE, DEGREE, DEGREE, DEGREE, RADIUS_DEGREE, KINDS, 3, 3, 3, 1, 1, 1, 3,
    WAVE_DEGREE, WAVE_DEGREE, WAVE_DEGREE, WAVE_DEGREE, len(world.TEXTURES),
)  # fmt: skip
_ENDS = tuple(accumulate(_WIDTHS))
CHANNELS = _ENDS[-1]
(
    ACROSS, DOWN, COSINE, SINE, RADIUS, SHAPE, INK, PAPER, FALL,
    OTHER_ACROSS, OTHER_DOWN, OTHER_RADIUS, OTHER_INK,
    COSINE_X, SINE_X, COSINE_Y, SINE_Y, TONE,
) = (slice(end - width, end) for end, width in zip(_ENDS, _WIDTHS, strict=True))  # fmt: skip

Floats = NDArray[np.float32]


def time_basis() -> NDArray[np.float64]:
    """Orthogonal polynomials over a block's frames, each of mean square 1: (8 frames, 4)."""
    moments = (np.arange(SPAN) - (SPAN - 1) / 2) / (SPAN / 2)
    basis, upper = np.linalg.qr(np.vander(moments, DEGREE, increasing=True))
    return np.asarray(basis * np.sign(np.diag(upper)) * np.sqrt(SPAN))


def centres() -> Floats:
    """Pixel coordinate of the centre of each block along one axis: (4,)."""
    return (np.arange(SIDE, dtype=np.float32) + 0.5) * BLOCK


def encode(scenes: world.Scenes) -> Floats:
    """The latents of N scenes: (N, 3, 4, 4, CHANNELS), in natural units (see `statistics` for
    whitening).
    """
    count = len(scenes)
    middle = centres()
    away_x = middle[None, None, None, :] - scenes.x[:, :, None, None]
    away_y = middle[None, None, :, None] - scenes.y[:, :, None, None]
    cosine, sine = np.cos(scenes.angle), np.sin(scenes.angle)
    turn_x, turn_y = cosine[:, :, None, None], sine[:, :, None, None]
    shape = (count, len(world.MOMENTS), SIDE, SIDE)
    codes = np.empty((count, DEPTH, SIDE, SIDE, CHANNELS), dtype=np.float32)
    codes[..., ACROSS] = _in_time((turn_x * away_x + turn_y * away_y) / LENGTH, DEGREE)
    codes[..., DOWN] = _in_time((turn_x * away_y - turn_y * away_x) / LENGTH, DEGREE)
    codes[..., COSINE] = _in_time(np.broadcast_to(turn_x, shape), DEGREE)
    codes[..., SINE] = _in_time(np.broadcast_to(turn_y, shape), DEGREE)
    radius = np.broadcast_to(scenes.radius[:, :, None, None], shape) / LENGTH
    codes[..., RADIUS] = _in_time(radius, RADIUS_DEGREE)
    codes[..., SHAPE] = _everywhere(scenes.shape[:, None] == np.arange(KINDS))
    codes[..., INK] = _everywhere(2 * scenes.ink - 1)
    _encode_background(codes, scenes)
    _encode_companion(codes, scenes)
    _encode_texture(codes, scenes)
    return codes


def _encode_background(codes: Floats, scenes: world.Scenes) -> None:
    """The colour at each block's centre, and its change from a block's top edge to its bottom."""
    paper, floor = scenes.paper[:, None], scenes.floor[:, None]
    rows = centres()[None, :]
    change = world.ground(rows + BLOCK / 2, paper, floor)
    change -= world.ground(rows - BLOCK / 2, paper, floor)
    codes[..., PAPER] = (2 * world.ground(rows, paper, floor) - 1)[:, None, :, None]
    codes[..., FALL] = (2 * change)[:, None, :, None]


def _encode_companion(codes: Floats, scenes: world.Scenes) -> None:
    """Where there is none, its fields are fixed: in the middle, of no colour."""
    there = scenes.other_colour != world.NONE
    x = np.where(there, scenes.other_x, world.SIZE / 2)[:, None]
    y = np.where(there, scenes.other_y, world.SIZE / 2)[:, None]
    codes[..., OTHER_ACROSS] = ((centres() - x) / LENGTH)[:, None, None, :, None]
    codes[..., OTHER_DOWN] = ((centres() - y) / LENGTH)[:, None, :, None, None]
    radius = np.where(there, scenes.other_radius / LENGTH, ABSENT)
    codes[..., OTHER_RADIUS] = _everywhere(radius[:, None])
    codes[..., OTHER_INK] = _everywhere(np.where(there[:, None], 2 * scenes.other_ink - 1, 0))


def _encode_texture(codes: Floats, scenes: world.Scenes) -> None:
    """Both waves at a block's centre, 0 where they are not there, and the tone of the texture that
    is there.
    """
    shape = (len(scenes), len(world.MOMENTS), SIDE, SIDE)
    waves = (
        (COSINE_X, SINE_X, scenes.wave_x, scenes.crest_x),
        (COSINE_Y, SINE_Y, scenes.wave_y, scenes.crest_y),
    )
    for cosine, sine, height, crest in waves:
        turn = 2 * np.pi / world.TILE * (BLOCK / 2 - crest)
        for channels, values in ((cosine, np.cos(turn)), (sine, np.sin(turn))):
            path = (height[:, None] * values)[:, :, None, None]
            codes[..., channels] = _in_time(np.broadcast_to(path, shape), WAVE_DEGREE)
    kinds = scenes.texture[:, None] == np.arange(len(world.TEXTURES))
    codes[..., TONE] = _everywhere(2 * scenes.tone[:, None] * kinds)


def _everywhere(values: Any) -> Floats:
    """(N, C) for all blocks alike: (N, 1, 1, 1, C)."""
    return np.asarray(values, dtype=np.float32)[:, None, None, None]


def _in_time(values: Any, degree: int) -> Floats:
    """(N, 24, 4, 4) -> coefficients (N, 3, 4, 4, degree)."""
    split = values.reshape(len(values), DEPTH, SPAN, SIDE, SIDE)
    basis = (time_basis()[:, :degree] / SPAN).astype(np.float32)
    return np.asarray(np.einsum("ndsyx,sk->ndyxk", split, basis, optimize=True), dtype=np.float32)


def statistics(seed: int = 7, count: int = 8192) -> tuple[Floats, Floats]:
    """Mean and scale of each channel, (CHANNELS,) each: whitened, but no channel is blown up more
    than tenfold.
    """
    codes = encode(world.sample(np.random.default_rng(seed), count)).reshape(-1, CHANNELS)
    return codes.mean(axis=0), np.maximum(codes.std(axis=0), 0.1)


def read_out(codes: Floats) -> dict[str, Floats]:
    """What latents (N, 3, 4, 4, CHANNELS) say, averaged over the blocks: the quick look during
    training.

    Paths are given per visible frame; positions hold only where the shape does not turn.
    """
    basis = time_basis()
    middle = centres()

    def path(channels: slice, degree: int) -> Floats:
        values = np.einsum("ndyxk,sk->ndsyx", codes[..., channels], basis[:, :degree])
        return np.asarray(values.reshape(len(codes), DEPTH * SPAN, SIDE, SIDE)[:, world.LEAD :])

    light = world.ground(middle, 1.0, 1.0)[:, 0]
    colours = codes[..., PAPER].mean(axis=(1, 3)) / 2 + 0.5
    return {
        "shape": codes[..., SHAPE].mean(axis=(1, 2, 3)),
        "ink": codes[..., INK].mean(axis=(1, 2, 3)) / 2 + 0.5,
        "paper": colours[:, 0] / light[0],
        "floor": colours[:, -1] / light[-1],
        "x": (middle - path(ACROSS, DEGREE) * LENGTH).mean(axis=(2, 3)),
        "y": (middle[:, None] - path(DOWN, DEGREE) * LENGTH).mean(axis=(2, 3)),
        "radius": (path(RADIUS, RADIUS_DEGREE) * LENGTH).mean(axis=(2, 3)),
        "sine": path(SINE, DEGREE).mean(axis=(2, 3)),
        "spread": (path(ACROSS, DEGREE) * LENGTH - middle).std(axis=(2, 3)),
        "other_ink": codes[..., OTHER_INK].mean(axis=(1, 2, 3)) / 2 + 0.5,
        "other_radius": codes[..., OTHER_RADIUS].mean(axis=(1, 2, 3, 4)) * LENGTH,
        "tone": codes[..., TONE].mean(axis=(1, 2, 3)) / 2,
        "slide_x": _slide(path(COSINE_X, WAVE_DEGREE), path(SINE_X, WAVE_DEGREE)),
        "slide_y": _slide(path(COSINE_Y, WAVE_DEGREE), path(SINE_Y, WAVE_DEGREE)),
    }


def _slide(cosine: Floats, sine: Floats) -> Floats:
    """Pixels by which a wave moves in the visible frames, (N,); 0 where there is none."""
    wave = (cosine + 1j * sine).mean(axis=(2, 3))
    turn = np.unwrap(np.angle(wave), axis=1)
    there = np.abs(wave).mean(axis=1) > 0.5
    return np.where(there, (turn[:, 0] - turn[:, -1]) * world.TILE / (2 * np.pi), 0.0)
