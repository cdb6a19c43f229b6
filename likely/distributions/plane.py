r"""Planes: a linear classifier, which is what some generative ones are in disguise.

    log p(c = k | x) = w_k' phi(x) + b_k - log sum_j e^{w_j' phi(x) + b_j}                    (1)

phi(x) is every number's value about its centre, 0 where it has none (a special value, or missing), then an indicator of
every state of every column: a code, "has a value", a special value, missing. A cell that is not told has neither.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor
from torch.nn import functional as F

from likely.distributions.state import Cells

Line = tuple[Tensor, Tensor, Tensor, Tensor]  # weights (K, d), what a value adds (K, d), centres (d,), columns (d,)


@final
@dataclass(frozen=True)
class Planes:
    """One plane a class."""

    weight: Tensor  # (K, P)
    bias: Tensor  # (K,)
    centre: Tensor  # (V,) of the numbers
    columns: Tensor  # (V,) which columns these are
    cells: Cells

    def features(self, x: Tensor) -> Tensor:
        """phi of each row: (B, P)."""
        cells = self.cells.flat(x)
        split = self.cells.split(cells)
        values = cells[:, self.columns].double() - self.centre
        states = [F.one_hot(state + 1, int(size) + 1)[:, 1:] for state, size in zip(split.state.T, self.cells.sizes)]
        numbers = torch.where(split.ordinary[:, self.columns], values, 0.0)
        return torch.cat([numbers, *(state.to(numbers) for state in states)], 1)

    def log_posterior(self, x: Tensor) -> Tensor:
        """(1): (B, K)."""
        return (self.features(x) @ self.weight.T + self.bias).log_softmax(1)


def planes(cells: Cells, log_law: Tensor, lines: Sequence[Line], log_prior: Tensor) -> Planes:
    """The planes of independent columns: log p(state | k) (K, F), and the lines of the values' laws."""
    states, start = log_law.clone(), cells.sizes.cumsum(0) - cells.sizes
    for _, added, _, columns in lines:
        states[:, start[columns]] += added  # the first state of a number: it has a value
    empty = log_law[:, :0]
    weight = torch.cat([*(slope for slope, *_ in lines), states], 1)
    centre = torch.cat([empty[0], *(centre for *_, centre, _ in lines)])
    columns = torch.cat([start[:0], *(columns for *_, columns in lines)])
    return Planes(weight, log_prior, centre, columns, cells)
