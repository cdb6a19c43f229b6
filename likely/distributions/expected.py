r"""States and counts in components that rows belong to by shares r_it: what EM keeps of them, and what it makes of it.

    p_t(s) = (sum_i r_it [s_i = s] + a p(s)) / (sum_i r_it + a)         tables; p(s) is the law of all rows        (1)
    x | l ~ Poisson(l),   l ~ Gamma(k_t, k_t / m_t)                     negative binomial counts                   (2)
    E[log l | x] = psi(k + x) - log(k / m + 1),   E[l | x] = (k + x) / (k / m + 1)                                 (3)
    log k - psi(k) = E[l] / m + log m - 1 - E[log l],   then m = sum_i r_it x_i / sum_i r_it                       (4)

(1) and (4) never lower the likelihood: (4) is two conditional steps, of which the second is exact. All sums are
additive. The ECME Algorithm (Liu & Rubin, 1994)
"""

from typing import final

import torch
from torch import Tensor, nn

from likely.distributions.count import log_negative_binomial
from likely.distributions.counted import Tallies, ratio
from likely.distributions.feature import count_cdf, count_quantile
from likely.rng import Rng

DENSE = 4096  # states beyond which counting them is not a product of matrices
SHAPES = 1e-3, 1e6  # of counts: beyond, the law is a Poisson's to six digits
NEWTON = 20


@final
class StateLaws(nn.Module):
    """A table for each column in each of T components."""

    law: Tensor  # (T, F): the columns' states side by side

    def __init__(self, components: int, sizes: Tensor) -> None:
        super().__init__()
        self.tallies = Tallies(components, sizes)
        self.register_buffer("law", self.tallies.law(1.0, 0.0))

    def log_joint(self, state: Tensor, which: slice) -> Tensor:
        """log p of each row's states (N, L) in these components, -1 being not asked: (N, T)."""
        return self.tallies.looked_up(state, self.law[which].log().T.contiguous())

    def observe(self, state: Tensor, share: Tensor, which: slice) -> None:
        """Add rows of states (N, L) that belong to the components by shares (N, T)."""
        seen, counted = self.tallies.seen, state >= 0
        place = self.tallies.offset + state.clamp(min=0)
        if seen.shape[1] <= DENSE:
            seen[which] += share.T @ share.new_zeros(len(state), seen.shape[1]).scatter_(1, place, counted.to(share))
            return
        for column, told in zip(place.unbind(1), counted.unbind(1)):
            seen[which].index_add_(1, column[told], share[told].T.contiguous())

    def maximise(self, pooled: list[slice], smoothing: float) -> None:
        """(1); the components `pooled` have every row between them."""
        seen = self.tallies.seen
        prior = self._shares(sum(seen[part].sum(0, keepdim=True) for part in pooled) + torch.full_like(seen[:1], 0.5))
        told = self._shares(seen + smoothing * prior)
        self.law = torch.where(self._whole(seen) + smoothing > 0, told, prior)

    def modes(self, present: Tensor) -> Tensor:
        """The most probable state of each column, of its first `present` (L,), in every component: (T, L)."""
        ends = zip(self.tallies.offset.tolist(), present.tolist())
        return torch.stack([self.law[:, start : start + states].argmax(1) for start, states in ends], 1)

    def _shares(self, seen: Tensor) -> Tensor:
        """Counts as a law, column by column."""
        return ratio(seen, self._whole(seen))

    def _whole(self, seen: Tensor) -> Tensor:
        """The counts of each state's column."""
        whole = seen.new_zeros(len(seen), len(self.tallies.sizes)).index_add_(1, self.tallies.column, seen)
        return whole[:, self.tallies.column]


