r"""Weighted particles of every row, drawn anew where their weights grow uneven.

    share = (sum w)^2 / (k sum w^2), from 1 / k to 1                                                                 (1)
    below ENOUGH: drawn anew, systematically, a particle of weight w about k w / sum w times; then w <- 1            (2)
    E[prod over (2) of the mean of w] = the normaliser of what they are weighed to                                   (3)

They lie flat, row after row, k side by side. A row's fate is its own: whatever rows stand beside it, it is the same.

On sequential Monte Carlo sampling methods for Bayesian filtering (Doucet, Godsill & Andrieu, 2000), Stat. Comput. 10
"""

from typing import final

import torch
from torch import Tensor

from likely.contracts import log_mean_exp
from likely.distributions.resampled import effective_share
from likely.rng import Rng

ENOUGH = 0.5  # the share from which particles are left as they are


@final
class Population:
    """k particles of each of B rows."""

    def __init__(self, rows: int, each: int, *, device: torch.device) -> None:
        self.log_weights = torch.zeros(rows, each, dtype=torch.float64, device=device)
        self.log_mean = self.log_weights.new_zeros(rows)  # of (3), but for the weights as they stand
        self.share = self.log_mean + 1  # the smallest on the way

    @property
    def each(self) -> int:
        """k"""
        return self.log_weights.shape[1]

    @property
    def log_evidence(self) -> Tensor:
        """log of (3): (B,)."""
        return self.log_mean + log_mean_exp(self.log_weights)

    def spread(self, each: int) -> Tensor:
        """From one particle of each row so many: their places (B k,) among those that there were."""
        self.log_mean, self.log_weights = self.log_evidence, self.log_weights.new_zeros(len(self.log_weights), each)
        return torch.arange(len(self.log_mean), device=self.log_mean.device).repeat_interleave(each)

    def weigh(self, told: Tensor) -> None:
        """Log-weights (B k,) added to theirs."""
        self.log_weights = self.log_weights + told.double().view_as(self.log_weights)
        self.share = torch.minimum(self.share, effective_share(self.log_weights))  # (1)

    def anew(self, *, rng: Rng) -> Tensor | None:
        """The places (B k,) of those that go on, where any row's are drawn anew (2)."""
        poor = effective_share(self.log_weights) < ENOUGH
        poor = poor & (self.log_weights > -torch.inf).any(1)  # where none can be, all go on as they are
        level = rng.uniform((len(poor),), like=self.log_weights)
        if not bool(poor.any()):
            return None
        count = torch.arange(self.each, device=level.device)
        even = torch.where(poor[:, None], self.log_weights, 0.0)
        chosen = torch.where(poor[:, None], systematic(even.mT, level).mT, count)
        self.log_mean = torch.where(poor, self.log_evidence, self.log_mean)
        self.log_weights = torch.where(poor[:, None], 0.0, self.log_weights)
        return self.flat(chosen)

    def one(self, *, rng: Rng) -> Tensor:
        """Which particle (B,) of each row is drawn, by their weights; of those that cannot be, any."""
        none = (self.log_weights == -torch.inf).all(1, keepdim=True)
        return rng.categorical(torch.where(none, 0.0, self.log_weights))

    def flat(self, which: Tensor) -> Tensor:
        """Particles (B, ...) of their rows as places among all."""
        first = torch.arange(len(which), device=which.device) * self.each
        return (first.view(-1, *(1,) * (which.dim() - 1)) + which).flatten()


def systematic(log_weights: Tensor, level: Tensor) -> Tensor:
    """(P, B): places drawn evenly by weights (P, B), a place of weight w about P w times; level is U(0, 1), (B,)."""
    count = len(log_weights)
    reached = log_weights.softmax(0).cumsum(0).mT.contiguous()  # (B, P)
    marks = (torch.arange(count, device=level.device) + level[:, None]) / count * reached[:, -1:]
    return torch.searchsorted(reached, marks.contiguous(), right=True).clamp_(max=count - 1).mT
