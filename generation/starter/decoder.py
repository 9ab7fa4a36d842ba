"""Stage "decoder": the stock LTX video decoder learns to draw the latent, in three parts.

First block by block, with its point-wise twin, what a shape looks like; then, in its coarsest
layers and without any pixels, to make blocks agree that a denoiser left slightly at odds; last as a
whole, so that nothing of the seams is left.
"""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import torch
from diffusers import AutoencoderKLLTXVideo
from torch import nn

from generation.starter import drawing, latent, muon, network, runs, world
from generation.starter.points import GROUP, PATCH, PointDecoder

POINT_STEPS, POINT_BATCH, POINT_RATE = 4800, 96, 4e-3
CONSENSUS_STEPS, CONSENSUS_BATCH = 2000, 32
CONSENSUS_RATE, CONSENSUS_NOISE = 1e-3, 0.12
WHOLE_STEPS, WHOLE_BATCH, WHOLE_RATE, WHOLE_NOISE = 2400, 16, 1.5e-4, 0.05
COMPANION_SHARE = 0.5
FAINT, STRONG = (0.0, 0.45), (0.75, 1.1)
"""Heights a denoiser leaves waves at that should not be there (0) and that should (1)."""


@dataclass(frozen=True)
class Blocks:
    """Random squares of two by two blocks: codes (N, 2, 2, C), the scenes they come from, in which
    block of time and at which row and column of blocks, (N,) each.
    """

    codes: latent.Floats
    scenes: world.Scenes
    depth: world.Ints
    row: world.Ints
    column: world.Ints


def blocks(rng: np.random.Generator, count: int) -> Blocks:
    """Random squares, most of them at the shape or at its companion."""
    scenes = world.sample(rng, count, held_out=None)
    depth = rng.integers(0, latent.DEPTH, count)
    middle = latent.SPAN * depth + latent.SPAN // 2
    each = np.arange(count)
    there = (scenes.other_colour != world.NONE) & (rng.random(count) < COMPANION_SHARE)
    focus_x = np.where(there, scenes.other_x, scenes.x[each, middle])
    focus_y = np.where(there, scenes.other_y, scenes.y[each, middle])
    column, row = (
        np.floor(focus / latent.BLOCK - 0.5 + rng.uniform(-0.8, 0.8, count))
        .astype(int)
        .clip(0, latent.SIDE - GROUP)
        for focus in (focus_x, focus_y)
    )
    two = np.arange(GROUP)
    rows, columns = (row[:, None] + two)[:, :, None], (column[:, None] + two)[:, None, :]
    codes = latent.encode(scenes)[each[:, None, None], depth[:, None, None], rows, columns]
    return Blocks(codes, scenes, depth, row, column)


def counted(data: Blocks) -> latent.Floats:
    """1 for the cells that count, (N, 1, 64, 64, 1).

    Beside a square of blocks there are others, which a lone one lacks, so its outer cells do not
    count; beside the picture there is nothing, as in the real decoder, so there they do.
    """
    counts = _counts(data.row)[:, :, None] * _counts(data.column)[:, None, :]
    return np.asarray(counts[:, None, :, :, None])


def _counts(place: world.Ints) -> latent.Floats:
    """Along one axis: 0 for an outer cell beside which another block lies, else 1; (N, 64)."""
    counts = np.ones((len(place), GROUP * latent.BLOCK), dtype=np.float32)
    counts[place > 0, :PATCH] = 0
    counts[place < latent.SIDE - GROUP, -PATCH:] = 0
    return counts


def truth_of(data: Blocks) -> torch.Tensor:
    """What the squares show, drawn where training computes: (N, 8, 64, 64, 3) in -1..1."""
    each = np.arange(len(data.row))[:, None]
    moments = data.depth[:, None] * latent.SPAN + np.arange(latent.SPAN)
    paths = [getattr(data.scenes, name) for name in world.PATHS]
    inside = np.arange(GROUP * latent.BLOCK, dtype=np.float32) + 0.5
    rows = (data.row[:, None] * latent.BLOCK + inside).astype(np.float32)
    columns = (data.column[:, None] * latent.BLOCK + inside).astype(np.float32)
    return drawing.draw(data.scenes, [path[each, moments] for path in paths], rows, columns)


