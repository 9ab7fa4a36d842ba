"""Every pipeline class the archive has cards for runs through the same engine, tiny and random."""

import json
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch

from generation.engines import adding, calls, catalog, pool, profiles
from generation.engines.base import Frame, Look, RenderRequest
from generation.engines.diffusion import DiffusionEngine
from generation.errors import Cancelled, ModelUnavailable, OutOfMemory

ASKED = RenderRequest("a red circle", "blue", 7, 3, 3.0, 64, 64, 17, 8)
CLASSES = (
    "WanPipeline", "LTXPipeline", "CogVideoXPipeline", "HunyuanVideoPipeline", "MochiPipeline",
)  # fmt: skip
COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture(scope="session")
def tiny() -> ModuleType:
    """The tiny pipelines; loads diffusers, which the quick lane has no time for."""
    from tests.generation import tiny

    assert tuple(tiny.CLASSES) == CLASSES
    return tiny


def card_of(folder: Path) -> catalog.ModelCard:
    return catalog.parse(json.loads((folder / "card.json").read_text()), folder)


def asked(card: catalog.ModelCard, first: Frame | None = None) -> RenderRequest:
    return RenderRequest("a red circle", "blue", 7, 3, 3.0, 64, 64, card.frames, 8, first)


def quiet(_: int, __: int, ___: Look) -> None:
    """Nobody looks."""


@pytest.mark.slow
@pytest.mark.parametrize("name", CLASSES)
def test_each_class_renders_reports_stops_and_repeats_itself(
    tiny: ModuleType, name: str, tmp_path: Path
) -> None:
    card = card_of(tiny.save(name, tmp_path / name))
    engine = DiffusionEngine(card, 1)
    seen: list[tuple[int, int]] = []
    looks: list[Frame | None] = []

    def watch(step: int, steps: int, look: Look) -> None:
        seen.append((step, steps))
        looks.append(look())

    def stop(step: int, _: int, __: Look) -> None:
        if step == 2:
            raise Cancelled

    frames = engine.render(asked(card), watch)
    assert frames.shape == (card.frames, 64, 64, 3)
    assert seen == [(1, 3), (2, 3), (3, 3)]
    assert all(look is not None and look.shape[2] == 3 and look.std() > 0 for look in looks)
    with pytest.raises(Cancelled):
        engine.render(asked(card), stop)
    assert np.array_equal(frames, engine.render(asked(card), quiet))
    assert engine.facts.engine == name
    assert engine.size > 100_000


@pytest.mark.slow
@pytest.mark.parametrize("name", CLASSES)
def test_each_class_renders_several_in_one_call(
    tiny: ModuleType, name: str, tmp_path: Path
) -> None:
    card = card_of(tiny.save(name, tmp_path / name))
    engine = DiffusionEngine(card, 1)
    requests = [
        replace(asked(card), seed=seed, negative_prompt=no) for seed, no in ((7, "blue"), (8, ""))
    ]
    seen: list[tuple[int, int]] = []
    together = engine.render_together(requests, lambda step, steps, _: seen.append((step, steps)))
    assert seen == [(1, 3), (2, 3), (3, 3)]
    alone = engine.render(requests[0], quiet)
    # Not byte for byte, which is why it is off unless somebody asks for it.
    assert np.abs(together[0].astype(int) - alone).max() <= 2
    assert together[1].shape == alone.shape
    assert not np.array_equal(together[0], together[1])


