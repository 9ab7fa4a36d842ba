"""Stage "decoder": the stock LTX video decoder learns to draw the latent, in three parts.

First block by block, with its point-wise twin, what a shape looks like; then, in its coarsest
layers and without any pixels, to make blocks agree that a denoiser left slightly at odds; last as a
whole, so that nothing of the seams is left.
"""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass

import numpy as np
import torch
from diffusers import AutoencoderKLLTXVideo
from numpy.typing import NDArray
from torch import nn

from generation.starter import latent, network, runs, world
from generation.starter.points import GROUP, PATCH, PointDecoder

POINT_STEPS, POINT_BATCH, POINT_RATE = 2000, 12, 4e-3
CONSENSUS_STEPS, CONSENSUS_BATCH = 3600, 32
CONSENSUS_RATE, CONSENSUS_NOISE = 1e-3, 0.12
WHOLE_STEPS, WHOLE_RATE, WHOLE_NOISE = 320, 6e-5, 0.06


@dataclass(frozen=True)
class Blocks:
    """Codes (N, 2, 2, C), pixels (N, 8, 64, 64, 3) in -1..1, which of them count (N, 1, 64, 64, 1).

    Beside a square of blocks there are others, which a lone one lacks, so its outer cells do not
    count; beside the picture there is nothing, as in the real decoder, so there they do.
    """

    codes: torch.Tensor
    truth: torch.Tensor
    counts: torch.Tensor


def blocks(rng: np.random.Generator, count: int) -> Blocks:
    """Random squares of two by two blocks, most of them at the shape."""
    scenes = world.sample(rng, count, held_out=None)
    codes = latent.encode(scenes)
    depth = rng.integers(0, latent.DEPTH, count)
    middle = latent.SPAN * depth + latent.SPAN // 2
    each = np.arange(count)
    column, row = (
        np.floor(path[each, middle] / latent.BLOCK - 0.5 + rng.uniform(-0.8, 0.8, count))
        .astype(int)
        .clip(0, latent.SIDE - GROUP)
        for path in (scenes.x, scenes.y)
    )
    two = np.arange(GROUP)
    rows, columns = (row[:, None] + two)[:, :, None], (column[:, None] + two)[:, None, :]
    counts = _counts(row)[:, :, None] * _counts(column)[:, None, :]
    return Blocks(
        codes=torch.from_numpy(codes[each[:, None, None], depth[:, None, None], rows, columns]),
        truth=torch.from_numpy(_truth(scenes, depth, row, column)),
        counts=torch.from_numpy(counts)[:, None, :, :, None],
    )


def _counts(place: NDArray[np.int64]) -> NDArray[np.float32]:
    """Along one axis: 0 for an outer cell beside which another block lies, else 1; (N, 64)."""
    counts = np.ones((len(place), GROUP * latent.BLOCK), dtype=np.float32)
    counts[place > 0, :PATCH] = 0
    counts[place < latent.SIDE - GROUP, -PATCH:] = 0
    return counts


def _truth(
    scenes: world.Scenes,
    depth: NDArray[np.int64],
    row: NDArray[np.int64],
    column: NDArray[np.int64],
) -> NDArray[np.float32]:
    each = np.arange(len(scenes))[:, None]
    moments = depth[:, None] * latent.SPAN + np.arange(latent.SPAN)
    inside = np.arange(GROUP * latent.BLOCK, dtype=np.float32) + 0.5

    def wide(values: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray(values[each, moments][:, :, None, None])

    pixel_y = (row[:, None] * latent.BLOCK + inside)[:, None, :, None].astype(np.float32)
    pixel_x = (column[:, None] * latent.BLOCK + inside)[:, None, None, :].astype(np.float32)
    away_x, away_y = pixel_x - wide(scenes.x), pixel_y - wide(scenes.y)
    cosine, sine = np.cos(wide(scenes.angle)), np.sin(wide(scenes.angle))
    across, down = cosine * away_x + sine * away_y, cosine * away_y - sine * away_x
    shape = scenes.shape[:, None, None, None]
    covered = world.coverage(shape, across, down, wide(scenes.radius))
    ink, paper = scenes.ink[:, None, None, None], scenes.paper[:, None, None, None]
    return 2 * world.paint(covered, down, np.broadcast_to(pixel_y, covered.shape), ink, paper) - 1


def _noise(
    codes: torch.Tensor, scale: torch.Tensor, strength: float | torch.Tensor
) -> torch.Tensor:
    """Latent noise as a denoiser leaves it, `strength` in units of each channel's scale.

    The shape's code gets more, because it must be read as one of seven.
    """
    extra = torch.zeros(latent.CHANNELS)
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
        torch.optim.Muon(matrices, lr=POINT_RATE, weight_decay=0.0, adjust_lr_fn="match_rms_adamw"),
        torch.optim.AdamW(rest, lr=POINT_RATE, weight_decay=0.0, betas=(0.9, 0.98)),
    ]


