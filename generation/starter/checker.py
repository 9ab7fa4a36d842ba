"""Looks at a clip's pixels and says what is drawn: shape, colour, background, its texture, motion,
the camera's drift, and whether a disc stands beside it. It knows the world's palette, outlines and
textures and nothing of the model, the prompt or the latent, so that it can judge the model.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from generation.starter import textures, things, world

Floats = NDArray[np.float32]

GRID, GRID_HALF = 48, 1.9
TURN_STEP = np.radians(5.0)
SYMMETRY = {"square": 4, "triangle": 3, "cross": 4, "star": 5, "heart": 1}
BORDER = 2
WORST_FIT = 0.22
GROWTH, HOP, TRAVEL, TURN = 1.28, 14.0, 10.0, 0.8
ROUND_WIDTH, ROUND_TURN = 20.0, 3.0
LEAST_AREA = 40.0
FAINT = 0.05
"""A pixel that is so near to the background, in rgb, is no part of a thing."""
UNCLEAR = "unclear"
"""The company of a shape where something is beside it that is no resting disc."""


@dataclass(frozen=True)
class Sight:
    """What was seen; None where nothing could be told, no company where nothing is beside the
    shape, no texture where the background is smooth, and no drift where the camera stands still.
    `fit` is the template's misfit, 0 is perfect.
    """

    shape: str | None = None
    colour: str | None = None
    background: str | None = None
    motion: str | None = None
    company: str | None = None
    texture: str | None = None
    drift: str | None = None
    fit: float = 1.0
    travel: tuple[float, float] = (0.0, 0.0)
    growth: float = 1.0
    turn: float = 0.0


@dataclass(frozen=True)
class Behind:
    """What lies behind all things: its colours, which broadcast to the video's (F, H, W, 3), and
    how far each pixel (F, H, W) is from every tone it has there.
    """

    colours: Floats
    gap: Floats


@dataclass(frozen=True)
class Templates:
    """Every shape at every turn, scaled to unit area and centred: pictures (T, GRID*GRID)."""

    pictures: Floats
    shape: NDArray[np.int64]
    turn: Floats


def check(frames: NDArray[np.uint8]) -> Sight:
    """Frames (F, H, W, 3), 8 bits, of a clip with one shape, and perhaps a disc, on its
    background.
    """
    video: Floats = frames.astype(np.float32) / np.float32(255)
    rows = _background_rows(video)
    woven = textures.find(video, _smooth(rows))
    if woven is not None:
        rows = _rows_below(video, woven)
    behind = _behind(video, rows, woven)
    sight = _look_at_things(video, behind)
    return replace(
        sight,
        background=_background(rows),
        texture=woven.name if woven else None,
        drift=woven.drift() if woven else None,
    )


def _look_at_things(video: Floats, behind: Behind) -> Sight:
    """The shape, and whether a disc rests beside it."""
    found = things.apart(behind.gap, video)
    seen = [_look(video[t.when], _during(behind, t.when), t.where) for t in found]
    if len(seen) < 2:
        return seen[0] if seen else _look(video, behind, None)
    rests = [one.shape == "circle" and one.motion is None for one in seen]
    discs = [one for one, rest in zip(seen, rests, strict=True) if rest]
    others = [one for one, rest in zip(seen, rests, strict=True) if not rest]
    if len(others) != 1:
        return replace(seen[0], company=UNCLEAR)
    return replace(others[0], company=discs[0].colour)


def _during(behind: Behind, when: NDArray[np.int64]) -> Behind:
    colours = behind.colours if len(behind.colours) == 1 else behind.colours[when]
    return Behind(colours, behind.gap[when])


def _look(video: Floats, behind: Behind, where: NDArray[np.bool_] | None) -> Sight:
    """One thing: all that differs from the background, within `where` (F, H, W) if given."""
    ink = _ink(video, behind, where)
    if ink is None:
        return Sight()
    masks = _masks(video, behind, ink)
    if where is not None:
        masks = masks * where
    areas = masks.sum(axis=(1, 2))
    if (areas < LEAST_AREA).any():
        return Sight(colour=_nearest(ink))
    centres = _centres(masks, areas)
    shape, fit, turn = _recognise(masks, areas, centres)
    growth = float(np.sqrt(areas[-2:].mean() / areas[:2].mean()))
    across, down = (centres[-1] - centres[0]).tolist()
    return Sight(
        shape=shape,
        colour=_nearest(ink),
        motion=_motion(centres, growth, turn),
        fit=fit,
        travel=(across, down),
        growth=growth,
        turn=turn,
    )


def _background(rows: Floats) -> str:
    """One colour, or the two it fades between, top first."""
    height = np.arange(len(rows), dtype=np.float32) + 0.5
    colours = rows / world.ground(height, 1.0, 1.0)
    top, bottom = _nearest(colours[:6].mean(axis=0)), _nearest(colours[-6:].mean(axis=0))
    return top if top == bottom else f"{top} to {bottom}"


def _background_rows(video: Floats) -> Floats:
    """The background's colour per row (H, 3), from the left and right edges of all frames."""
    edges = np.concatenate([video[:, :, :BORDER], video[:, :, -BORDER:]], axis=2)
    rows = np.median(edges.transpose(1, 0, 2, 3).reshape(video.shape[1], -1, 3), axis=1)
    pad = np.pad(rows, ((4, 4), (0, 0)), mode="edge")
    return np.asarray(
        np.stack([pad[i : i + len(rows)] for i in range(9)]).mean(axis=0), dtype=np.float32
    )


