"""Stage "decoder": the stock LTX video decoder learns to draw the latent, first point by point,
then as a whole.

The latent is linear inside a block, so the three up-samplers start as the exact subdivision of a
block, and what must be learnt, an edge and its two colours from a few numbers, needs no neighbours.
It is learnt with 1x1x1 kernels, which is 27 times cheaper, and then put into the middle of the real
3x3x3 kernels; a second part with noisy latents lets the neighbours' taps grow, so that blocks that
disagree a little still join without a seam.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from diffusers import AutoencoderKLLTXVideo
from numpy.typing import NDArray
from torch import nn

from generation.starter import latent, network, runs, world

POINT_STEPS, POINT_BATCH, POINT_RATE = 2000, 12, 4e-3
WHOLE_STEPS, WHOLE_RATE, WHOLE_NOISE = 400, 5e-4, 0.07
ANCHOR = 3.0
PATCH, GROUP = 4, 2


class PointBlock(nn.Module):
    """LTXVideoResnetBlock3d with 1x1x1 kernels, over the last axis."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv1, self.conv2 = nn.Linear(width, width), nn.Linear(width, width)
        nn.init.zeros_(self.conv2.weight)
        nn.init.zeros_(self.conv2.bias)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        hidden = self.conv1(nn.functional.silu(_normed(inputs)))
        return inputs + self.conv2(nn.functional.silu(_normed(hidden)))


def _normed(states: torch.Tensor) -> torch.Tensor:
    return nn.functional.rms_norm(states, states.shape[-1:], eps=1e-8)


