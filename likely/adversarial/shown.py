"""Rows shown to a critic, with what stands beside each."""

from collections.abc import Callable
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
        return self._each(lambda part: torch.cat([part] * times)[:most])

    def detached(self) -> "Shown":
        """The same rows, without where they come from."""
        return self._each(torch.Tensor.detach)

    def joined(self, others: "Shown") -> "Shown":
        """These rows, then the others."""
        c, beside = (_joined(*pair) for pair in ((self.c, others.c), (self.beside, others.beside)))
        return Shown(torch.cat([self.x, others.x]), c, beside)

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

    def _each(self, change: Callable[[Tensor], Tensor]) -> "Shown":
        c, beside = (None if part is None else change(part) for part in (self.c, self.beside))
        return Shown(change(self.x), c, beside)


def _joined(one: Tensor | None, other: Tensor | None) -> Tensor | None:
    return None if one is None or other is None else torch.cat([one, other])