def _smooth(rows: Floats) -> Floats:
    """The curve (H, 3) that a fading background in its light follows, through rows with stripes."""
    height = np.arange(len(rows)) / len(rows)
    curve = np.polynomial.polynomial.polyfit(height, rows, 2)
    return np.polynomial.polynomial.polyval(height, curve).T.astype(np.float32)


def _rows_below(video: Floats, woven: textures.Texture) -> Floats:
    """The background's colour per row (H, 3) without its texture."""
    plain = (video - woven.added[..., None]).transpose(1, 0, 2, 3)
    calm = woven.calm.transpose(1, 0, 2)
    known = np.flatnonzero(calm.any(axis=(1, 2)))
    seen = np.stack([np.median(plain[row][calm[row]], axis=0) for row in known])
    every = np.arange(len(plain))
    rows = np.stack([np.interp(every, known, seen[:, part]) for part in range(3)], axis=1)
    return _smooth(rows.astype(np.float32))


def _behind(video: Floats, rows: Floats, woven: textures.Texture | None) -> Behind:
    gap = video - rows[None, :, None]
    if woven is None:
        return Behind(rows[None, :, None], np.linalg.norm(gap, axis=3))
    nearest = np.clip(gap.mean(axis=3), -woven.tone / 2, woven.tone / 2)
    colours = rows[None, :, None] + woven.added[..., None]
    return Behind(colours, np.linalg.norm(gap - nearest[..., None], axis=3))


def _ink(video: Floats, behind: Behind, where: NDArray[np.bool_] | None) -> Floats | None:
    """The shape's colour: the median of what differs most from the background."""
    gap = behind.gap if where is None else behind.gap * where
    high = np.partition(gap.reshape(-1), -200)[-200]
    if high < 0.12:
        return None
    return np.asarray(np.median(video[gap > 0.6 * high], axis=0), dtype=np.float32)


def _masks(video: Floats, behind: Behind, ink: Floats) -> Floats:
    """How far each pixel is on the way from background to ink, 0..1, faint residue cut off."""
    way = ink - behind.colours
    share = ((video - behind.colours) * way).sum(axis=3) / (way**2).sum(axis=3)
    clipped = np.clip(share, 0, 1) * (behind.gap > FAINT)
    return np.asarray(np.clip((clipped - 0.15) / 0.7, 0, 1), dtype=np.float32)


def _centres(masks: Floats, areas: Floats) -> Floats:
    height, width = masks.shape[1:]
    across = (masks.sum(axis=1) * (np.arange(width) + 0.5)).sum(axis=1) / areas
    down = (masks.sum(axis=2) * (np.arange(height) + 0.5)).sum(axis=1) / areas
    return np.stack([across, down], axis=1)


@cache
def templates() -> Templates:
    """The pictures to compare with, made once."""
    axis = (np.arange(GRID, dtype=np.float32) + 0.5) / GRID * 2 * GRID_HALF - GRID_HALF
    pictures, shapes, turns = [], [], []
    for number, name in enumerate(world.SHAPES):
        fold = SYMMETRY.get(name)
        angles = [0.0] if fold is None else np.arange(0, 2 * np.pi / fold - 1e-6, TURN_STEP)
        offset, scale = _unit_area(number)
        for angle in angles:
            cosine, sine = np.cos(angle), np.sin(angle)
            x, y = np.meshgrid(axis, axis)
            across = (cosine * x + sine * y) * scale + offset[0]
            down = (cosine * y - sine * x) * scale + offset[1]
            fine = np.float32(GRID / (2 * GRID_HALF) / scale)
            pictures.append(world.coverage(number, across * fine, down * fine, fine).ravel())
            shapes.append(number)
            turns.append(angle)
    return Templates(np.stack(pictures), np.array(shapes), np.array(turns, dtype=np.float32))


