"""Images as rows: every pixel a column."""

from typing import final

import torch
from torch import Tensor

from likely.bijections.bijection import Bijection


@final
class Flatten(Bijection):
    """(B, *shape) -> (B, D)."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        super().__init__()
        self.shape = torch.Size(shape)

    def forward(self, x: Tensor, context: Tensor | None = None) -> tuple[Tensor, Tensor]:
        return x.flatten(1), x.new_zeros(len(x))

    def inverse(self, z: Tensor, context: Tensor | None = None) -> tuple[Tensor, Tensor]:
        return z.unflatten(1, self.shape), z.new_zeros(len(z))
