"""On processor cores torch draws a single small clip with a loop of its own, which takes twice as
long as oneDNN, its library for whatever is larger.
"""

from __future__ import annotations

from functools import partial

import torch
from torch import nn


def prefer_onednn(module: nn.Module) -> None:
    """From now on the 3-D convolutions in `module` go to oneDNN, however small what they are given
    is; elsewhere than on processor cores, and in another precision than single, nothing changes.
    """
    if not torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]
        return
    for part in module.modules():
        # A kind of its own has a call of its own: Wan's takes what it saw of the frames before.
        if type(part) is nn.Conv3d and part.padding_mode == "zeros":
            part.forward = partial(_convolve, part)  # type: ignore[method-assign]


def _convolve(part: nn.Conv3d, given: torch.Tensor) -> torch.Tensor:
    """`given` (N, C, F, H, W) as `part` would convolve it."""
    single = given.dtype == part.weight.dtype == torch.float32
    if given.device.type != "cpu" or not single or isinstance(part.padding, str):
        return nn.Conv3d.forward(part, given)
    drawn: torch.Tensor = torch.mkldnn_convolution(
        given, part.weight, part.bias, part.padding, part.stride, part.dilation, part.groups
    )
    return drawn
