"""A learned scale and shift per column or channel, started so that the first sample comes out standardised."""

from typing import final

import torch
from torch import Tensor, nn

from likely.bijections.chain import Prepared


@final
class ActNorm(Prepared):
    """z = (x + b) e^s, per column of a vector or channel of an image; `prepare` sets b and s from a sample."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.shift = nn.Parameter(torch.zeros(size))
        self.log_scale = nn.Parameter(torch.zeros(size))

    def forward(self, x: Tensor, context: Tensor | None = None) -> tuple[Tensor, Tensor]:
        shift, log_scale = self._shaped(x)
        return (x + shift) * log_scale.exp(), self._ladj(x)

    def inverse(self, z: Tensor, context: Tensor | None = None) -> tuple[Tensor, Tensor]:
        shift, log_scale = self._shaped(z)
        return z * (-log_scale).exp() - shift, -self._ladj(z)

    @torch.no_grad()
    def prepare(self, x: Tensor, context: Tensor | None = None) -> tuple[Tensor, Tensor]:
        columns = x.transpose(0, 1).flatten(1)  # (C, B * places)
        self.shift.copy_(-columns.mean(1))
        self.log_scale.copy_(-columns.std(1, correction=0).clamp(1e-3, 1e3).log())  # a constant column stays finite
        return self(x, context)

    def _shaped(self, x: Tensor) -> tuple[Tensor, Tensor]:
        shape = (1, -1, *(1,) * (x.dim() - 2))
        return self.shift.view(shape), self.log_scale.view(shape)

    def _ladj(self, x: Tensor) -> Tensor:
        return (self.log_scale.sum() * x[0, 0].numel()).expand(len(x))
