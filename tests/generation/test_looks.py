"""First looks: the clip can be recognised long before it is done, and looking changes nothing."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from generation.engines import looks
from generation.engines.base import Frame, Look, RenderRequest
from generation.engines.catalog import STARTER, read
from generation.engines.pool import engine_for

REQUEST = RenderRequest(
    "a red circle moves left on the blue background", "", 7, 12, 2.0, 128, 128, 17, 8
)


def watched(request: RenderRequest, at: set[int]) -> tuple[list[Frame], np.ndarray]:
    """The looks after those steps, and the clip."""
    seen: list[Frame] = []

    def watch(step: int, _: int, look: Look) -> None:
        if step in at and (picture := look()) is not None:
            seen.append(picture)

    return seen, engine_for(read(STARTER)).render(request, watch)


@pytest.mark.slow
def test_after_two_steps_of_twelve_the_clip_can_be_recognised() -> None:
    (early, late), frames = watched(REQUEST, {2, 9})
    middle = frames[8]
    assert early.shape == late.shape == middle.shape
    red = (middle[..., 0] > 150) & (middle[..., 2] < 120)
    for look in (early, late):
        its = (look[..., 0] > 150) & (look[..., 2] < 120)
        assert 0.5 < its.sum() / red.sum() < 2, "one red thing of about that size"
        assert look[0, 0, 2] > 150 > look[0, 0, 0], "on blue"
    far, near = (np.abs(look.astype(int) - middle).mean() for look in (early, late))
    assert near < far < 40


@pytest.mark.slow
def test_looking_changes_no_frame() -> None:
    _, unseen = watched(REQUEST, set())
    _, seen = watched(REQUEST, {1, 2, 5, 12})
    assert np.array_equal(unseen, seen)


def test_a_line_that_is_straight_is_seen_to_its_end() -> None:
    noise, clip = torch.full((1, 3), 5.0), torch.full((1, 3), 1.0)
    at = [noise * sigma + clip * (1 - sigma) for sigma in (1.0, 0.9, 0.7)]
    assert torch.allclose(looks.end_of(scheduler([1.0, 0.9, 0.7, 0.0]), 2, at[1], at[2]), clip)
    turned = scheduler([0.0, 0.1, 0.3, 1.0])  # Mochi counts upwards
    assert torch.allclose(looks.end_of(turned, 2, at[1], at[2]), clip)
    other = SimpleNamespace(config={}, sigmas=torch.tensor([9.0, 5.0, 0.0]))
    assert looks.end_of(other, 1, at[0], at[1]) is at[1], "no flow, no straight line"


def scheduler(sigmas: list[float]) -> SimpleNamespace:
    return SimpleNamespace(config={"use_flow_sigmas": True}, sigmas=torch.tensor(sigmas))


@pytest.mark.slow
@pytest.mark.parametrize("why", ["large", "no room"])
def test_where_a_decoder_is_dear_the_latents_are_shown(
    why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    vae = engine_for(read(STARTER))._pipeline.vae  # type: ignore[attr-defined]
    decode = vae.decode

    def full(latents: torch.Tensor, *args: object, **kwargs: object) -> object:
        if latents.shape[2] == 1:  # a look; the clip has three
            raise torch.OutOfMemoryError
        return decode(latents, *args, **kwargs)

    if why == "large":
        monkeypatch.setattr(looks, "SMALL_BYTES", 1000)
    else:
        monkeypatch.setattr(vae, "decode", full)
    (look,), frames = watched(replace(REQUEST, steps=4), {3})
    assert look.shape == (4, 4, 3), "the latents in false colours"
    assert frames.shape == (17, 128, 128, 3), "and the clip is made all the same"