def _unit_area(number: int) -> tuple[NDArray[np.float64], float]:
    """Centroid of a shape of radius 1, and the square root of its area."""
    axis = np.linspace(-1.5, 1.5, 301, dtype=np.float32)
    x, y = np.meshgrid(axis, axis)
    inside = world.coverage(number, x * 100, y * 100, np.float32(100))
    area = float(inside.sum()) * float(axis[1] - axis[0]) ** 2
    middle = np.array([(inside * x).sum(), (inside * y).sum()]) / inside.sum()
    return middle, float(np.sqrt(area))


def _recognise(masks: Floats, areas: Floats, centres: Floats) -> tuple[str | None, float, float]:
    """The shape all frames fit best, its misfit, and its turn from first frame to last."""
    known = templates()
    views = np.stack([_view(m, a, c) for m, a, c in zip(masks, areas, centres, strict=True)])
    misfit = (views**2).sum(axis=1)[:, None] - 2 * views @ known.pictures.T
    misfit = (misfit + (known.pictures**2).sum(axis=1)) / (known.pictures.sum(axis=1))
    by_shape = np.stack(
        [misfit[:, known.shape == number].min(axis=1) for number in range(len(world.SHAPES))],
        axis=1,
    )
    totals = np.median(by_shape, axis=0)
    number = int(totals.argmin())
    name, fit = world.SHAPES[number], float(totals[number])
    if fit > WORST_FIT:
        return None, fit, 0.0
    turn = _turn(
        misfit[:, known.shape == number], known.turn[known.shape == number], SYMMETRY.get(name)
    )
    return name, fit, turn


def _view(mask: Floats, area: float, centre: Floats) -> Floats:
    """The mask on the templates' grid: centred, scaled to unit area, bilinear."""
    height, width = mask.shape
    axis = (np.arange(GRID, dtype=np.float32) + 0.5) / GRID * 2 * GRID_HALF - GRID_HALF
    column = axis * np.sqrt(area) + centre[0] - 0.5
    row = axis * np.sqrt(area) + centre[1] - 0.5
    left, top = np.floor(column).astype(int), np.floor(row).astype(int)
    share_x, share_y = column - left, (row - top)[:, None]
    padded = np.pad(mask, 64)

    def at(rows: NDArray[np.int64], columns: NDArray[np.int64]) -> Floats:
        return padded[np.clip(rows + 64, 0, height + 127)][:, np.clip(columns + 64, 0, width + 127)]

    upper = at(top, left) * (1 - share_x) + at(top, left + 1) * share_x
    lower = at(top + 1, left) * (1 - share_x) + at(top + 1, left + 1) * share_x
    return np.asarray((upper * (1 - share_y) + lower * share_y).ravel(), dtype=np.float32)


def _turn(misfit: Floats, turns: Floats, fold: int | None) -> float:
    """Total turn in radians, following the best template from frame to frame."""
    if fold is None:
        return 0.0
    angles = turns[misfit.argmin(axis=1)].astype(float)
    path = np.unwrap(angles * fold) / fold
    return float(path[-1] - path[0])


def _motion(centres: Floats, growth: float, turn: float) -> str | None:
    across, down = (centres[-1] - centres[0]).tolist()
    smooth = (centres[:-2, 1] + centres[1:-1, 1] + centres[2:, 1]) / 3
    hop = float(np.abs(np.diff(smooth)).sum() - abs(smooth[-1] - smooth[0]))
    if growth > GROWTH:
        return "growing"
    if growth < 1 / GROWTH:
        return "shrinking"
    if _goes_round(centres):
        return "circling"
    if abs(turn) > TURN and max(abs(across), abs(down)) < 2 * TRAVEL:
        return "spinning"
    if hop > HOP and abs(across) < 2 * hop:
        return "bouncing"
    if max(abs(across), abs(down)) > TRAVEL:
        if abs(across) > abs(down):
            return "right" if across > 0 else "left"
        return "down" if down > 0 else "up"
    return None


def _goes_round(centres: Floats) -> bool:
    """Whether the way is wide in both directions and turns about its own middle."""
    low, high = centres.min(axis=0), centres.max(axis=0)
    if (high - low).min() < ROUND_WIDTH:
        return False
    away = centres - (low + high) / 2
    angles = np.unwrap(np.arctan2(away[:, 1], away[:, 0]))
    return bool(abs(angles[-1] - angles[0]) > ROUND_TURN)


def _nearest(colour: Floats) -> str:
    gaps = np.linalg.norm(world.PALETTE - colour, axis=1)
    return world.COLOURS[int(gaps.argmin())]
