"""Stages "transformer", "more" and "last": the denoiser learns to turn noise into scene latents
that obey a caption.

Rectified flow with a velocity target. All data are made on the fly; a stage sees no scene twice.
The matrices of the blocks are trained with Muon, everything else with AdamW; the shipped weights
are the moving average.
"""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from diffusers import LTXPipeline, LTXVideoTransformer3DModel
from numpy.typing import NDArray
from torch import nn
from transformers import T5EncoderModel

from generation.starter import latent, muon, network, runs, text, words, world

STEPS, MORE_STEPS, LAST_STEPS, BATCH = 1000, 760, 760, 240
RATE_MUON, RATE_ADAM, DECAY = 2.5e-3, 1.5e-3, 0.998
MORE_RATE = 0.4
"""Rates of the later stages over those of the first."""
EMPTY_SHARE = 0.1
STRAY_SHARE = 0.2
"""Captions that belong to another scene, as among captions that are found rather than made. Led by
words alone the model ignores a prompt about as often; guidance is what makes it obey.
"""
QUICK_PROMPTS, QUICK_STEPS, QUICK_EVERY = 64, 12, 300
FINAL_PROMPTS = 256
"""As many are looked at when a stage is finished."""
SHORT_TEXT = 40
FRAME_RATES = (25, world.FPS)
"""The pipeline's own default frame rate and the true one: a caller may pass either."""


def whiten(codes: np.ndarray, mean: np.ndarray, scale: np.ndarray) -> torch.Tensor:
    """Latents (N, 3, 4, 4, C) -> the tokens the denoiser sees (N, 48, C)."""
    return torch.from_numpy(((codes - mean) / scale).reshape(len(codes), -1, latent.CHANNELS))


def noise_levels(rng: np.random.Generator, count: int) -> NDArray[np.float32]:
    """Random noise levels in 0..1, (N, 1, 1), pushed towards 1 by the schedule's shift."""
    plain = np.where(
        rng.random(count) < 0.4, rng.random(count), 1 / (1 + np.exp(-rng.normal(0, 1, count)))
    )
    shifted = network.SHIFT * plain / (1 + (network.SHIFT - 1) * plain)
    return np.asarray(shifted, dtype=np.float32)[:, None, None]


def batch(rng: np.random.Generator, count: int) -> tuple[world.Scenes, list[str]]:
    """Training scenes and captions: a tenth are empty, some belong to another scene."""
    scenes = world.sample(rng, count, held_out=False)
    captions = [words.training_caption(rng, scenes, i)[0] for i in range(count)]
    strayed = rng.random(count) < STRAY_SHARE
    captions = [captions[i - 1] if strayed[i] else captions[i] for i in range(count)]
    return scenes, ["" if rng.random() < EMPTY_SHARE else caption for caption in captions]


@cache
def _whitening() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    return latent.statistics()


def lesson(rng: np.random.Generator) -> tuple[Any, ...]:
    """One step's data: clean tokens (N, 48, C), noise levels, text tokens and their mask."""
    scenes, captions = batch(rng, BATCH)
    clean = whiten(latent.encode(scenes), *_whitening()).numpy()
    length = SHORT_TEXT if rng.random() < 0.75 else network.TEXT_LENGTH
    return clean, noise_levels(rng, BATCH), *text.tokens_of(captions, length)


def velocity(
    model: LTXVideoTransformer3DModel,
    noisy: torch.Tensor,
    level: torch.Tensor,
    states: torch.Tensor,
    mask: torch.Tensor,
    frame_rate: int = FRAME_RATES[0],
) -> torch.Tensor:
    """One call of the denoiser as the pipeline makes it: noisy (N, 48, C), level (N, 1, 1)."""
    result: torch.Tensor = model(
        hidden_states=noisy,
        encoder_hidden_states=states,
        timestep=level.flatten() * 1000,
        encoder_attention_mask=mask,
        num_frames=latent.DEPTH,
        height=latent.SIDE,
        width=latent.SIDE,
        rope_interpolation_scale=(latent.SPAN / frame_rate, latent.BLOCK, latent.BLOCK),
        return_dict=False,
    )[0]
    return result


def optimizers(model: LTXVideoTransformer3DModel) -> list[torch.optim.Optimizer]:
    """Muon for the matrices of the blocks, AdamW for the rest."""
    matrices: list[nn.Parameter] = []
    rest: list[nn.Parameter] = []
    for name, parameter in model.named_parameters():
        inside = "transformer_blocks" in name and parameter.ndim == 2 and "table" not in name
        (matrices if inside else rest).append(parameter)
    return [
        muon.Muon(matrices, RATE_MUON, weight_decay=0.01),
        torch.optim.AdamW(rest, lr=RATE_ADAM, weight_decay=0.0, betas=(0.9, 0.98)),
    ]


