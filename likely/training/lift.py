"""What training asks of a lift from cells to reals; the codecs' `Lift` answers to it."""

from typing import Protocol

import torch
from torch import Tensor

from likely.rng import Rng


class Lifting(Protocol):
    """Cells to reals with fresh noise for every batch: log p(cells) >= log p(u) + ladj."""

    def up(self, x: Tensor, *, rng: Rng) -> tuple[Tensor, Tensor]:
        """(u, ladj), ladj one value a row."""
        ...

    def down(self, u: Tensor) -> Tensor:
        """The cells that u stands for."""
        ...


def lifted(x: Tensor, lift: Lifting | None, rng: Rng) -> tuple[Tensor, Tensor]:
    """The batch as the model sees it, and each row's log-Jacobian (0 without a lift)."""
    if lift is None:
        return x, torch.zeros(len(x), dtype=torch.float64, device=x.device)
    return lift.up(x, rng=rng)