def _counted(picture: torch.Tensor, data: Blocks) -> tuple[torch.Tensor, torch.Tensor]:
    which = data.counts.expand(*picture.shape).bool()
    return picture[which], data.truth[which]


def train_points(run: runs.Run) -> PointDecoder:
    """The first part: random blocks, point by point."""
    torch.manual_seed(run.seed)
    point = PointDecoder(network.make_vae().decoder)
    average = runs.Average(point, 0.998)
    muon, adam = both = _optimizers(point)
    run.keep(point=point, average=average, muon=muon, adam=adam)
    scale = torch.from_numpy(latent.statistics()[1])
    for share in run:
        runs.set_rates(both, runs.warm_then_fade(share, run.done, fade=0.6))
        data = blocks(run.rng(), POINT_BATCH)
        picture = point(_noise(data.codes, scale, 0.004))
        loss = _error((picture - data.truth) * data.counts, 0.1)
        point.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(point.parameters(), 1.0)
        for optimizer in both:
            optimizer.step()
        average.update(point)
        if run.done % 50 == 49:
            run.note(
                loss=float(loss.detach()), decibels=decibels(*_counted(picture.detach(), data))
            )
    average.copy_to(point)
    return point


def train_consensus(run: runs.Run, vae: AutoencoderKLLTXVideo) -> AutoencoderKLLTXVideo:
    """The second part: the coarsest layers learn to make noisy blocks agree; no pixels are drawn.

    Their target is what the first part's layers make of clean latents.
    """
    torch.manual_seed(run.seed)
    layers = nn.ModuleList([vae.decoder.conv_in, vae.decoder.mid_block])
    wanted = copy.deepcopy(layers).requires_grad_(requires_grad=False)
    average = runs.Average(layers, 0.995)
    optimizer = torch.optim.AdamW(layers.parameters(), lr=CONSENSUS_RATE, weight_decay=0.0)
    run.keep(layers=layers, average=average, optimizer=optimizer)
    scale = torch.from_numpy(latent.statistics()[1])
    weight = torch.ones(network.DECODER_WIDTH, 1, 1, 1)
    weight[: latent.COSINE.start] = 4.0
    for share in run:
        runs.set_rates([optimizer], runs.warm_then_fade(share, run.done, fade=0.7))
        codes = torch.from_numpy(latent.encode(world.sample(run.rng(), CONSENSUS_BATCH, None)))
        strength = CONSENSUS_NOISE * torch.rand(CONSENSUS_BATCH, 1, 1, 1, 1)
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
    return vae


def train_whole(run: runs.Run, vae: AutoencoderKLLTXVideo) -> AutoencoderKLLTXVideo:
    """The last part: nine frames at a time through all layers, from slightly noisy latents."""
    torch.manual_seed(run.seed)
    decoder = vae.decoder
    average = runs.Average(decoder, 0.99)
    optimizer = torch.optim.AdamW(
        decoder.parameters(), lr=WHOLE_RATE, weight_decay=0.0, betas=(0.9, 0.98)
    )
    run.keep(decoder=decoder, average=average, optimizer=optimizer)
    scale = torch.from_numpy(latent.statistics()[1])
    for share in run:
        runs.set_rates([optimizer], runs.warm_then_fade(share, run.done, warm=100, fade=0.6))
        rng = run.rng()
        codes, truth = _half_clip(rng)
        strength = float(rng.uniform(0.0, WHOLE_NOISE))
        noisy = _noise(codes, scale, strength).permute(0, 4, 1, 2, 3)
        picture = decoder(noisy)
        loss = _error(picture - truth, 0.4)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(decoder.parameters(), 0.5)
        optimizer.step()
        average.update(decoder)
        if run.done % 20 == 19:
            run.note(loss=float(loss.detach()), decibels=decibels(picture.detach(), truth))
    average.copy_to(decoder)
    return vae


def _half_clip(rng: np.random.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """Two latent frames of a random scene (1, 2, 4, 4, C) and the nine frames they decode to (1, 3,
    9, 128, 128).
    """
    scene = world.sample(rng, 1, held_out=None)
    first = int(rng.integers(latent.DEPTH - 1))
    frames = world.render(scene, 0)[first * latent.SPAN : first * latent.SPAN + latent.SPAN + 1]
    truth = torch.from_numpy(frames).permute(3, 0, 1, 2)[None].float() / 127.5 - 1
    return torch.from_numpy(latent.encode(scene)[:, first : first + 2]), truth


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
