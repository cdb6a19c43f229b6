r"""Hiding: cells of a row vanish one by one, and what is seen tells of what is hidden.

    at time t each cell is hidden with probability m(t) = 1 - alpha_t, which rises from m(0) = 0 to m(1) = 1         (1)
    -log p(x | c) <= int_0^1 m'(t) / m(t) E sum_{i hidden} -log p(x_i | seen, c) dt                                  (2)
                   = sum_{k=1}^n 1 / k  E sum_{i hidden} -log p(x_i | seen, c),   any k of the n cells hidden        (3)

(2) does not depend on m, and given how many are hidden all sets of them are as likely: over time (2) is integrated to
(3), the mean over all orders of the chain rule. So a schedule m says which k are looked at, and how often,

    P(k) = m^-1(k / n) - m^-1((k - 1) / n),   and a draw of k counts 1 / (k P(k))                                    (4)

and, where several cells are drawn at once, how many are left hidden at each step.

Austin et al. (2021), arXiv:2107.03006; Sahoo et al. (2024), arXiv:2406.07524; Shi et al. (2024), arXiv:2406.04329
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, final

import torch
from torch import Tensor

from likely.rng import Rng


class Hiding(ABC):
    """m of (1)."""

    @abstractmethod
    def share(self, t: Tensor) -> Tensor:
        """m(t): the share of cells that is hidden."""

    @abstractmethod
    def time(self, share: Tensor) -> Tensor:
        """When such a share is hidden."""


@final
@dataclass(frozen=True)
class Linear(Hiding):
    """m(t) = t: all numbers of hidden cells are looked at as often, and as many are drawn at every step."""

    def share(self, t: Tensor) -> Tensor:
        return t

    def time(self, share: Tensor) -> Tensor:
        return share


@final
@dataclass(frozen=True)
class Cosine(Hiding):
    """m(t) = sin(pi t / 2): looks more often where much is hidden, and draws few cells at once while little is seen."""

    def share(self, t: Tensor) -> Tensor:
        return torch.sin(math.pi / 2 * t)

    def time(self, share: Tensor) -> Tensor:
        return share.clamp(0, 1).asin() * (2 / math.pi)


class Hidden(NamedTuple):
    """Which cells of some rows are hidden, and how much the rows count for it."""

    cells: Tensor  # (B, D) bool
    weight: Tensor  # (B,) 1 / (k P(k)), 0 where no cell is there


Told = Callable[[Tensor], Tensor]  # log p of every cell (B, D) given those that are seen (B, D) bool


def hidden(hiding: Hiding, there: Tensor, level: Tensor, *, rng: Rng) -> Hidden:
    """Any k of the cells that are there (B, D), k being a quantile of (4) at these levels (B,)."""
    cells, level = there.sum(1), level.double()
    k = (cells * hiding.share(level)).ceil().clamp(min=1).minimum(cells.clamp(min=1))
    between = torch.stack([k - 1, k]) / cells.clamp(min=1)
    before, after = hiding.time(between)
    weight = torch.where(cells > 0, 1 / (k * (after - before)), 0.0)  # (4)
    place = rng.uniform(there.shape, like=level).masked_fill(~there, 2.0)
    return Hidden(ranks(place) < torch.where(cells > 0, k, 0)[:, None], weight)


def hidden_bound(told: Told, there: Tensor, *, hiding: Hiding, draws: int, rng: Rng) -> Tensor:
    """(3) of rows (B,), at so many k of each, one from each equal part of their law."""
    bound = torch.zeros(len(there), dtype=torch.float64, device=there.device)
    for part in range(draws):
        level = (part + rng.uniform((len(there),), like=bound)) / draws
        bound = bound + summed(told, there, hidden(hiding, there, level, rng=rng)) / draws
    return bound


def hidden_loss(told: Told, there: Tensor, *, hiding: Hiding, rng: Rng) -> Tensor:
    """-(3), the mean over rows, the k of each being in an equal part of their law."""
    level = torch.arange(len(there), dtype=torch.float64, device=there.device)
    level = (level + rng.uniform(level.shape, like=level)) / max(1, len(there))
    return -summed(told, there, hidden(hiding, there, level, rng=rng)).mean()


def summed(told: Told, there: Tensor, now: Hidden) -> Tensor:
    """What the cells hidden now say of (3), (B,)."""
    log_p = told(there & ~now.cells)
    return now.weight.to(log_p) * torch.where(now.cells, log_p, 0.0).sum(1)


def in_order(told: Told, rank: Tensor, asked: Tensor) -> Tensor:
    """log p of the cells that are asked (B,), each given those of lower rank (B, D); the others are never seen."""
    total = torch.zeros(len(rank), dtype=torch.float64, device=rank.device)
    for place in range(int(asked.sum(1).max()) if len(asked) else 0):
        log_p = told(asked & (rank < place))
        total = total + torch.where(asked & (rank == place), log_p, 0.0).sum(1)
    return total


def ranks(of: Tensor) -> Tensor:
    """The place of each number in its row, put in order."""
    return of.argsort(dim=1, stable=True).argsort(1)
