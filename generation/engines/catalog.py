"""Model cards: what a model is and what it may be asked for. Knows nothing of torch.

A model is a folder in the diffusers layout with a `card.json` beside its `model_index.json`.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings

from generation.engines import profiles
from generation.errors import ModelUnavailable

DTYPES = ("float32", "float16", "bfloat16")
OFFLOADS = ("none", "model", "sequential", "group")
STARTER = Path(__file__).resolve().parent.parent / "starter" / "weights"
UNTRAINED = "untrained-test"
DEFAULT_QUEUE = "generations"


@dataclass(frozen=True)
class Range:
    """A default with its bounds, both allowed."""

    default: float
    minimum: float
    maximum: float


@dataclass(frozen=True)
class Loading:
    """How a worker holds the model: `dtype` counts on a GPU only, as `offload` does."""

    dtype: str = "float16"
    offload: str = "none"
    vae_tiling: bool = False
    vae_slicing: bool = False
    compile: bool = False

    def __post_init__(self) -> None:
        if self.dtype not in DTYPES or self.offload not in OFFLOADS:
            raise ValueError(
                f"loading: dtype is one of {', '.join(DTYPES)}; "
                f"offload is one of {', '.join(OFFLOADS)}"
            )


@dataclass(frozen=True)
class ModelCard:
    """One model: sizes in pixels as rendered, lengths in frames, `upscale` a whole factor.

    `queue` is the broker's queue whose workers can render it; `weights_sha256` what the folder
    hashed to when the card was made, empty where nobody wrote it down.
    """

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
    sizes: tuple[tuple[int, int], ...] = ()
    fps_choices: tuple[int, ...] = ()
    queue: str = DEFAULT_QUEUE
    loading: Loading = Loading()
    limits: str = ""
    begins_with_frame: bool = False
    weights_sha256: str = ""
    files: Mapping[str, int] = field(default_factory=dict)

    @property
    def fingerprint(self) -> tuple[Path, int]:
        """Changes when the card is written anew, so that a worker loads the model again."""
        return self.folder, (self.folder / "card.json").stat().st_mtime_ns

    def seconds(self, frames: int) -> float:
        """Length of a clip of that many frames, in seconds."""
        return frames / self.fps


def cards() -> Sequence[ModelCard]:
    """The models of this site, the default first; raises ModelUnavailable where one is broken."""
    return [read(folder) for folder in folders()]


def card(model: str) -> ModelCard:
    """The card of one model by its id."""
    for found in cards():
        if found.id == model:
            return found
    raise ModelUnavailable(f"There is no model named {model!r} on this site.")


def queue_of(model: str) -> str:
    """The queue whose workers render a model; the common one where there is no such model."""
    try:
        return card(model).queue
    except ModelUnavailable:
        return DEFAULT_QUEUE


def queues() -> Sequence[str]:
    """Every queue that a model of this site is sent to, the common one among them."""
    try:
        return sorted({DEFAULT_QUEUE, *(found.queue for found in cards())})
    except ModelUnavailable:  # a page or a worker says so in words, when it is asked for one
        return [DEFAULT_QUEUE]


def folders() -> Sequence[Path]:
    """Where the models lie: as configured, else the starter model, else the untrained stand-in.

    A plain name is a model that `addmodel` put into DATA/models; `starter` is the one that ships.
    """
    if settings.GENERATION_MODELS:
        return [_folder(Path(entry)) for entry in settings.GENERATION_MODELS]
    return [STARTER if (STARTER / "card.json").exists() else settings.DATA / "models" / UNTRAINED]


def _folder(entry: Path) -> Path:
    if entry.parent != Path():
        return entry
    return STARTER if entry.name == "starter" else settings.DATA / "models" / entry.name


def read(folder: Path) -> ModelCard:
    """The card in a folder; raises ModelUnavailable with words where there is none that holds."""
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
    return parse(json.loads(path.read_text(encoding="utf-8")), path.parent)


def parse(values: Mapping[str, Any], folder: Path) -> ModelCard:
    """A card from the values of its JSON; raises KeyError, TypeError or ValueError."""
    size = (int(values["width"]), int(values["height"]))
    weights = values.get("weights", {})
    found = ModelCard(
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
        folder=folder,
        sizes=tuple((int(w), int(h)) for w, h in values.get("sizes", [size])),
        fps_choices=tuple(int(rate) for rate in values.get("fps_choices", [values["fps"]])),
        queue=str(values.get("queue", DEFAULT_QUEUE)),
        loading=Loading(**values.get("loading", {})),
        limits=str(values.get("limits", "")),
        begins_with_frame=bool(values.get("begins_with_frame", False)),
        weights_sha256=str(weights.get("sha256", "")),
        files={name: int(count) for name, count in weights.get("files", {}).items()},
    )
    _check(found, size)
    return found


def _check(card: ModelCard, size: tuple[int, int]) -> None:
    """A card that promises what its class cannot make is wrong before anybody asks."""
    if size not in card.sizes or card.fps not in card.fps_choices:
        raise ValueError("the default size and fps must be among the choices")
    for width, height in card.sizes:
        for frames in card.frame_choices:
            if words := profiles.complaint(card.pipeline, width, height, frames):
                raise ValueError(words)


def _range(values: dict[str, Any]) -> Range:
    return Range(float(values["default"]), float(values["min"]), float(values["max"]))
