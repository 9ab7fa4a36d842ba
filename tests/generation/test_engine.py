"""A real diffusers pipeline behind the engine protocol: tiny, random, and honest about it."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.profiler import ProfilerActivity, profile

from generation.engines import catalog, diffusion
from generation.engines.base import Engine, RenderRequest
from generation.engines.catalog import Loading, ModelCard, cards
from generation.engines.pool import engine_for
from generation.engines.weights import weights_sha256
from generation.errors import Cancelled, ModelUnavailable


def card_of(folder: Path) -> ModelCard:
    return catalog.parse(json.loads((folder / "card.json").read_text()), folder)


REQUEST = RenderRequest("a red circle moves left", "blue", 7, 3, 3.0, 64, 64, 17, 8)


@pytest.fixture
def engine(model_folder: Path) -> Engine:
    return engine_for(card_of(model_folder))


def test_frames_have_the_size_that_was_asked_for(engine: Engine) -> None:
    frames = engine.render(REQUEST, lambda step, steps, look: None)
    assert frames.shape == (17, 64, 64, 3)
    assert frames.dtype == np.uint8
    assert frames.std() > 1  # noise, but a picture


def test_every_step_is_reported(engine: Engine) -> None:
    seen: list[tuple[int, int]] = []
    engine.render(REQUEST, lambda step, steps, look: seen.append((step, steps)))
    assert seen == [(1, 3), (2, 3), (3, 3)]


def test_the_same_seed_gives_the_same_frames_even_after_a_cancelled_run(engine: Engine) -> None:
    def stop(step: int, _: int, __: object) -> None:
        if step == 2:
            raise Cancelled

    first = engine.render(REQUEST, lambda step, steps, look: None)
    with pytest.raises(Cancelled):
        engine.render(REQUEST, stop)
    assert np.array_equal(first, engine.render(REQUEST, lambda step, steps, look: None))


def test_small_convolutions_go_to_onednn_and_draw_the_same(model_folder: Path) -> None:
    pipeline = diffusion._load(card_of(model_folder))
    latent = torch.randn(1, pipeline.vae.config.latent_channels, 3, 2, 2)

    def drawn() -> tuple[torch.Tensor, set[str]]:
        with torch.no_grad(), profile(activities=[ProfilerActivity.CPU]) as seen:
            clip: torch.Tensor = pipeline.vae.decode(latent).sample
        return clip, {event.key for event in seen.key_averages()}

    plain, slowly = drawn()
    placed = diffusion._placed(pipeline, Loading())
    assert placed is pipeline
    quick, quickly = drawn()
    assert torch.allclose(plain, quick, atol=1e-4)
    slow = "aten::slow_conv3d"
    assert slow in slowly
    assert slow not in quickly
    half = pipeline.vae.decoder.to(torch.bfloat16).conv_in
    assert half(torch.zeros(1, latent.shape[1], 3, 2, 2, dtype=torch.bfloat16)).isfinite().all()


def test_the_engine_says_what_it_is(engine: Engine, model_folder: Path) -> None:
    assert engine.facts.engine == "LTXPipeline"
    assert engine.facts.weights_sha256 == weights_sha256(model_folder)
    assert set(engine.facts.libraries) == {"diffusers", "torch", "transformers"}


def test_one_changed_byte_of_the_weights_changes_their_hash(
    model_folder: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(model_folder, copy)
    assert weights_sha256(copy) == weights_sha256(model_folder)
    weights = copy / "transformer" / "diffusion_pytorch_model.safetensors"
    data = bytearray(weights.read_bytes())
    data[-1] ^= 1
    weights.write_bytes(data)
    assert weights_sha256(copy) != weights_sha256(model_folder)


@pytest.mark.parametrize("defect", ["missing", "truncated", "pickled"])
def test_a_broken_model_folder_is_refused_with_words(
    model_folder: Path, tmp_path: Path, defect: str
) -> None:
    copy = tmp_path / f"weights-{defect}"
    shutil.copytree(model_folder, copy)
    weights = copy / "transformer" / "diffusion_pytorch_model.safetensors"
    if defect == "truncated":
        weights.write_bytes(weights.read_bytes()[:1000])
    else:
        weights.rename(weights.with_suffix(".bin")) if defect == "pickled" else weights.unlink()
    with pytest.raises(ModelUnavailable, match="complete diffusers pipeline"):
        engine_for(card_of(copy))


def test_a_folder_without_a_card_is_refused_with_words(tmp_path: Path, settings: object) -> None:
    settings.GENERATION_MODELS = [tmp_path]  # type: ignore[attr-defined]
    with pytest.raises(ModelUnavailable, match=r"has no card\.json"):
        cards()


def test_a_card_with_a_hole_is_refused_with_words(tmp_path: Path, settings: object) -> None:
    (tmp_path / "card.json").write_text('{"id": "x"}')
    settings.GENERATION_MODELS = [tmp_path]  # type: ignore[attr-defined]
    with pytest.raises(ModelUnavailable, match=r"card\.json of the model .* is wrong"):
        cards()
