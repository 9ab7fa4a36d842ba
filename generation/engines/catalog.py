"""Model cards: what a model is and what it may be asked for. Knows nothing of torch.

A model is a folder in the diffusers layout with a `card.json` beside its `model_index.json`.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings

from generation.errors import ModelUnavailable

STARTER = Path(__file__).resolve().parent.parent / "starter" / "weights"
UNTRAINED = "untrained-test"


@dataclass(frozen=True)
class Range:
    """A default with its bounds, both allowed."""

    default: float
    minimum: float
    maximum: float


@dataclass(frozen=True)
class ModelCard:
    """One model: sizes in pixels as rendered, lengths in frames, `upscale` a whole factor."""

    id: str
    title: str
    summary: str
    licence: str
    revision: str
    pipeline: str
    untrained: bool
    width: int
    height: int
    fps: int
    frames: int
    frame_choices: tuple[int, ...]
    steps: Range
    guidance: Range
    upscale: int
    upscale_filter: str
    vocabulary: tuple[str, ...]
    examples: tuple[str, ...]
    folder: Path

    def seconds(self, frames: int) -> float:
        """Length of a clip of that many frames, in seconds."""
        return frames / self.fps


def cards() -> Sequence[ModelCard]:
    """The models of this site, the default first; raises ModelUnavailable where one is broken."""
    return [_read(folder) for folder in folders()]


def card(model: str) -> ModelCard:
    """The card of one model by its id."""
    for found in cards():
        if found.id == model:
            return found
    raise ModelUnavailable(f"There is no model named {model!r} on this site.")


def folders() -> Sequence[Path]:
    """Where the models lie: as configured, else the starter model, else the untrained stand-in."""
    if settings.GENERATION_MODELS:
        return list(settings.GENERATION_MODELS)
    return [STARTER if (STARTER / "card.json").exists() else settings.DATA / "models" / UNTRAINED]


def _read(folder: Path) -> ModelCard:
    path = folder / "card.json"
    try:
        return _parse(path, path.stat().st_mtime_ns)
    except FileNotFoundError as error:
        raise ModelUnavailable(
            f"The model folder {folder.name} has no card.json. "
            "Run manage.py buildtestmodel, or name model folders in GENERATION_MODELS."
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise ModelUnavailable(
            f"The card.json of the model {folder.name} is wrong: {error}."
        ) from error


@lru_cache(maxsize=32)
def _parse(path: Path, changed_ns: int) -> ModelCard:
    values = json.loads(path.read_text(encoding="utf-8"))
    return ModelCard(
        **{name: values[name] for name in ("id", "title", "summary", "licence", "revision")},
        pipeline=values["pipeline"],
        untrained=bool(values["untrained"]),
        width=int(values["width"]),
        height=int(values["height"]),
        fps=int(values["fps"]),
        frames=int(values["frames"]["default"]),
        frame_choices=tuple(int(count) for count in values["frames"]["choices"]),
        steps=_range(values["steps"]),
        guidance=_range(values["guidance"]),
        upscale=int(values["upscale"]),
        upscale_filter=values["upscale_filter"],
        vocabulary=tuple(sorted(values["vocabulary"])),
        examples=tuple(values["examples"]),
        folder=path.parent,
    )


def _range(values: dict[str, Any]) -> Range:
    return Range(float(values["default"]), float(values["min"]), float(values["max"]))


def weights_sha256(folder: Path) -> str:
    """SHA-256 over every file that decides the frames: `<sha256>  <relative path>` lines, sorted.

    Anyone can repeat it with `sha256sum` inside the folder; card.json and README.md do not count.
    """
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.parent != folder)
    files.append(folder / "model_index.json")
    lines = [f"{_digest(path)}  {path.relative_to(folder).as_posix()}\n" for path in sorted(files)]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _digest(path: Path) -> str:
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
