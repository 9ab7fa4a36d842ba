"""The weights that ship: small, stock, harmless to load, and they draw what they are asked to."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from generation.engines import catalog, weights
from generation.starter import checker, evaluate, measures, network, words, world

HOW = measures.Settings(steps=10, guidance=2.0)


@pytest.fixture(scope="module")
def pipeline() -> Any:
    return evaluate.load(network.WEIGHTS)


def one(pipeline: Any, prompt: str, seed: int) -> np.ndarray:
    return next(evaluate.make(pipeline, [prompt], [seed], HOW))


def test_the_folder_is_small_and_holds_no_code_and_no_pickle() -> None:
    files = [path for path in network.WEIGHTS.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) <= 25_000_000
    assert {path.suffix for path in files} == {".safetensors", ".json", ".md"}


def test_every_part_is_a_stock_class() -> None:
    index = json.loads((network.WEIGHTS / "model_index.json").read_text(encoding="utf-8"))
    assert index["_class_name"] == "LTXPipeline"
    parts = [value[0] for name, value in index.items() if not name.startswith("_")]
    assert set(parts) == {"diffusers", "transformers"}
    for path in network.WEIGHTS.rglob("config.json"):
        assert "_name_or_path" not in json.loads(path.read_text(encoding="utf-8"))


def test_the_card_tells_the_truth_about_the_weights() -> None:
    card = json.loads((network.WEIGHTS / "card.json").read_text(encoding="utf-8"))
    assert card["untrained"] is False
    assert card["vocabulary"] == words.shipped_vocabulary()
    assert card["frames"]["choices"] == [world.FRAMES]
    assert set(card["training"]) >= {"text", "decoder, whole", "transformer"}
    readme = (network.WEIGHTS / "README.md").read_text(encoding="utf-8")
    assert card["evaluation"]
    assert card["evaluation"] in readme
    shipped = catalog.read(network.WEIGHTS)
    assert weights.checked_sha256(shipped) == shipped.weights_sha256
    assert shipped.files
    assert weights.damage(shipped) == ""


def test_the_tokenizer_knows_its_vocabulary_and_passes_over_the_rest(pipeline: Any) -> None:
    tokenizer = pipeline.tokenizer
    known = tokenizer(" ".join(words.shipped_vocabulary()), max_length=200).input_ids
    assert tokenizer.unk_token_id not in known
    assert len(set(known)) == len(words.shipped_vocabulary()) + 1
    ids = tokenizer("A dragon, moving-LEFT!").input_ids
    assert ids.count(tokenizer.unk_token_id) == 1
    assert tokenizer.convert_ids_to_tokens(ids)[-3:] == ["moving", "left", words.END]


def test_the_text_encoder_tells_the_shapes_colour_from_the_backgrounds(pipeline: Any) -> None:
    import torch

    texts = ["a red circle on a blue background", "a blue circle on a red background"]
    tokens = pipeline.tokenizer(texts, return_tensors="pt").input_ids
    with torch.no_grad():
        states = pipeline.text_encoder(tokens)[0]
    red_in_first, red_in_second = states[0, 1], states[1, 5]
    nearness = torch.nn.functional.cosine_similarity(red_in_first, red_in_second, dim=0)
    assert float(nearness) < 0.9


@pytest.mark.parametrize(
    ("prompt", "seen"),
    [
        (
            "a large red circle moving left on a white background",
            ("circle", "red", "white", "left", None),
        ),
        pytest.param(
            "an orange heart bouncing over a gradient from blue to purple",
            ("heart", "orange", "blue to purple", "bouncing", None),
            marks=pytest.mark.slow,
        ),
        pytest.param(
            "a green cross growing next to a white moon on black",
            ("cross", "green", "black", "growing", "white"),
            marks=pytest.mark.slow,
        ),
    ],
)
def test_a_clip_shows_what_its_prompt_says(
    pipeline: Any, prompt: str, seen: tuple[str, str, str, str, str | None]
) -> None:
    frames = one(pipeline, prompt, seed=11)
    assert frames.shape == (world.FRAMES, world.SIZE, world.SIZE, 3)
    sight = checker.check(measures.through_file(frames))
    found = (sight.shape, sight.colour, sight.background, sight.motion, sight.company)
    assert found == seen


@pytest.mark.parametrize(
    ("prompt", "texture", "drift"),
    [
        ("a white star rising on a striped blue background", "stripes", None),
        ("a black heart on red dots as the camera drifts left", "dots", "left"),
        (
            "a yellow ring moving left on purple diamonds, camera drifting down",
            "diamonds",
            "down",
        ),
        ("a red square growing on a white background", None, None),
    ],
)
def test_a_clip_has_the_texture_and_the_camera_of_its_prompt(
    pipeline: Any, prompt: str, texture: str | None, drift: str | None
) -> None:
    sight = checker.check(measures.through_file(one(pipeline, prompt, seed=11)))
    assert (sight.texture, sight.drift) == (texture, drift)


@pytest.mark.slow
def test_the_seed_decides_the_clip(pipeline: Any) -> None:
    prompt = "a white heart bouncing on a blue background"
    first, again, other = (one(pipeline, prompt, seed) for seed in (1, 1, 2))
    assert (first == again).all()
    assert np.abs(first.astype(int) - other.astype(int)).mean() > 3


@pytest.mark.slow
def test_half_precision_weights_load_into_a_pipeline_of_single_precision(tmp_path: Path) -> None:
    from safetensors import safe_open

    for path in network.WEIGHTS.rglob("*.safetensors"):
        with safe_open(path, "pt") as stored:
            kinds = {str(stored.get_tensor(name).dtype) for name in stored.keys()}  # noqa: SIM118
        assert kinds == {"torch.float16"}, path.name