@pytest.mark.slow
@pytest.mark.parametrize("name", ["LTXPipeline", "WanPipeline"])
def test_a_remix_begins_with_a_frame_where_the_class_can(
    tiny: ModuleType, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(tiny.CLASSES, "WanPipeline", lambda: tiny.wan(expand_timesteps=True))
    card = card_of(tiny.save(name, tmp_path / name))
    engine = DiffusionEngine(card, 1)
    white = np.full((32, 48, 3), 255, np.uint8)
    black = np.zeros((32, 48, 3), np.uint8)
    without = engine.render(asked(card), quiet)
    one, other = (engine.render(asked(card, first), quiet) for first in (white, black))
    assert one.shape == without.shape
    assert not np.array_equal(one, other)
    assert np.array_equal(without, engine.render(asked(card), quiet))


@pytest.mark.slow
def test_a_class_without_a_callback_is_stopped_by_its_scheduler(
    tiny: ModuleType, tmp_path: Path
) -> None:
    card = card_of(tiny.save("LTXPipeline", tmp_path / "mute"))
    engine = DiffusionEngine(card, 1)
    talkative = engine.render(asked(card), quiet)

    class Mute(type(engine._pipeline)):  # type: ignore[misc]
        """As HunyuanVideo 1.5: no callback at all."""

        def __call__(
            self, prompt: str, negative_prompt: str, num_inference_steps: int, width: int,
            height: int, num_frames: int, generator: Any, output_type: str,
        ) -> Any:  # fmt: skip
            return super().__call__(
                prompt=prompt, negative_prompt=negative_prompt, width=width, height=height,
                num_inference_steps=num_inference_steps, num_frames=num_frames, guidance_scale=3.0,
                frame_rate=8, generator=generator, output_type=output_type,
            )  # fmt: skip

    engine._pipeline.__class__ = Mute
    seen: list[int] = []
    frames = engine.render(asked(card), lambda step, _, __: seen.append(step))
    assert seen == [1, 2, 3]
    assert np.array_equal(frames, talkative)
    assert "step" not in vars(engine._pipeline.scheduler)


class Crowded:
    """A pipeline on a device that is full the first `times` times."""

    def __init__(self, pipeline: Any, times: int) -> None:
        self._pipeline, self.times = pipeline, times

    def fail(self) -> None:
        if self.times:
            self.times -= 1
            raise torch.OutOfMemoryError


@pytest.mark.slow
@pytest.mark.parametrize("times", [1, 2])
def test_out_of_memory_is_tried_once_more_with_everything_spared(
    times: int, model_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = card_of(model_folder)
    engine = DiffusionEngine(card, 1)
    crowded = Crowded(engine._pipeline, times)
    decode = engine._pipeline.vae.decode

    def full(*args: Any, **kwargs: Any) -> Any:
        crowded.fail()
        return decode(*args, **kwargs)

    monkeypatch.setattr(engine._pipeline.vae, "decode", full)
    if times == 1:
        assert engine.render(asked(card), quiet).shape == (17, 64, 64, 3)
        assert engine._pipeline.vae.use_tiling
    else:
        with pytest.raises(OutOfMemory):
            engine.render(asked(card), quiet)


def test_the_arguments_are_those_the_class_takes() -> None:
    everything = {
        "prompt", "negative_prompt", "num_inference_steps", "guidance_scale", "width", "height",
        "num_frames", "frame_rate", "true_cfg_scale",
    }  # fmt: skip
    ltx = calls.arguments("LTXPipeline", ASKED, everything)
    assert (ltx["frame_rate"], ltx["num_frames"]) == (8, 17)
    hunyuan = calls.arguments("HunyuanVideoPipeline", ASKED, everything)
    assert hunyuan["true_cfg_scale"] == 3.0
    assert "frame_rate" not in hunyuan
    plain = RenderRequest("a red circle", "", 7, 3, 3.0, 64, 64, 17, 8)
    assert "negative_prompt" not in calls.arguments("WanPipeline", plain, everything)
    assert "true_cfg_scale" not in calls.arguments("HunyuanVideoPipeline", plain, everything)


@pytest.mark.parametrize(
    ("pipeline", "size", "words"),
    [
        ("WanPipeline", (832, 480, 81), ""),
        ("WanPipeline", (830, 480, 81), "multiples of 16"),
        ("WanPipeline", (832, 480, 80), "4 times n plus 1"),
        ("LTXPipeline", (704, 496, 161), "multiples of 32"),
        ("MochiPipeline", (848, 480, 85), ""),
        ("MochiPipeline", (848, 480, 84), "6 times n plus 1"),
    ],
)
def test_sizes_a_class_cannot_make_are_said_in_words(
    pipeline: str, size: tuple[int, int, int], words: str
) -> None:
    assert words in profiles.complaint(pipeline, *size)
    assert bool(words) == bool(profiles.complaint(pipeline, *size))


@pytest.mark.parametrize("name", adding.shipped())
def test_every_card_that_ships_promises_only_what_its_class_can_make(
    name: str, tmp_path: Path
) -> None:
    values = {**adding.shipped()[name], "revision": COMMIT}
    card = catalog.parse(values, tmp_path)
    assert card.pipeline in CLASSES
    assert card.frames in card.frame_choices
    assert card.begins_with_frame <= bool(profiles.profile(card.pipeline).image)


@pytest.fixture
def hub_folder(tiny: ModuleType, tmp_path: Path) -> Path:
    """A folder as the hub would give it: Mochi's class, random weights, no card yet."""
    folder: Path = tiny.save("MochiPipeline", tmp_path / "mochi-1")
    (folder / "card.json").unlink()
    return folder


def choice(**changes: Any) -> adding.Choice:
    values: dict[str, Any] = {"name": "mochi-1", "revision": COMMIT, "loading": {}}
    return adding.Choice(**{**values, **changes})


@pytest.mark.slow
def test_a_model_that_was_added_is_offered_and_refused_once_its_files_change(
    hub_folder: Path,
) -> None:
    read: list[int] = []
    card = adding.add(choice(queue="big-gpu", loading={"offload": "none"}), hub_folder, read.append)
    assert card == card_of(hub_folder)
    assert (card.queue, card.loading.offload, card.revision) == ("big-gpu", "none", COMMIT)
    assert sum(read) == sum(card.files.values())
    assert DiffusionEngine(card, 1).facts.weights_sha256 == card.weights_sha256
    weights = hub_folder / "transformer" / "diffusion_pytorch_model.safetensors"
    data = bytearray(weights.read_bytes())
    data[-1] ^= 1
    weights.write_bytes(data)
    with pytest.raises(ModelUnavailable, match="have changed since its card was made"):
        DiffusionEngine(card, 1)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": "sora"}, "No card ships"),
        ({"revision": "main"}, "A branch or a tag can be moved"),
        ({"name": "ltx-video"}, "holds a MochiPipeline"),
        ({"loading": {"offload": "moon"}}, "offload is one of"),
    ],
)
def test_a_choice_that_cannot_be_is_refused_with_words(
    changes: dict[str, Any], words: str, hub_folder: Path
) -> None:
    with pytest.raises(ModelUnavailable, match=words):
        adding.add(choice(**changes), hub_folder, lambda _: None)
    assert not (hub_folder / "card.json").exists()


