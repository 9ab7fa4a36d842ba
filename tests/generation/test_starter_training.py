"""Training in miniature: every stage runs, may be interrupted, and ends as if it had not been."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from generation.starter import (
    decoder,
    drawing,
    evaluate,
    latent,
    measures,
    network,
    points,
    runs,
    text,
    train,
    transformer,
    world,
)


def rehearse(stage: str, work: Path, folder: Path, minutes: float | None = None) -> bool:
    return train.run_stage(stage, work, folder, steps=3, minutes=minutes, quiet=True)


def weights(module: torch.nn.Module) -> torch.Tensor:
    return torch.cat([p.detach().flatten() for p in module.parameters()])


@pytest.mark.slow
def test_an_interrupted_run_ends_with_the_same_weights(tmp_path: Path) -> None:
    def run(name: str, minutes: float | None) -> runs.Run:
        return runs.Run("text", tmp_path / name, 3, seed=5, minutes=minutes, quiet=True)

    whole, _ = text.train(run("whole", None))
    broken = run("broken", 0.0)
    text.train(broken)
    assert (broken.done, broken.finished) == (1, False)
    resumed, _ = text.train(run("broken", None))
    assert torch.equal(weights(whole), weights(resumed))


@pytest.mark.slow
def test_in_bfloat16_the_weights_stay_single_and_go_the_same_way(tmp_path: Path) -> None:
    def trained(name: str, *, half: bool) -> torch.nn.Module:
        run = runs.Run("text", tmp_path / name, 6, seed=5, quiet=True, bfloat16=half)
        encoder: torch.nn.Module = text.train(run)[0]
        return encoder

    single, half = trained("single", half=False), trained("half", half=True)
    assert {p.dtype for p in half.parameters()} == {torch.float32}
    torch.manual_seed(5)
    start = weights(network.make_text_encoder())
    moves = weights(single) - start, weights(half) - start
    assert not torch.equal(*moves)
    assert float(torch.nn.functional.cosine_similarity(*moves, dim=0)) > 0.9


@pytest.mark.slow
def test_a_compiled_denoiser_goes_the_same_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tracing and the padding are the real ones; only the C++ compiler stays out of it."""
    compiled = torch.nn.Module.compile
    seen = []

    def traced(block: torch.nn.Module, **how: Any) -> None:
        seen.append(block)
        compiled(block, backend="eager", **how)

    monkeypatch.setattr(torch.nn.Module, "compile", traced)
    monkeypatch.setattr(transformer, "BATCH", 4)
    encoder = network.make_text_encoder()

    def trained(name: str, *, compiled: bool) -> torch.nn.Module:
        run = runs.Run(name, tmp_path, 3, seed=5, quiet=True, bfloat16=False, compiled=compiled)
        model: torch.nn.Module = transformer.train(run, encoder)
        return model

    plain, fused = trained("plain", compiled=False), trained("fused", compiled=True)
    assert len(seen) == network.DIT_LAYERS
    assert torch.allclose(weights(plain), weights(fused), atol=1e-5)


@pytest.mark.slow
def test_a_checkpoint_of_another_seed_is_refused(tmp_path: Path) -> None:
    text.train(runs.Run("text", tmp_path, 1, seed=1, quiet=True))
    with pytest.raises(ValueError, match="seed 1"):
        text.train(runs.Run("text", tmp_path, 1, seed=2, quiet=True))


@pytest.mark.slow
def test_the_point_decoder_and_the_stock_decoder_draw_the_same() -> None:
    torch.manual_seed(0)
    point = points.PointDecoder(network.make_vae().decoder)
    with torch.no_grad():
        for parameter in point.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.03)
        scenes = world.sample(np.random.default_rng(3), 1)
        codes = torch.from_numpy(latent.encode(scenes))
        whole = points.make_vae_from(point).decode(codes.permute(0, 4, 1, 2, 3)).sample[0]
        part = point(codes[:, 1, 1:3, 2:4])[0].permute(3, 0, 1, 2)
    gap = (part - whole[:, 1:9, 32:96, 64:128])[:, :, 4:-4, 4:]
    assert float(gap.abs().max()) < 1e-4