@final
class CountLaws(nn.Module):
    """A negative binomial for each column of counts in each of T components."""

    mean: Tensor  # (T, D)
    shape: Tensor  # (T, D)
    sums: Tensor  # (3, T, D): rows, counts, E[log l]

    def __init__(self, components: int, columns: int) -> None:
        super().__init__()
        for name, shape in (("mean", ()), ("shape", ()), ("sums", (3,))):
            self.register_buffer(name, torch.ones(*shape, components, columns, dtype=torch.float64))
        self.sums.zero_()

    def start(self, mean: Tensor, variance: Tensor) -> None:
        """Every component the law with these moments (D,)."""
        shape = mean.square() / (variance - mean).clamp(min=1e-300)
        self.mean = mean.clamp(min=1e-3).expand_as(self.mean).clone()
        self.shape = shape.clamp(*SHAPES).expand_as(self.shape).clone()

    def log_joint(self, x: Tensor, counted: Tensor, which: slice) -> Tensor:
        """log p of each row's counted cells (N, D) in these components: (N, T)."""
        told = x.new_zeros(len(x), which.stop - which.start)
        for d, there in enumerate(counted.unbind(1)):
            values, place = torch.unique(x[:, d], return_inverse=True)  # few: a table of them is soon made
            law = self.mean[which, d].log(), self.shape[which, d].log()
            told += torch.where(there[:, None], log_negative_binomial(values[:, None], *law)[place], 0.0)
        return told

    def observe(self, x: Tensor, counted: Tensor, share: Tensor, which: slice) -> None:
        """Add the counted cells (N, D) of rows that belong to the components by shares (N, T)."""
        for d, there in enumerate(counted.unbind(1)):
            values, place = torch.unique(x[there, d], return_inverse=True)
            seen = share.new_zeros(len(values), share.shape[1]).index_add_(0, place, share[there])
            shape, mean, values = self.shape[which, d], self.mean[which, d], values[:, None]
            log_rate = torch.digamma(values + shape) - torch.log1p(shape / mean)  # (3)
            self.sums[:, which, d] += torch.stack([seen.sum(0), (seen * values).sum(0), (seen * log_rate).sum(0)])

    def maximise(self, pooled: list[slice], smoothing: float) -> None:
        """(4), where the components `pooled` count every row, which join each component as `smoothing` rows."""
        rows, counts = (sum(part[which].sum(0) for which in pooled) for part in self.sums[:2])
        overall = (counts + 0.5) / (rows + 1.0)
        weight, first, log_rate = self.sums
        rate = (self.shape + ratio(first, weight)) / (self.shape / self.mean + 1)
        gap = rate / self.mean + self.mean.log() - 1 - ratio(log_rate, weight)
        shape = torch.where(weight > 0, _shape(gap), self.shape)
        self.mean = (first + smoothing * overall + 1e-9 * overall) / (weight + smoothing + 1e-9)
        self.shape = shape.clamp(*SHAPES)

    def log_mass(self, t: Tensor, low: Tensor, high: Tensor) -> Tensor:
        """log of each cell's mass from low to high (both in) in its row's component t (B,): (B, D)."""
        start, end = self._ends(t, low, high)
        return (end - start).clamp(min=0).log()

    def draw(self, t: Tensor, low: Tensor, high: Tensor, *, rng: Rng) -> Tensor:
        """A count for each cell, from low to high, in its row's component t (B,): (B, D)."""
        start, end = self._ends(t, low, high)
        level = start + rng.uniform(start.shape, like=start) * (end - start)
        drawn = count_quantile(level, self.mean[t], self.shape[t])
        return torch.maximum(torch.minimum(drawn, high.floor()), low.ceil().clamp(min=0))

    def _ends(self, t: Tensor, low: Tensor, high: Tensor) -> tuple[Tensor, Tensor]:
        law = self.mean[t], self.shape[t]
        return count_cdf(low.ceil() - 1, *law), count_cdf(high.floor(), *law)


def _shape(gap: Tensor) -> Tensor:
    """k with log k - psi(k) = gap, within `SHAPES`: Newton's steps from Minka's start."""
    gap = gap.clamp(min=1e-8)
    k = (3 - gap + ((gap - 3).square() + 24 * gap).sqrt()) / (12 * gap)
    for _ in range(NEWTON):
        slope = 1 / k - torch.polygamma(1, k)
        k = (k - (k.log() - torch.digamma(k) - gap) / slope).clamp(*SHAPES)
    return k
