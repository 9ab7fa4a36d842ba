"""The world's drawing on tensors, for many pictures at a time and where training computes; the same
pixels as `world.render`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import torch

from generation.starter import runs, world


@cache
def _tables() -> torch.Tensor:
    (tables,) = runs.to_device(world.distance_tables())
    return tables.reshape(-1)


def coverage(
    shape: torch.Tensor, across: torch.Tensor, down: torch.Tensor, radius: torch.Tensor
) -> torch.Tensor:
    """As `world.coverage`: how much of a pixel the shape covers, from its own coordinates."""
    side, half = world.TABLE_SIDE, world.TABLE_HALF
    scale = (side - 1) / (2 * half)
    column = ((across / radius + half) * scale).clip(0, side - 1.001)
    row = ((down / radius + half) * scale).clip(0, side - 1.001)
    left, top = column.long(), row.long()
    right_share, low_share = column - left, row - top
    at = (shape * side + top) * side + left
    flat = _tables()
    upper = torch.lerp(flat[at], flat[at + 1], right_share)
    lower = torch.lerp(flat[at + side], flat[at + side + 1], right_share)
    return (0.5 - torch.lerp(upper, lower, low_share) * radius / 1.2).clip(0, 1)


def _over(
    covered: torch.Tensor, down: torch.Tensor, ink: torch.Tensor, below: torch.Tensor
) -> torch.Tensor:
    shade = 1 - world.SHADE * (down / 28.0).clip(-1.5, 1.5)
    return torch.lerp(below, ink * shade[..., None], covered[..., None])


@torch.no_grad()
def draw(
    scenes: world.Scenes,
    paths: Sequence[world.Floats],
    rows: world.Floats,
    columns: world.Floats,
) -> torch.Tensor:
    """N scenes at T moments: the paths of `world.PATHS` (N, T); pixel rows (N, H), columns (N, W).

    Pixels (N, T, H, W, 3) in -1..1.
    """

    def wide(values: Any) -> torch.Tensor:
        (tensor,) = runs.to_device(values)
        return tensor[:, None, None, None]

    pixel_y, pixel_x = runs.to_device(rows[:, None, :, None], columns[:, None, None, :])
    x, y, radius, angle, crest_x, crest_y = (
        runs.to_device(path[:, :, None, None])[0] for path in paths
    )
    share = pixel_y[..., None] / world.SIZE
    light = world.LIGHT_TOP + world.LIGHT_SLOPE * share
    picture = torch.lerp(wide(scenes.paper), wide(scenes.floor), share) * light
    turn = 2 * torch.pi / world.TILE
    waves = wide(scenes.wave_x) * (turn * (pixel_x - crest_x)).cos()
    waves = waves + wide(scenes.wave_y) * (turn * (pixel_y - crest_y)).cos()
    second = (0.5 + world.CRISP * (waves - wide(world.SILLS[scenes.texture]))).clip(0, 1)
    picture = picture + (wide(scenes.tone) * (second - 0.5))[..., None]
    there = wide(scenes.other_colour != world.NONE)
    other_x, other_y = pixel_x - wide(scenes.other_x), pixel_y - wide(scenes.other_y)
    disc = torch.full_like(there, world.DISC, dtype=torch.long)
    size = torch.where(there, wide(scenes.other_radius), 1.0)
    covered = coverage(disc, other_x, other_y, size) * there
    picture = _over(covered, other_y.expand_as(covered), wide(scenes.other_ink), picture)
    cosine, sine = angle.cos(), angle.sin()
    across = cosine * (pixel_x - x) + sine * (pixel_y - y)
    down = cosine * (pixel_y - y) - sine * (pixel_x - x)
    covered = coverage(wide(scenes.shape), across, down, radius)
    picture = _over(covered, down, wide(scenes.ink), picture)
    return 2 * picture.clip(0, 1) - 1