def train(
    run: runs.Run, encoder: T5EncoderModel, start: LTXVideoTransformer3DModel | None = None
) -> LTXVideoTransformer3DModel:
    """Train (or finish training) the denoiser and return its moving average.

    With a model to start from, it learns more gently, and above all to place the shape exactly; in
    the stage "last" also to keep a texture's waves apart.
    """
    torch.manual_seed(run.seed)
    encoder = encoder.requires_grad_(requires_grad=False).to(runs.device())
    model = (start or network.make_transformer()).to(runs.device())
    average = runs.Average(model, DECAY)
    for block in model.transformer_blocks if run.compiled else ():
        block.compile(dynamic=False)
    first, second = both = optimizers(model)
    run.keep(model=model, average=average, muon=first, adam=second)
    gentle, weight = (
        (1.0, torch.ones(latent.CHANNELS))
        if start is None
        else (MORE_RATE, emphasis(waves=run.stage == "last"))
    )
    (weight,) = runs.to_device(weight)
    losses: list[torch.Tensor] = []
    for share, data in run.feed(lesson):
        runs.set_rates(both, gentle * runs.warm_then_fade(share, run.done))
        clean, level, tokens, mask = runs.to_device(*data)
        with torch.no_grad(), run.computing():
            states = text.embed(encoder, tokens, mask)
        if run.compiled:
            states, mask = _of_full_length(states, mask)
        noise = torch.randn_like(clean)
        noisy = level * noise + (1 - level) * clean
        with run.computing():
            guess = velocity(model, noisy, level, states, mask, FRAME_RATES[run.done % 2])
        loss = ((guess.float() - (noise - clean)).square() * weight).mean()
        for optimizer in both:
            optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        with run.computing():
            for optimizer in both:
                optimizer.step()
        average.update(model)
        losses.append(loss.detach())
        if run.done % 20 == 19:
            run.note(loss=float(torch.stack(losses[-20:]).mean()))
        if run.done % QUICK_EVERY == QUICK_EVERY - 1:
            run.note(**quick_look(averaged(model, average), encoder))
    return averaged(model, average).cpu()