def _noise(
    codes: torch.Tensor, scale: torch.Tensor, strength: float | torch.Tensor
) -> torch.Tensor:
    """Latent noise as a denoiser leaves it, `strength` in units of each channel's scale.

    The shape's code gets more, because it must be read as one of seven.
    """
    extra = torch.zeros_like(scale)
    extra[latent.SHAPE] = 0.1
    return codes + torch.randn_like(codes) * scale * (strength + extra)


def _error(gap: torch.Tensor, plainness: float) -> torch.Tensor:
    """Squared error for the edges, and absolute error, weighed by `plainness`, for calm areas."""
    return gap.square().mean() + plainness * gap.abs().mean()


def decibels(picture: torch.Tensor, truth: torch.Tensor) -> float:
    """Peak signal-to-noise ratio of pictures in -1..1."""
    return 10 * math.log10(4 / max(float((picture.clamp(-1, 1) - truth).square().mean()), 1e-12))


def _optimizers(point: PointDecoder) -> list[torch.optim.Optimizer]:
    """Muon for the matrices, AdamW for the biases and the last kernel."""
    matrices = [p for p in point.parameters() if p.ndim == 2]
    rest = [p for p in point.parameters() if p.ndim != 2]
    return [
        muon.Muon(matrices, POINT_RATE),
        torch.optim.AdamW(rest, lr=POINT_RATE, weight_decay=0.0, betas=(0.9, 0.98)),
    ]


def train_points(run: runs.Run) -> PointDecoder:
    """The first part: random blocks, point by point."""
    torch.manual_seed(run.seed)
    point = PointDecoder(network.make_vae().decoder).to(runs.device())
    average = runs.Average(point, 0.998)
    first, second = both = _optimizers(point)
    run.keep(point=point, average=average, muon=first, adam=second)
    (scale,) = runs.to_device(latent.statistics()[1])
    for share, data in run.feed(partial(blocks, count=POINT_BATCH)):
        runs.set_rates(both, runs.warm_then_fade(share, run.done, fade=0.6))
        codes, counts = runs.to_device(data.codes, counted(data))
        truth = truth_of(data)
        with run.computing():
            picture = point(_noise(codes, scale, 0.004))
        gap = (picture.float() - truth) * counts
        loss = _error(gap, 0.1)
        point.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(point.parameters(), 1.0)
        with run.computing():
            for optimizer in both:
                optimizer.step()
        average.update(point)
        if run.done % 50 == 49:
            square = (
                float(gap.detach().square().sum() / counts.sum()) * counts.numel() / gap.numel()
            )
            run.note(loss=float(loss.detach()), decibels=10 * math.log10(4 / square))
    average.copy_to(point)
    return point.cpu()


def codes_of_clips(rng: np.random.Generator, count: int) -> latent.Floats:
    """Latents of random scenes."""
    return latent.encode(world.sample(rng, count, None))


def train_consensus(run: runs.Run, vae: AutoencoderKLLTXVideo) -> AutoencoderKLLTXVideo:
    """The second part: the coarsest layers learn to make noisy blocks agree; no pixels are drawn.

    Their target is what the first part's layers make of clean latents.
    """
    torch.manual_seed(run.seed)
    layers = nn.ModuleList([vae.decoder.conv_in, vae.decoder.mid_block]).to(runs.device())
    wanted = copy.deepcopy(layers).requires_grad_(requires_grad=False)
    average = runs.Average(layers, 0.995)
    optimizer = torch.optim.AdamW(layers.parameters(), lr=CONSENSUS_RATE, weight_decay=0.0)
    run.keep(layers=layers, average=average, optimizer=optimizer)
    weight = torch.ones(network.DECODER_WIDTH, 1, 1, 1)
    weight[: latent.COSINE.start] = 4.0
    weight[latent.OTHER_ACROSS], weight[latent.OTHER_DOWN] = 4.0, 4.0
    scale, weight = runs.to_device(latent.statistics()[1], weight)
    for share, data in run.feed(partial(codes_of_clips, count=CONSENSUS_BATCH)):
        runs.set_rates([optimizer], runs.warm_then_fade(share, run.done, fade=0.7))
        (codes,) = runs.to_device(data)
        strength = CONSENSUS_NOISE * torch.rand(CONSENSUS_BATCH, 1, 1, 1, 1, device=codes.device)
        noisy = _noise(codes, scale, strength).permute(0, 4, 1, 2, 3)
        with torch.no_grad():
            truth = wanted[1](wanted[0](codes.permute(0, 4, 1, 2, 3)))
        gap = layers[1](layers[0](noisy)) - truth
        loss = (gap.square() * weight).mean()
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(layers.parameters(), 0.5)
        optimizer.step()
        average.update(layers)
        if run.done % 20 == 19:
            pixels = latent.LENGTH * gap[:, 0].detach().square().mean().sqrt()
            run.note(loss=float(loss.detach()), pixels=float(pixels))
    average.copy_to(layers)
    return vae.cpu()


