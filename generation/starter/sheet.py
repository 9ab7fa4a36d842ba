"""Pictures for the documentation: a contact sheet, and what steps and guidance do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from generation.encode import enlarge
from generation.starter import evaluate, world
from generation.starter.measures import Settings, Share, ablation

INK, PAPER = (40, 40, 48), (250, 249, 246)
GAP, LABEL = 8, 22
MOMENTS = (0, 5, 10, 16)
ABLATION_PROMPTS = (
    "a yellow star rising on a background fading from blue to purple",
    "a red cross moving left on white diamonds as the camera drifts up",
    "a white heart circling over a gradient from purple to red",
    "an orange square falling beside a white moon on a black background",
)


def contact_sheet(pipeline: Any, prompts: Sequence[str], how: Settings, target: Path) -> None:
    """Four moments of one clip for each prompt, two prompts in a row, as PNG."""
    cells = [
        _labelled(
            np.concatenate([_framed(frames[moment], 1) for moment in MOMENTS], axis=1), prompt
        )
        for prompt, frames in zip(
            prompts, evaluate.make(pipeline, prompts, range(len(prompts)), how), strict=True
        )
    ]
    _save(_grid(cells, 2), target)


def ablation_sheet(
    pipeline: Any, how: Settings, right: Mapping[Settings, Share], target: Path
) -> None:
    """The same prompts and seeds at several step counts and guidance scales, as PNG; above each
    column the share of clips in which all is right, where it was measured.
    """
    cells = []
    settings = ablation(how)
    for setting in settings:
        clips = evaluate.make(pipeline, ABLATION_PROMPTS, range(len(ABLATION_PROMPTS)), setting)
        column = np.concatenate([_framed(frames[10], 1) for frames in clips])
        cells.append(_labelled(column, _label(setting, how, right.get(setting))))
    _save(_grid(cells, len(settings)), target)


def _label(setting: Settings, how: Settings, share: Share | None) -> str:
    steps = f"{setting.steps} steps" if setting.steps != how.steps else ""
    name = steps or f"guidance {setting.guidance:g}"
    return f"{name}: {share.value:.0%}" if share else name


def large(frames: NDArray[np.uint8], factor: int, method: str, target: Path) -> None:
    """One frame as the gallery shows it, to judge the enlargement by eye."""
    Image.fromarray(enlarge(frames[8:9], factor, method)[0]).save(target)


def _framed(picture: NDArray[np.uint8], edge: int) -> NDArray[np.uint8]:
    wide = np.full((world.SIZE + 2 * edge, world.SIZE + 2 * edge, 3), PAPER, dtype=np.uint8)
    wide[edge:-edge, edge:-edge] = picture
    return wide


def _labelled(picture: NDArray[np.uint8], label: str) -> NDArray[np.uint8]:
    canvas = Image.new("RGB", (picture.shape[1], picture.shape[0] + LABEL), PAPER)
    canvas.paste(Image.fromarray(picture), (0, LABEL))
    ImageDraw.Draw(canvas).text((2, 4), label, fill=INK, font=ImageFont.load_default(13))
    return np.asarray(canvas)


def _grid(cells: Sequence[NDArray[np.uint8]], columns: int) -> NDArray[np.uint8]:
    height, width = (max(cell.shape[axis] for cell in cells) for axis in (0, 1))
    rows = -(-len(cells) // columns)
    sheet = np.full(
        (rows * (height + GAP) + GAP, columns * (width + GAP) + GAP, 3), PAPER, dtype=np.uint8
    )
    for index, cell in enumerate(cells):
        top = GAP + index // columns * (height + GAP)
        left = GAP + index % columns * (width + GAP)
        sheet[top : top + cell.shape[0], left : left + cell.shape[1]] = cell
    return sheet


def _save(picture: NDArray[np.uint8], target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture).save(target, optimize=True)
