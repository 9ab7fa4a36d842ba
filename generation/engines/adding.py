"""A model of the hub, or a folder that is at hand, becomes a model of the archive: with a card.

The card that ships knows what the class takes; the operator adds which revision it is, and the
folder's own files are hashed once, so that a change is noticed before anything is rendered.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from generation.errors import ModelUnavailable

from . import catalog
from .weights import Progress, sizes, weights_sha256

SHIPPED = Path(__file__).with_name("hub")
REVISION = re.compile(r"[0-9a-f]{40}")
PICKLES = (".bin", ".pt", ".pth", ".ckpt", ".pkl")
# What a pipeline of safetensors needs and nothing that could be code.
WANTED = ["*.json", "*.safetensors", "*.txt", "*.model"]


@dataclass(frozen=True)
class Choice:
    """What an operator decides about a model: its commit on the hub, and how it is held."""

    name: str
    revision: str
    loading: Mapping[str, object]
    queue: str = ""


def shipped() -> Mapping[str, Mapping[str, Any]]:
    """The cards that ship, by name, as their JSON says."""
    found = {path.stem: path.read_text(encoding="utf-8") for path in sorted(SHIPPED.glob("*.json"))}
    return {name: json.loads(text) for name, text in found.items()}


def hub_id(choice: Choice) -> str:
    """The model's name on the hub; raises ModelUnavailable where no card ships under that name."""
    try:
        return str(shipped()[choice.name]["hub"])
    except KeyError:
        known = ", ".join(shipped())
        raise ModelUnavailable(f"No card ships for {choice.name!r}. There is: {known}.") from None


def add(choice: Choice, folder: Path, progress: Progress) -> catalog.ModelCard:
    """Write card.json into a complete model folder; raises ModelUnavailable with words.

    The folder must hold the class the card was written for, and no weights but safetensors.
    """
    hub_id(choice)
    if not REVISION.fullmatch(choice.revision):
        raise ModelUnavailable(
            "A revision is the commit on the hub: 40 letters of 0-9 and a-f. A branch or a tag can "
            "be moved to other weights, so it cannot stand in a credential."
        )
    values: dict[str, Any] = {**shipped()[choice.name], "revision": choice.revision}
    _check_files(folder, str(values["pipeline"]))
    values["loading"] = {**values.get("loading", {}), **choice.loading}
    if choice.queue:
        values["queue"] = choice.queue
    values["weights"] = {
        "files": sizes(folder),
        "sha256": weights_sha256(folder, progress),
    }
    try:
        card = catalog.parse(values, folder)
    except (KeyError, TypeError, ValueError) as error:
        raise ModelUnavailable(f"This card cannot be: {error}.") from error
    draft = folder / "card.json.part"
    draft.write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8")
    draft.replace(folder / "card.json")
    return card


def _check_files(folder: Path, pipeline: str) -> None:
    index = folder / "model_index.json"
    try:
        found = json.loads(index.read_text(encoding="utf-8"))["_class_name"]
    except (OSError, ValueError, KeyError) as error:
        raise ModelUnavailable(
            f"{folder} is no diffusers pipeline: its model_index.json cannot be read."
        ) from error
    if found != pipeline:
        raise ModelUnavailable(f"{folder} holds a {found}; this card is for a {pipeline}.")
    names = list(sizes(folder))
    if pickled := [name for name in names if name.endswith(PICKLES)]:
        raise ModelUnavailable(
            f"{folder} holds {pickled[0]}, which could run code when it is read. Remove it; only "
            "safetensors are loaded."
        )
    if not any(name.endswith(".safetensors") for name in names):
        raise ModelUnavailable(f"{folder} holds no weights: no .safetensors file is in it.")