@pytest.mark.slow
def test_all_stages_from_nothing_leave_a_pipeline_that_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transformer, "BATCH", 24)
    monkeypatch.setattr(transformer, "FINAL_PROMPTS", 16)
    folder = tmp_path / "weights"
    for stage in train.STAGES:
        assert not rehearse(stage, tmp_path / "work", folder, minutes=0.0)
        while not rehearse(stage, tmp_path / "work", folder):
            pass
    card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
    assert set(card["training"]) == {
        "text", "decoder, block by block", "decoder, consensus of blocks", "decoder, whole",
        "transformer", "more", "last",
    }  # fmt: skip
    assert {facts["steps"] for facts in card["training"].values()} == {3}
    how = measures.Settings(steps=2, guidance=2.0)
    frames = next(evaluate.make(evaluate.load(folder), ["a red circle"], [1], how))
    assert frames.shape == (17, 128, 128, 3)
    assert "_name_or_path" not in "".join(
        path.read_text(encoding="utf-8") for path in folder.rglob("config.json")
    )
    (tmp_path / "work" / "transformer.pt").unlink()
    assert rehearse("transformer", tmp_path / "work", folder)
    card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
    assert "transformer" in card["training"]
    assert not {"more", "last"} & set(card["training"])


def test_the_last_stage_draws_other_scenes_than_the_one_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seeds: dict[str, int] = {}
    monkeypatch.setattr(
        train, "_train_transformer", lambda run, _: seeds.setdefault(run.stage, run.seed)
    )
    for stage in ("more", "last"):
        train.run_stage(stage, tmp_path, tmp_path, seed=4, quiet=True)
    assert seeds == {"more": 4, "last": 5}


def test_the_whole_decoder_practises_on_waves_as_a_denoiser_leaves_them() -> None:
    scenes = world.sample(np.random.default_rng(6), 400, None)
    codes, seen, first = decoder.half_clips(np.random.default_rng(6))
    assert len(seen) == decoder.WHOLE_BATCH
    clean = latent.encode(seen)[:, first : first + 2]
    waves = slice(latent.COSINE_X.start, latent.SINE_Y.stop)
    assert not np.allclose(codes[..., waves], clean[..., waves], atol=0.05)
    assert np.array_equal(np.delete(codes, np.r_[waves], -1), np.delete(clean, np.r_[waves], -1))
    rng = np.random.default_rng(6)
    left_x, left_y = decoder.as_left(rng, scenes.wave_x), decoder.as_left(rng, scenes.wave_y)
    striped = scenes.texture == world.TEXTURES.index("stripes")
    upright = striped & (scenes.wave_x > 0)
    level = striped & ~upright
    assert (left_x - left_y)[upright].min() > 0.25
    assert (left_y - left_x)[level].min() > 0.25


def test_tensors_draw_the_same_pixels_as_the_world() -> None:
    found = world.sample(np.random.default_rng(6), 200, None)
    kinds = (world.NONE, *range(len(world.TEXTURES)))
    scenes = found.pick(np.concatenate([np.flatnonzero(found.texture == k)[:3] for k in kinds]))
    axis = np.repeat(np.arange(world.SIZE, dtype=np.float32)[None] + 0.5, 12, axis=0)
    paths = [getattr(scenes, name)[:, world.LEAD :] for name in world.PATHS]
    drawn = drawing.draw(scenes, paths, axis, axis).numpy()
    for index in range(12):
        gap = np.abs((drawn[index] + 1) * 127.5 - world.render(scenes, index))
        assert gap.max() <= 1.01


@pytest.mark.slow
def test_data_drawn_ahead_by_other_processes_are_the_same(tmp_path: Path) -> None:
    def seen(name: str, workers: int) -> list[int]:
        run = runs.Run(name, tmp_path, 4, seed=3, workers=workers, quiet=True)
        return [value for _, value in run.feed(_drawn)]

    assert seen("alone", 0) == seen("helped", 2)


def _drawn(rng: np.random.Generator) -> int:
    return int(rng.integers(1_000_000))


@pytest.mark.slow
def test_the_world_on_which_the_weights_were_trained_is_whitened_by_their_figures() -> None:
    mean, scale = latent.statistics()
    vae = evaluate.load(network.WEIGHTS).vae
    assert np.allclose(vae.latents_mean.numpy(), mean, atol=2e-3)
    assert np.allclose(vae.latents_std.numpy(), scale, rtol=2e-3)