@pytest.mark.slow
def test_pickled_weights_are_not_taken_in(hub_folder: Path) -> None:
    (hub_folder / "vae" / "extra.bin").write_bytes(b"\x80\x04.")
    with pytest.raises(ModelUnavailable, match="could run code"):
        adding.add(choice(), hub_folder, lambda _: None)


class Stand:
    """An engine of so many bytes that remembers whether it was closed."""

    size = 100
    closed = False

    def __init__(self, card: catalog.ModelCard, threads: int) -> None:
        self.card = card

    def close(self) -> None:
        self.closed = True


def test_the_pool_keeps_the_last_used_engines_that_fit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.GENERATION_ENGINE = f"{__name__}.Stand"
    cards = {}
    for name in "abc":
        (tmp_path / name / "vae").mkdir(parents=True)
        (tmp_path / name / "model_index.json").write_text("{}")
        (tmp_path / name / "vae" / "w.safetensors").write_bytes(b"x" * 98)
        values = {**adding.shipped()["mochi-1"], "revision": COMMIT, "id": name}
        (tmp_path / name / "card.json").write_text(json.dumps(values))
        cards[name] = card_of(tmp_path / name)
    kept: Any = pool.Pool(budget=200)
    a, b = kept.get(cards["a"]), kept.get(cards["b"])
    assert kept.get(cards["a"]) is a
    kept.get(cards["c"])
    assert (a.closed, b.closed) == (False, True)
    assert kept.get(cards["a"]) is a
    single: Any = pool.Pool(budget=0)
    first = single.get(cards["a"])
    single.get(cards["b"])
    assert first.closed
