"""Which rows a step sees: a function of (seed, step), so nothing about the order is ever stored.

Epoch e lays the rows out by a permutation drawn from (seed, e); step s takes slots sB .. (s + 1)B of the epochs laid
end to end, so every batch has B rows and every row is seen once an epoch. With weights w the slots of an epoch are the
N strata of (0, sum w), in the same order; slot k picks, with one u in (0, 1) an epoch, the row i with

    w_1 + ... + w_{i-1}  <=  (k + u) sum(w) / N  <  w_1 + ... + w_i                                                 (1)

so a row is seen N w_i / sum(w) times an epoch, rounded at random, and equal weights give the plain permutation.
"""

from typing import final

import torch
from torch import Tensor

from likely.rng import Keyed

ROWS = 0x0DE5  # the fork of the seed that orders rows
SIGN = 2**63 - 1


@final
class Order:
    """The rows of every step."""

    def __init__(self, rows: int, batch: int, seed: int, weight: Tensor | None = None) -> None:
        self.rows, self.batch = rows, batch
        self._keys = Keyed(seed).fork(ROWS)
        self._ends = None if weight is None else weight.double().cpu().cumsum(0)
        self._epochs: dict[int, Tensor] = {}

    def at(self, step: int) -> Tensor:
        """The rows of step 0, 1, 2, ... (int64)."""
        first, last = step * self.batch, (step + 1) * self.batch
        parts = []
        while first < last:
            epoch, slot = divmod(first, self.rows)
            taken = min(self.rows - slot, last - first)
            parts.append(self._epoch(epoch)[slot : slot + taken])
            first += taken
        return parts[0] if len(parts) == 1 else torch.cat(parts)

    def _epoch(self, epoch: int) -> Tensor:
        if epoch not in self._epochs:
            self._epochs = {e: laid for e, laid in self._epochs.items() if e == epoch - 1}
            self._epochs[epoch] = self._lay(epoch)
        return self._epochs[epoch]

    def _lay(self, epoch: int) -> Tensor:
        generator = torch.Generator().manual_seed(self._keys.fork(epoch).seed & SIGN)
        slots = torch.randperm(self.rows, generator=generator)
        if self._ends is None:
            return slots
        offset = torch.rand((), generator=generator, dtype=torch.float64)
        levels = (slots + offset) * (float(self._ends[-1]) / self.rows)
        last = int(torch.searchsorted(self._ends, self._ends[-1]))  # rounding must not pass the last row with weight
        return torch.searchsorted(self._ends, levels, right=True).clamp_(max=last)  # (1)
