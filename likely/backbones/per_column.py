"""A linear map for each column of a row: between the numbers that are told of a column and its features."""

from collections.abc import Sequence
from typing import final

import torch
from torch import Tensor, nn


@final
class PerColumn(nn.Module):
    """Numbers (B, N), number i being of column of[i], and features (B, D, C), either made of the other."""

    order: Tensor  # the numbers, column by column
    back: Tensor  # and as they were

    def __init__(self, of: Sequence[int], columns: int, width: int, *, std: float) -> None:
        super().__init__()
        place = torch.tensor(list(of), dtype=torch.int64)
        order = place.argsort(stable=True)
        self.sizes = torch.bincount(place, minlength=columns).tolist()
        self.register_buffer("order", order, persistent=False)
        self.register_buffer("back", order.argsort(), persistent=False)
        self.weight = nn.Parameter(std * torch.randn(len(place), width))

    def features(self, numbers: Tensor) -> Tensor:
        """(B, N) -> (B, D, C)"""
        parts = zip(numbers[:, self.order].split(self.sizes, 1), self.weight.split(self.sizes))
        return torch.stack([part @ weight for part, weight in parts], 1)

    def numbers(self, features: Tensor) -> Tensor:
        """(B, D, C) -> (B, N)"""
        parts = zip(features.unbind(1), self.weight.split(self.sizes))
        return torch.cat([part @ weight.t() for part, weight in parts], 1)[:, self.back]

    def of(self, column: int) -> Tensor:
        """The weights of one column's numbers, (its numbers, C)."""
        return self.weight.split(self.sizes)[column]
