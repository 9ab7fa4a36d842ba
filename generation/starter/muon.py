"""Muon, an optimizer for matrices: every step is the momentum made orthogonal.

As torch.optim.Muon, but matrices of one size are worked on together, which is many times quicker
for a model of many small ones, and in single precision, which is quicker where a processor has no
half.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch

COEFFICIENTS = (3.4445, -4.7750, 2.0315)
ROUNDS, TINY = 5, 1e-7


class Muon(torch.optim.Optimizer):
    """For parameters of two axes only; rates are comparable with AdamW's."""

    def __init__(
        self,
        parameters: Iterable[torch.nn.Parameter],
        rate: float,
        momentum: float = 0.95,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(
            parameters, {"lr": rate, "momentum": momentum, "weight_decay": weight_decay}
        )

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        """Move every matrix that has a gradient."""
        for group in self.param_groups:
            alike: dict[tuple[int, ...], list[torch.Tensor]] = {}
            for parameter in group["params"]:
                if parameter.grad is not None:
                    alike.setdefault(tuple(parameter.shape), []).append(parameter)
            for shape, parameters in alike.items():
                moves = orthogonal(self._momenta(parameters, group["momentum"]))
                torch._foreach_mul_(parameters, 1 - group["lr"] * group["weight_decay"])
                rate = 0.2 * max(shape) ** 0.5 * group["lr"]
                torch._foreach_add_(parameters, list(moves.unbind()), alpha=-rate)

    def _momenta(self, parameters: list[torch.Tensor], momentum: float) -> torch.Tensor:
        """Nesterov's look ahead for each, in one stack (N, rows, columns)."""
        gradients = [p.grad for p in parameters if p.grad is not None]
        for parameter in parameters:
            if "momentum" not in self.state[parameter]:
                self.state[parameter]["momentum"] = torch.zeros_like(parameter)
        stored = [self.state[parameter]["momentum"] for parameter in parameters]
        torch._foreach_lerp_(stored, gradients, 1 - momentum)
        return torch.stack(torch._foreach_lerp(gradients, stored, momentum))


def orthogonal(matrices: torch.Tensor) -> torch.Tensor:
    """The nearest orthogonal matrices (N, rows, columns), roughly, by Newton and Schulz."""
    a, b, c = COEFFICIENTS
    tall = matrices.shape[1] > matrices.shape[2]
    states = matrices.transpose(1, 2) if tall else matrices
    states = states / states.norm(dim=(1, 2), keepdim=True).clamp(min=TINY)
    for _ in range(ROUNDS):
        square = states @ states.transpose(1, 2)
        states = a * states + (b * square + c * square @ square) @ states
    result: torch.Tensor = states.transpose(1, 2) if tall else states
    return result
