"""A model folder that is not what its card was made of.

Seen before the queue where names, sizes and heads show it, else by the worker, which says why and
goes on with the next request.
"""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from generation import asking, line
from generation.engines import catalog, weights
from generation.engines.catalog import ModelCard
from generation.engines.pool import POOL
from generation.models import State
from sora_archive.accounts.models import User
from tests.generation.test_asking import request
from tests.generation.test_line import ending, made

PART = "transformer/diffusion_pytorch_model.safetensors"


def card_of(folder: Path) -> ModelCard:
    return catalog.parse(json.loads((folder / "card.json").read_text()), folder)


def listed(folder: Path) -> None:
    """As addmodel does: the card says which files there are and what they hash to."""
    card = json.loads((folder / "card.json").read_text())
    card["weights"] = {"files": weights.sizes(folder), "sha256": weights.weights_sha256(folder)}
    (folder / "card.json").write_text(json.dumps(card))


def missing(folder: Path) -> None:
    (folder / PART).unlink()


def truncated(folder: Path) -> None:
    data = (folder / PART).read_bytes()
    (folder / PART).write_bytes(data[: len(data) // 2])


def pickled(folder: Path) -> None:
    (folder / PART).rename((folder / PART).with_suffix(".bin"))


def headless(folder: Path) -> None:
    data = (folder / PART).read_bytes()
    (folder / PART).write_bytes(b"\x80\x04" + bytes(len(data) - 2))


def without_index(folder: Path) -> None:
    (folder / "model_index.json").unlink()


def bit_flipped(folder: Path) -> None:
    data = bytearray((folder / PART).read_bytes())
    data[-1] ^= 1
    (folder / PART).write_bytes(data)


SEEN_AT_ONCE = (missing, truncated, pickled, headless, without_index)


@pytest.fixture
def copy(model_folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(model_folder, tmp_path / "copy"))


def test_a_whole_folder_is_not_complained_of(copy: Path) -> None:
    assert weights.damage(card_of(copy)) == ""
    listed(copy)
    assert weights.damage(card_of(copy)) == ""


def test_a_web_server_may_have_the_card_alone(copy: Path, tmp_path: Path) -> None:
    listed(copy)
    alone = tmp_path / "alone"
    alone.mkdir()
    shutil.copy(copy / "card.json", alone)
    assert weights.damage(card_of(alone)) == ""
    shutil.rmtree(alone)
    assert weights.damage(replace(card_of(copy), folder=alone)).startswith("The files of")


@pytest.mark.parametrize("known", [True, False], ids=["listed", "unlisted"])
@pytest.mark.parametrize("defect", SEEN_AT_ONCE)
def test_damage_is_seen_without_reading_weights(
    defect: Callable[[Path], None], known: bool, copy: Path
) -> None:
    if known:
        listed(copy)
    card = card_of(copy)
    defect(copy)
    assert "The operator has to put them back" in weights.damage(card)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("defect", [*SEEN_AT_ONCE, bit_flipped])
def test_a_worker_fails_it_with_a_reason_and_makes_the_next_one(
    defect: Callable[[Path], None],
    archive: None,
    ada: User,
    copy: Path,
    model_folder: Path,
    settings: Any,
) -> None:
    listed(copy)
    settings.GENERATION_MODELS = [copy]
    generation = asking.ask(ada, request())
    defect(copy)
    POOL.clear()
    line.run(generation.pk)
    assert ending(generation) == (State.FAILED, "model_unavailable", "failed")
    assert "copy" in generation.reason or generation.reason.startswith("The weights of")
    settings.GENERATION_MODELS = [model_folder]
    made(asking.ask(ada, request()))
