"""Bijections in a row: values pass through, log-determinants add up."""

from abc import abstractmethod
from collections.abc import Iterable, Iterator
from typing import final

import torch
from torch import Tensor, nn

from likely.bijections.bijection import Bijection


class Prepared(Bijection):
    """A bijection that looks at a sample of its input before it learns (or holds one that does)."""

    @abstractmethod
    def prepare(self, x: Tensor, context: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Settle on this sample, then (z, log|dz/dx|) of it."""


@final
class Chain(Prepared):
    """f = f_n o ... o f_1, and log|df/dx| is the sum of the parts'."""

    def __init__(self, parts: Iterable[Bijection]) -> None:
        super().__init__()
        self.parts = nn.ModuleList(parts)

    def __iter__(self) -> Iterator[Bijection]:
        return iter(self.parts)  # type: ignore[arg-type]

    def forward(self, x: Tensor, context: Tensor | None = None) -> tuple[Tensor, Tensor]:
        total = x.new_zeros(len(x))
        for part in self:
            x, ladj = part(x, context)
            total = total + ladj
        return x, total

    def inverse(self, z: Tensor, context: Tensor | None = None) -> tuple[Tensor, Tensor]:
        total = z.new_zeros(len(z))
        for part in reversed(list(self)):
            z, ladj = part.inverse(z, context)
            total = total + ladj
        return z, total

    @torch.no_grad()
    def prepare(self, x: Tensor, context: Tensor | None = None) -> tuple[Tensor, Tensor]:
        total = x.new_zeros(len(x))
        for part in self:
            x, ladj = prepared(part, x, context)
            total = total + ladj
        return x, total


def prepared(part: Bijection, x: Tensor, context: Tensor | None) -> tuple[Tensor, Tensor]:
    """Settle a part on the sample if it needs one, and pass the sample on."""
    return part.prepare(x, context) if isinstance(part, Prepared) else part(x, context)


@final
class Inverse(Bijection):
    """The other way round: forward is the part's inverse."""

    def __init__(self, part: Bijection) -> None:
        super().__init__()
        self.part = part

    def forward(self, x: Tensor, context: Tensor | None = None) -> tuple[Tensor, Tensor]:
        return self.part.inverse(x, context)

    def inverse(self, z: Tensor, context: Tensor | None = None) -> tuple[Tensor, Tensor]:
        return self.part(z, context)