def train_whole(run: runs.Run, vae: AutoencoderKLLTXVideo) -> AutoencoderKLLTXVideo:
    """The last part: nine frames at a time through all layers, from slightly noisy latents."""
    torch.manual_seed(run.seed)
    decoder = vae.decoder.to(runs.device())
    average = runs.Average(decoder, 0.995)
    optimizer = torch.optim.AdamW(
        decoder.parameters(), lr=WHOLE_RATE, weight_decay=0.0, betas=(0.9, 0.98)
    )
    run.keep(decoder=decoder, average=average, optimizer=optimizer)
    (scale,) = runs.to_device(latent.statistics()[1])
    for share, data in run.feed(half_clips):
        runs.set_rates([optimizer], runs.warm_then_fade(share, run.done, warm=100, fade=0.6))
        (codes,) = runs.to_device(data[0])
        truth = truth_of_half(*data[1:]).permute(0, 4, 1, 2, 3)
        strength = WHOLE_NOISE * torch.rand(WHOLE_BATCH, 1, 1, 1, 1, device=codes.device)
        noisy = _noise(codes, scale, strength).permute(0, 4, 1, 2, 3)
        with run.computing():
            picture = decoder(noisy)
        picture = picture.float()
        loss = _error(picture - truth, 0.4)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(decoder.parameters(), 0.5)
        optimizer.step()
        average.update(decoder)
        if run.done % 20 == 19:
            run.note(loss=float(loss.detach()), decibels=decibels(picture.detach(), truth))
    average.copy_to(decoder)
    return vae.cpu()


def half_clips(rng: np.random.Generator) -> tuple[latent.Floats, world.Scenes, int]:
    """Two latent frames of random scenes (N, 2, 4, 4, C), the scenes, and which two.

    In the latents the waves of the textures are as a denoiser leaves them.
    """
    scenes = world.sample(rng, WHOLE_BATCH, held_out=None)
    first = int(rng.integers(latent.DEPTH - 1))
    left = replace(scenes, wave_x=as_left(rng, scenes.wave_x), wave_y=as_left(rng, scenes.wave_y))
    return latent.encode(left)[:, first : first + 2], scenes, first


def as_left(rng: np.random.Generator, heights: latent.Floats) -> latent.Floats:
    """Heights of a wave (N,) as a denoiser leaves them, none of them quite 0 or 1.

    The decoder learns to draw stripes straight although a little of the other wave is left.
    """
    count = len(heights)
    strong, faint = rng.uniform(*STRONG, count), rng.uniform(*FAINT, count)
    return np.where(heights > 0, strong, faint).astype(np.float32)


def truth_of_half(scenes: world.Scenes, first: int) -> torch.Tensor:
    """The nine frames that two latent frames decode to: (N, 9, 128, 128, 3) in -1..1."""
    begin = world.LEAD + first * latent.SPAN
    moments = slice(begin, begin + latent.SPAN + 1)
    paths = [getattr(scenes, name) for name in world.PATHS]
    axis = np.repeat(np.arange(world.SIZE, dtype=np.float32)[None] + 0.5, len(scenes), axis=0)
    return drawing.draw(scenes, [path[:, moments] for path in paths], axis, axis)


@torch.no_grad()
def measure(vae: AutoencoderKLLTXVideo, seed: int = 99, count: int = 12) -> float:
    """Mean decibels of whole clips decoded from clean latents."""
    scenes = world.sample(np.random.default_rng(seed), count, held_out=True)
    codes = torch.from_numpy(latent.encode(scenes)).permute(0, 4, 1, 2, 3)
    total = 0.0
    for index in range(count):
        picture = vae.decode(codes[index : index + 1]).sample[0].permute(1, 2, 3, 0)
        total += decibels(picture, torch.from_numpy(world.render(scenes, index)) / 127.5 - 1)
    return total / count
