"""The video decoder's twin with 1x1x1 kernels, its start as an exact subdivision, and the way back
into the real one.

The latent is linear inside a block, so the three up-samplers can start as the exact subdivision of
a block into eight. What is left to learn, an edge and its two colours from a few numbers, needs no
neighbours, and is learnt 27 times cheaper without them.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import torch
from diffusers import AutoencoderKLLTXVideo
from numpy.typing import NDArray
from torch import nn

from generation.starter import latent, network, world

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
        result: torch.Tensor = inputs + self.conv2(nn.functional.silu(_normed(hidden)))
        return result


def _normed(states: torch.Tensor) -> torch.Tensor:
    return nn.functional.rms_norm(states, states.shape[-1:], eps=1e-8)


class PointDecoder(nn.Module):
    """The LTX decoder with 1x1x1 kernels (the last, which draws 4x4 pixels, 3x3x1): one token in, 8
    frames out.
    """

    def __init__(self, decoder: Any) -> None:
        super().__init__()
        wide = network.DECODER_WIDTH
        widths = [wide, *network.UP_WIDTHS]
        self.conv_in = nn.Linear(latent.CHANNELS, wide)
        self.mid = nn.Sequential(*(PointBlock(wide) for _ in decoder.mid_block.resnets))
        self.ups = nn.ModuleList(nn.Linear(a, 8 * b) for a, b in pairwise(widths))
        self.blocks = nn.ModuleList(
            nn.Sequential(*(PointBlock(width) for _ in block.resnets))
            for width, block in zip(widths[1:], decoder.up_blocks, strict=True)
        )
        self.conv_out = nn.Conv2d(widths[-1], 3 * PATCH**2, 3, padding=1)
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
        picture: torch.Tensor = out.permute(0, 1, 2, 6, 3, 5, 4)
        return picture.reshape(count, frames, height * PATCH, width * PATCH, 3)


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
    the constants, then the waves of the texture.
    """

    def __init__(self, frames: int, radius: int, wave: int) -> None:
        widths = [frames] * 4 + [radius, latent.KINDS, 3, 3, 3, 1, 1, 1, 3]
        widths += [wave] * 4 + [len(world.TEXTURES), 1]
        starts = np.cumsum([0, *widths])
        parts = [slice(int(a), int(b)) for a, b in pairwise(starts)]
        self.fields, self.radius = parts[:4], parts[4]
        self.paper, self.fall, self.other_across, self.other_down = parts[7:11]
        self.constant = slice(parts[5].start, parts[12].stop)
        self.waves, self.tone = parts[13:17], parts[17]
        self.anchor = parts[18].start


@torch.no_grad()
def _start_as_subdivision(point: PointDecoder) -> None:
    """Give the up-samplers the exact linear subdivision of a block in space and time."""
    nn.init.zeros_(point.conv_in.weight)
    nn.init.zeros_(point.conv_in.bias)
    point.conv_in.weight[: latent.CHANNELS] = torch.eye(latent.CHANNELS)
    point.conv_in.bias[latent.CHANNELS] = ANCHOR
    basis = latent.time_basis()
    now = _Layout(latent.DEGREE, latent.RADIUS_DEGREE, latent.WAVE_DEGREE)
    up: Any
    for level, up in enumerate(point.ups):
        frames = latent.SPAN >> (level + 1)
        then = _Layout(frames, frames, frames)
        weight = np.zeros((up.out_features // 8, 2, 2, 2, up.in_features))
        for dt in range(2):
            time = basis if level == 0 else np.eye(2 * frames)
            part = time[dt * frames : (dt + 1) * frames]
            for dy, dx in ((0, 0), (0, 1), (1, 0), (1, 1)):
                step = latent.BLOCK / 4 / 2**level
                shift_x, shift_y = (2 * dx - 1) * step, (2 * dy - 1) * step
                _fill(weight[:, dt, dy, dx], now, then, part, shift_x, shift_y)
        up.weight.copy_(torch.from_numpy(weight.reshape(-1, up.in_features)))
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
    same = now.constant.stop - now.constant.start
    weight[then.constant, now.constant] = np.eye(same)
    weight[then.paper, now.fall] = np.eye(3) * shift_y / latent.BLOCK
    weight[then.tone, now.tone] = np.eye(len(world.TEXTURES))
    _fill_waves(weight, now, then, time, (shift_x, shift_y))
    weight[then.other_across, now.anchor] = x / ANCHOR
    weight[then.other_down, now.anchor] = y / ANCHOR
    weight[then.anchor, now.anchor] = 1.0


def _fill_waves(
    weight: NDArray[np.float64],
    now: _Layout,
    then: _Layout,
    time: NDArray[np.float64],
    shifts: tuple[float, float],
) -> None:
    """A wave a little farther on is the wave turned by a fixed angle: linear, and exact."""
    for axis, shift in enumerate(shifts):
        cosine, sine = now.waves[2 * axis : 2 * axis + 2]
        then_cosine, then_sine = then.waves[2 * axis : 2 * axis + 2]
        turn = 2 * np.pi / world.TILE * shift
        moments = time[:, : cosine.stop - cosine.start]
        weight[then_cosine, cosine], weight[then_cosine, sine] = (
            np.cos(turn) * moments,
            -np.sin(turn) * moments,
        )
        weight[then_sine, cosine], weight[then_sine, sine] = (
            np.sin(turn) * moments,
            np.cos(turn) * moments,
        )


@torch.no_grad()
def inflate(point: PointDecoder, decoder: Any) -> None:
    """Put the point decoder into the real one's middle taps; every other tap starts at zero."""
    _middle(decoder.conv_in, point.conv_in)
    decoder.conv_out.conv.weight.zero_()
    decoder.conv_out.conv.weight[:, :, 1] = point.conv_out.weight
    decoder.conv_out.conv.bias.copy_(point.conv_out.bias)
    _middle_blocks(decoder.mid_block, point.mid)
    for block, up, resnets in zip(decoder.up_blocks, point.ups, point.blocks, strict=True):
        _middle(block.upsamplers[0].conv, up)
        _middle_blocks(block, resnets)


def _middle_blocks(target: Any, source: Any) -> None:
    for real, small in zip(target.resnets, source, strict=True):
        _middle(real.conv1, small.conv1)
        _middle(real.conv2, small.conv2)


def _middle(target: Any, source: Any) -> None:
    target.conv.weight.zero_()
    target.conv.weight[:, :, 1, 1, 1] = source.weight
    target.conv.bias.copy_(source.bias)


def make_vae_from(point: PointDecoder) -> AutoencoderKLLTXVideo:
    """A whole autoencoder that decodes exactly as the point decoder does."""
    vae = network.make_vae()
    inflate(point, vae.decoder)
    return vae
