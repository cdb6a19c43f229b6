"""Rows shown to a critic, with what stands beside each."""

from typing import NamedTuple

import torch
from torch import Tensor


class Shown(NamedTuple):
    """Rows, and where there are such: their conditions, and further numbers of each row (its code)."""

    x: Tensor  # (B, *shape)
    c: Tensor | None = None  # (B, *shape of the condition)
    beside: Tensor | None = None  # (B, D)

    def packed(self, size: int) -> "Shown":
        """As many rows as whole packs hold; fewer rows than a pack are repeated."""
        count = len(self.x)
        if count % size == 0:
            return self
        times, most = -(-size // count), max(size, count - count % size)
        return Shown(*(None if part is None else torch.cat([part] * times)[:most] for part in self))

    def detached(self) -> "Shown":
        """The same rows, without where they come from."""
        return Shown(*(None if part is None else part.detach() for part in self))

    def joined(self, others: "Shown") -> "Shown":
        """These rows, then the others."""
        pairs = zip(self, others, strict=True)
        return Shown(*(None if one is None or other is None else torch.cat([one, other]) for one, other in pairs))

    @property
    def reals(self) -> Tensor:
        """The numbers in which a critic's slope is taken: the rows, and what stands beside them."""
        return self.x if self.beside is None else torch.cat([self.x.flatten(1), self.beside], 1)

    def at(self, reals: Tensor) -> "Shown":
        """The same conditions beside other numbers, as `reals` gives them."""
        if self.beside is None:
            return self._replace(x=reals)
        x, beside = reals.split([self.x[0].numel(), self.beside.shape[1]], 1)
        return self._replace(x=x.reshape(self.x.shape), beside=beside)
