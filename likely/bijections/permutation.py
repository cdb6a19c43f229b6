"""Reorderings of columns or channels: they cost nothing and let the next coupling move other cells."""

from collections.abc import Sequence
from typing import final

import torch
from torch import Tensor

from likely.bijections.bijection import Bijection


@final
class Permutation(Bijection):
    """z_i = x_{order_i}, over the second dimension."""

    order: Tensor
    back: Tensor

    def __init__(self, order: Sequence[int] | Tensor) -> None:
        super().__init__()
        indices = torch.as_tensor(order, dtype=torch.int64)
        self.register_buffer("order", indices)
        self.register_buffer("back", indices.argsort())

    def forward(self, x: Tensor, context: Tensor | None = None) -> tuple[Tensor, Tensor]:
        return x.index_select(1, self.order), x.new_zeros(len(x))

    def inverse(self, z: Tensor, context: Tensor | None = None) -> tuple[Tensor, Tensor]:
        return z.index_select(1, self.back), z.new_zeros(len(z))


@final
class Reverse(Bijection):
    """The last column or channel first."""

    def forward(self, x: Tensor, context: Tensor | None = None) -> tuple[Tensor, Tensor]:
        return x.flip(1), x.new_zeros(len(x))

    def inverse(self, z: Tensor, context: Tensor | None = None) -> tuple[Tensor, Tensor]:
        return self(z, context)