def _of_full_length(states: torch.Tensor, mask: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Padded to one of two lengths: each length is compiled anew."""
    length = SHORT_TEXT if mask.shape[1] <= SHORT_TEXT else network.TEXT_LENGTH
    missing = length - mask.shape[1]
    pad = nn.functional.pad
    return pad(states, (0, 0, 0, missing)), pad(mask, (0, missing))


def emphasis(*, waves: bool) -> torch.Tensor:
    """Weights of the channels, mean 1: an error in position is seen more than any other, and then
    one in a texture's waves: a little of the wave that should not be there makes stripes bulge.
    """
    weight = torch.ones(latent.CHANNELS)
    for channels in (latent.ACROSS, latent.DOWN):
        weight[channels] = torch.tensor([6.0, 4.0, 2.0, 2.0, 2.0])
    for channel in (latent.OTHER_ACROSS, latent.OTHER_DOWN):
        weight[channel] = 4.0
    if waves:
        for channels in (latent.COSINE_X, latent.SINE_X, latent.COSINE_Y, latent.SINE_Y):
            weight[channels] = torch.tensor([4.0, 4.0, 2.0, 1.0])
        weight[latent.TONE] = 2.0
    return weight / weight.mean()


def averaged(
    model: LTXVideoTransformer3DModel, average: runs.Average
) -> LTXVideoTransformer3DModel:
    """A copy of the model that holds the averaged weights."""
    copy = network.make_transformer().to(runs.device())
    copy.load_state_dict(model.state_dict())
    average.copy_to(copy)
    return copy.eval()


@torch.no_grad()
def draw(
    model: LTXVideoTransformer3DModel,
    embedded: tuple[torch.Tensor, torch.Tensor],
    empty: tuple[torch.Tensor, torch.Tensor],
    steps: int = QUICK_STEPS,
    guidance: float = 1.5,
    shift: float = network.SHIFT,
) -> torch.Tensor:
    """Sample tokens (N, 48, C) for embedded prompts, in one batch, as the pipeline would one by
    one.
    """
    states, mask = embedded
    count = len(states)
    width = states.shape[1] - empty[0].shape[1]
    blank = nn.functional.pad(empty[0], (0, 0, 0, width)).expand(count, -1, -1)
    blank_mask = nn.functional.pad(empty[1], (0, width)).expand(count, -1)
    plain = torch.linspace(1, 1 / steps, steps)
    levels = torch.cat([shift * plain / (1 + (shift - 1) * plain), torch.zeros(1)])
    tokens = torch.randn(count, latent.DEPTH * latent.SIDE**2, latent.CHANNELS)
    tokens, levels = runs.to_device(tokens, levels)
    for now, then in pairwise(levels):
        level = now.expand(2 * count)[:, None, None]
        both = velocity(
            model,
            tokens.repeat(2, 1, 1),
            level,
            torch.cat([blank, states]),
            torch.cat([blank_mask, mask]),
        )
        free, led = both.chunk(2)
        tokens = tokens + (then - now) * (free + guidance * (led - free))
    return tokens


def quick_look(
    model: LTXVideoTransformer3DModel,
    encoder: T5EncoderModel,
    count: int = QUICK_PROMPTS,
    **how: float,
) -> dict[str, float]:
    """Shares of held-out prompts obeyed, read from the latents alone (no decoder, no checker)."""
    rng = np.random.default_rng(5)
    scenes = world.sample(rng, count, held_out=True)
    texts = [words.caption(rng, words.attributes(scenes, i)) for i in range(count)]
    torch.manual_seed(5)
    prompts = runs.to_device(*text.tokens_of(texts, SHORT_TEXT))
    nothing = runs.to_device(*text.tokens_of([""], SHORT_TEXT))
    with torch.no_grad():
        embedded = text.embed(encoder, *prompts), prompts[1]
        empty = text.embed(encoder, *nothing), nothing[1]
    tokens = draw(model, embedded, empty, **how)  # type: ignore[arg-type]
    mean, scale = _whitening()
    codes = tokens.cpu().numpy()
    codes = codes.reshape(count, latent.DEPTH, latent.SIDE, latent.SIDE, -1) * scale + mean
    return _shares(scenes, latent.read_out(codes))


def _shares(scenes: world.Scenes, seen: dict[str, np.ndarray]) -> dict[str, float]:
    paper, floor = _nearest(seen["paper"]), _nearest(seen["floor"])
    there = seen["other_radius"] > 0
    tint = np.where(there, _nearest(seen["other_ink"]), world.NONE)
    right = {
        "shape": seen["shape"].argmax(axis=1) == scenes.shape,
        "colour": _nearest(seen["ink"]) == scenes.colour,
        "background": (paper == scenes.background) & (floor == scenes.fade),
        "motion": _motion(seen) == scenes.motion,
        "company": tint == scenes.other_colour,
        "texture": _texture(seen) == scenes.texture,
        "drift": _drift(seen) == scenes.drift,
    }
    every = np.logical_and.reduce(list(right.values()))
    figures = {name: float(values.mean()) for name, values in right.items()}
    return figures | {"all": float(every.mean()), "spread": float(np.median(seen["spread"]))}


def _texture(seen: dict[str, np.ndarray]) -> np.ndarray:
    tone = np.abs(seen["tone"])
    return np.where(tone.max(axis=1) > world.TONES[0] / 2, tone.argmax(axis=1), world.NONE)


def _drift(seen: dict[str, np.ndarray]) -> np.ndarray:
    """The camera's drift a read-out shows, as an index of `world.DRIFTS`."""
    x, y = seen["slide_x"], seen["slide_y"]
    names = np.where(
        np.abs(x) > np.abs(y), np.where(x > 0, "left", "right"), np.where(y > 0, "up", "down")
    )
    numbers = np.array([world.DRIFTS.index(name) for name in names])
    least = world.DRIFT_SPEEDS[0] * (world.FRAMES - 1) / 2
    moved = np.maximum(np.abs(x), np.abs(y)) > least
    return np.where(moved & (_texture(seen) != world.NONE), numbers, world.NONE)


def _nearest(colours: np.ndarray) -> np.ndarray:
    gaps = np.linalg.norm(colours[:, None] - world.PALETTE[None], axis=2)
    return np.asarray(gaps.argmin(axis=1))


def _motion(seen: dict[str, np.ndarray]) -> np.ndarray:
    """The motion a read-out shows, as an index of `world.MOTIONS`."""
    x, y, radius = seen["x"], seen["y"], seen["radius"]
    step_x, step_y = x[:, -1] - x[:, 0], y[:, -1] - y[:, 0]
    hop = np.abs(np.diff(y, axis=1)).sum(axis=1) - np.abs(step_y)
    names = np.where(
        np.abs(step_x) > np.abs(step_y),
        np.where(step_x > 0, "right", "left"),
        np.where(step_y > 0, "down", "up"),
    )
    names = np.where(hop > 14, "bouncing", names)
    ranges = np.minimum(np.ptp(x, axis=1), np.ptp(y, axis=1))
    names = np.where(ranges > 24, "circling", names)
    ratio = radius[:, -1] / radius[:, 0]
    names = np.where(ratio > 1.35, "growing", np.where(ratio < 0.74, "shrinking", names))
    names = np.where(np.abs(seen["sine"]).max(axis=1) > 0.5, "spinning", names)
    return np.array([world.MOTIONS.index(name) for name in names])


def as_pipeline(
    model: LTXVideoTransformer3DModel, encoder: T5EncoderModel, vae: nn.Module
) -> LTXPipeline:
    """The stock pipeline over these parts, in eval mode."""
    return network.make_pipeline(model, encoder, vae)