class PointDecoder(nn.Module):
    """The LTX decoder with 1x1x1 kernels (the last, which draws 4x4 pixels, 3x3x1): one token in, 8
    frames out.
    """

    def __init__(self, decoder: nn.Module) -> None:
        super().__init__()
        wide = network.DECODER_WIDTH
        self.conv_in = nn.Linear(latent.CHANNELS, wide)
        self.mid = nn.Sequential(*(PointBlock(wide) for _ in decoder.mid_block.resnets))
        self.ups = nn.ModuleList(nn.Linear(wide, 8 * wide) for _ in decoder.up_blocks)
        self.blocks = nn.ModuleList(
            nn.Sequential(*(PointBlock(wide) for _ in block.resnets)) for block in decoder.up_blocks
        )
        self.conv_out = nn.Conv2d(wide, 3 * PATCH**2, 3, padding=1)
        _start_as_subdivision(self)

    def forward(self, codes: torch.Tensor) -> torch.Tensor:
        """Codes (N, 2, 2, C) of neighbouring blocks -> pixels (N, 8, 64, 64, 3) in -1..1.

        The outer 4 pixels lack their neighbours (see `Blocks`).
        """
        states = self.mid(self.conv_in(codes.flatten(0, 2)))[:, None, None, None]
        for up, blocks in zip(self.ups, self.blocks, strict=True):
            states = blocks(_subdivide(up(states)))
        hidden = _joined(nn.functional.silu(_normed(states)))
        out = self.conv_out(hidden.flatten(0, 1).permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
        count, frames, height, width, _ = hidden.shape
        out = out.reshape(count, frames, height, width, 3, PATCH, PATCH)
        return out.permute(0, 1, 2, 6, 3, 5, 4).reshape(
            count, frames, height * PATCH, width * PATCH, 3
        )


def _joined(states: torch.Tensor) -> torch.Tensor:
    """(4N, T, 8, 8, C), four blocks of a square in a row -> (N, T, 16, 16, C)."""
    frames, height, width, channels = states.shape[1:]
    parts = states.view(-1, GROUP, GROUP, frames, height, width, channels)
    return parts.permute(0, 3, 1, 4, 2, 5, 6).reshape(
        -1, frames, GROUP * height, GROUP * width, channels
    )


def _subdivide(states: torch.Tensor) -> torch.Tensor:
    """(N, T, H, W, 8C) -> (N, 2T, 2H, 2W, C), in the order of LTXVideoUpsampler3d."""
    count, frames, height, width, _ = states.shape
    parts = states.view(count, frames, height, width, -1, 2, 2, 2)
    return parts.permute(0, 1, 5, 2, 6, 3, 7, 4).reshape(
        count, 2 * frames, 2 * height, 2 * width, -1
    )


class _Layout:
    """Where the fields of a level lie among the channels: `frames` numbers per field in time, then
    the constants.
    """

    def __init__(self, frames: int, radius: int) -> None:
        starts = np.cumsum([0, frames, frames, frames, frames, radius, len(world.SHAPES), 3, 3, 1])
        self.fields = [slice(int(a), int(b)) for a, b in pairwise(starts[:5])]
        self.radius = slice(int(starts[4]), int(starts[5]))
        self.shape = slice(int(starts[5]), int(starts[6]))
        self.ink = slice(int(starts[6]), int(starts[7]))
        self.paper = slice(int(starts[7]), int(starts[8]))
        self.anchor = int(starts[8])


@torch.no_grad()
def _start_as_subdivision(point: PointDecoder) -> None:
    """Give the up-samplers the exact linear subdivision of a block in space and time."""
    nn.init.zeros_(point.conv_in.weight)
    nn.init.zeros_(point.conv_in.bias)
    point.conv_in.weight[: latent.CHANNELS] = torch.eye(latent.CHANNELS)
    point.conv_in.bias[latent.CHANNELS] = ANCHOR
    basis = latent.time_basis()
    now = _Layout(latent.DEGREE, latent.RADIUS_DEGREE)
    for level, up in enumerate(point.ups):
        frames = latent.SPAN >> (level + 1)
        then = _Layout(frames, frames)
        weight = np.zeros((network.DECODER_WIDTH, 2, 2, 2, network.DECODER_WIDTH))
        for dt in range(2):
            time = basis if level == 0 else np.eye(2 * frames)
            part = time[dt * frames : (dt + 1) * frames]
            for dy, dx in ((0, 0), (0, 1), (1, 0), (1, 1)):
                step = latent.BLOCK / 4 / 2**level
                shift_x, shift_y = (2 * dx - 1) * step, (2 * dy - 1) * step
                _fill(weight[:, dt, dy, dx], now, then, part, shift_x, shift_y)
        up.weight.copy_(torch.from_numpy(weight.reshape(-1, network.DECODER_WIDTH)))
        nn.init.zeros_(up.bias)
        now = then


def _fill(
    weight: NDArray[np.float64],
    now: _Layout,
    then: _Layout,
    time: NDArray[np.float64],
    shift_x: float,
    shift_y: float,
) -> None:
    """The map from one level's channels to the next for one of the eight sub-blocks."""
    cosine, sine = now.fields[2:]
    x, y = shift_x / latent.LENGTH, shift_y / latent.LENGTH
    for row, column in zip(then.fields, now.fields, strict=True):
        weight[row, column] = time
    weight[then.fields[0], cosine], weight[then.fields[0], sine] = x * time, y * time
    weight[then.fields[1], cosine], weight[then.fields[1], sine] = y * time, -x * time
    weight[then.radius, now.radius] = time[:, : now.radius.stop - now.radius.start]
    weight[then.shape, now.shape] = np.eye(len(world.SHAPES))
    weight[then.ink, now.ink] = np.eye(3)
    falls = world.LIGHT_SLOPE * shift_y / world.SIZE / 0.96
    weight[then.paper, now.paper] = np.eye(3) * (1 + falls)
    weight[then.paper, now.anchor] = falls / ANCHOR
    weight[then.anchor, now.anchor] = 1.0


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
        return values[each, moments][:, :, None, None]

    pixel_y = (row[:, None] * latent.BLOCK + inside)[:, None, :, None].astype(np.float32)
    pixel_x = (column[:, None] * latent.BLOCK + inside)[:, None, None, :].astype(np.float32)
    away_x, away_y = pixel_x - wide(scenes.x), pixel_y - wide(scenes.y)
    cosine, sine = np.cos(wide(scenes.angle)), np.sin(wide(scenes.angle))
    across, down = cosine * away_x + sine * away_y, cosine * away_y - sine * away_x
    shape = scenes.shape[:, None, None, None]
    covered = world.coverage(shape, across, down, wide(scenes.radius))
    ink, paper = scenes.ink[:, None, None, None], scenes.paper[:, None, None, None]
    return 2 * world.paint(covered, down, np.broadcast_to(pixel_y, covered.shape), ink, paper) - 1


def _noise(codes: torch.Tensor, scale: torch.Tensor, strength: float) -> torch.Tensor:
    """Latent noise as a denoiser leaves it; the shape's code gets more, because it must be read as
    one of seven.
    """
    share = torch.full((latent.CHANNELS,), strength)
    share[latent.SHAPE] = 0.1 + strength
    return codes + torch.randn_like(codes) * scale * share


def _error(
    picture: torch.Tensor, truth: torch.Tensor, counts: torch.Tensor | float = 1.0
) -> torch.Tensor:
    gap = (picture - truth) * counts
    return gap.square().mean() + 0.1 * gap.abs().mean()


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
        loss = _error(picture, data.truth, data.counts)
        point.zero_grad()
        loss.backward()
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


@torch.no_grad()
def inflate(point: PointDecoder, decoder: nn.Module) -> None:
    """Put the point decoder into the real one's middle taps; every other tap starts at zero."""
    _middle(decoder.conv_in, point.conv_in)
    decoder.conv_out.conv.weight.zero_()
    decoder.conv_out.conv.weight[:, :, 1] = point.conv_out.weight
    decoder.conv_out.conv.bias.copy_(point.conv_out.bias)
    _middle_blocks(decoder.mid_block, point.mid)
    for block, up, resnets in zip(decoder.up_blocks, point.ups, point.blocks, strict=True):
        _middle(block.upsamplers[0].conv, up)
        _middle_blocks(block, resnets)


def _middle_blocks(target: nn.Module, source: nn.Module) -> None:
    for real, small in zip(target.resnets, source, strict=True):
        _middle(real.conv1, small.conv1)
        _middle(real.conv2, small.conv2)


def _middle(target: nn.Module, source: nn.Linear) -> None:
    target.conv.weight.zero_()
    target.conv.weight[:, :, 1, 1, 1] = source.weight
    target.conv.bias.copy_(source.bias)


def make_vae_from(point: PointDecoder) -> AutoencoderKLLTXVideo:
    """A whole autoencoder that decodes exactly as the point decoder does."""
    vae = network.make_vae()
    inflate(point, vae.decoder)
    return vae


def train_whole(run: runs.Run, vae: AutoencoderKLLTXVideo) -> AutoencoderKLLTXVideo:
    """The second part: nine frames at a time through the real kernels, from latents that disagree a
    little.
    """
    torch.manual_seed(run.seed)
    decoder = vae.decoder
    average = runs.Average(decoder, 0.99)
    optimizer = torch.optim.AdamW(
        decoder.parameters(), lr=WHOLE_RATE, weight_decay=0.0, betas=(0.9, 0.98)
    )
    run.keep(decoder=decoder, average=average, optimizer=optimizer)
    scale = torch.from_numpy(latent.statistics()[1])
    for share in run:
        runs.set_rates([optimizer], runs.warm_then_fade(share, run.done, warm=30, fade=0.6))
        rng = run.rng()
        codes, truth = _half_clip(rng)
        strength = float(rng.uniform(0.0, WHOLE_NOISE))
        noisy = _noise(codes, scale, strength).permute(0, 4, 1, 2, 3)
        picture = decoder(noisy)
        loss = _error(picture, truth)
        optimizer.zero_grad()
        loss.backward()
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
