r"""Additive statistics: what a model that counts keeps of its data, so that chunks may come in any order.

For an exponential family p(x | eta) = h(x) exp(phi(x) . eta - A(eta)) all that the data say of eta is

    N = sum_i w_i,    S = sum_i w_i phi(x_i)                                                  (1)

Moments are kept as (N, mean, sum of squared deviations) and joined by

    mean = mean_a + d N_b / N,    M = M_a + M_b + d^2 N_a N_b / N,    d = mean_b - mean_a     (2)

which, unlike raw sums, loses no digits when the data lie far from zero. (Chan, Golub & LeVeque, 1979)
"""

import math
from collections.abc import Iterator
from typing import NamedTuple, final

import torch
from torch import Tensor, nn
from torch.nn import functional as F

LOG_2PI = math.log(2 * math.pi)
CANCELLED = 1e-6  # a scatter this small beside the raw sum of squares has lost digits
BLOCK = 1 << 17  # cells in a block of work: about a core's cache


def _double(*shape: int) -> Tensor:
    return torch.zeros(*shape, dtype=torch.float64)


def blocks(rows: int, width: int) -> Iterator[slice]:
    """Slices of the rows, each of about `BLOCK` cells."""
    size = max(1, BLOCK // max(1, width))
    return (slice(start, start + size) for start in range(0, rows, size))


def ratio(part: Tensor, whole: Tensor) -> Tensor:
    """part / whole, 0 where the whole is 0."""
    return torch.where(whole > 0, part / whole.clamp(min=1e-300), 0.0)


class Sums(NamedTuple):
    """Weight, sum and sum of squares of one chunk about some centre: (K, D) each."""

    weight: Tensor
    first: Tensor
    second: Tensor


@final
class Moments(nn.Module):
    """Weight, mean and scatter of D columns in each of K classes."""

    weight: Tensor
    mean: Tensor
    scatter: Tensor

    def __init__(self, classes: int, columns: int) -> None:
        super().__init__()
        for name in ("weight", "mean", "scatter"):
            self.register_buffer(name, _double(classes, columns))

    def observe(self, x: Tensor, k: Tensor, w: Tensor, counted: Tensor | None = None) -> None:
        """Add rows x (B, D) of classes k (B,) with weights w (B,); cells that are not counted are left out."""
        if x.numel():
            self._join(*self._chunk(x, k, w, counted))

    def _chunk(self, x: Tensor, k: Tensor, w: Tensor, counted: Tensor | None) -> tuple[Tensor, Tensor, Tensor]:
        """Weight, mean and scatter of one chunk: (K, D) each."""
        centre = _near(x, counted).expand_as(self.mean)
        sums = self._sums(x, k, w, counted, centre[:1])
        if counted is None and not torch.isfinite(sums.first).all():
            return self._chunk(x, k, w, ~torch.isnan(x))  # a NaN: found at no cost where there is none
        offset = ratio(sums.first, sums.weight)
        scatter = sums.second - sums.first * offset
        if (scatter < CANCELLED * sums.second).any():  # classes far apart
            centre = centre + offset
            sums = self._sums(x, k, w, counted, centre)
            offset = ratio(sums.first, sums.weight)
            scatter = sums.second - sums.first * offset
        return sums.weight, centre + offset, scatter.clamp(min=0)

    def _sums(self, x: Tensor, k: Tensor, w: Tensor, counted: Tensor | None, centre: Tensor) -> Sums:
        """(1) for phi(x) = (x - centre, (x - centre)^2), in float64: float32 sums would cost the sixth digit."""
        sums = Sums(*(torch.zeros_like(self.mean) for _ in Sums._fields))
        classes = torch.arange(len(self.mean), device=x.device)[:, None]
        for rows in blocks(len(x), max(self.mean.shape)):
            member = (classes == k[rows]) * w[rows].double()
            apart = x[rows].to(torch.float64, copy=True).sub_(centre if len(centre) == 1 else centre[k[rows]])
            if counted is not None:
                apart.masked_fill_(~counted[rows], 0)
            sums.first.addmm_(member, apart)
            sums.second.addmm_(member, apart.square_())
            sums.weight.add_(member.sum(1, keepdim=True) if counted is None else member @ counted[rows].double())
        return sums

    def _join(self, weight: Tensor, mean: Tensor, scatter: Tensor) -> None:
        total = self.weight + weight
        apart = torch.where(weight > 0, mean - self.mean, 0.0)
        self.scatter += scatter + apart.square() * self.weight * ratio(weight, total)  # (2)
        self.mean += apart * ratio(weight, total)
        self.weight += weight

    def pooled(self) -> tuple[Tensor, Tensor, Tensor]:
        """Weight, mean and scatter of each column over all classes: (1, D) each."""
        weight = self.weight.sum(0, keepdim=True)
        mean = ratio((self.weight * self.mean).sum(0, keepdim=True), weight)
        return weight, mean, (self.scatter + self.weight * (self.mean - mean).square()).sum(0, keepdim=True)


def _near(x: Tensor, counted: Tensor | None) -> Tensor:
    """About where each column lies, from up to 256 of its cells: (1, D)."""
    some = slice(None, None, max(1, len(x) // 256))
    cells = x[some].double()
    known = ~torch.isnan(cells) if counted is None else counted[some]
    return (torch.where(known, cells, 0.0).sum(0) / known.sum(0).clamp(min=1))[None]


@final
class Tallies(nn.Module):
    """How often each state of each of L columns was seen in each of K classes."""

    seen: Tensor  # (K, F): the columns' states side by side
    sizes: Tensor  # (L,) how many states each column has
    offset: Tensor  # (L,) where each column starts
    column: Tensor  # (F,) which column a state is of

    def __init__(self, classes: int, sizes: Tensor) -> None:
        super().__init__()
        self.register_buffer("seen", _double(classes, int(sizes.sum())))
        self.register_buffer("sizes", sizes, persistent=False)
        self.register_buffer("offset", sizes.cumsum(0) - sizes, persistent=False)
        self.register_buffer("column", torch.repeat_interleave(torch.arange(len(sizes)), sizes), persistent=False)

    def observe(self, state: Tensor, k: Tensor, w: Tensor) -> None:
        """Add rows of states (B, L), -1 where not counted."""
        place = k[:, None] * self.seen.shape[1] + self.offset + state.clamp(min=0)
        weight = torch.where(state >= 0, w[:, None], 0.0)
        self.seen.view(-1).scatter_add_(0, place.flatten(), weight.flatten().to(self.seen.dtype))

    def law(self, smoothing: float, strength: float) -> Tensor:
        r"""p(state | class) (K, F), with a pseudo-count for every state and some pseudo-rows of the pooled column:

        p_j = (N_j + a) / (N + a S),    p_kj = (N_kj + a + b p_j) / (N_k + a S + b)          (3)
        """
        pooled = self._shares(self.seen.sum(0, keepdim=True), smoothing)
        return self._shares(self.seen + strength * pooled, smoothing)

    def _shares(self, seen: Tensor, smoothing: float) -> Tensor:
        seen = seen + smoothing
        whole = _double(len(seen), len(self.offset)).to(seen.device).index_add_(1, self.column, seen)
        even = 1 / self.sizes.double()
        return torch.where(whole[:, self.column] > 0, ratio(seen, whole[:, self.column]), even[self.column])

    def looked_up(self, state: Tensor, table: Tensor) -> Tensor:
        """The sum over columns of the table's (F, K) rows at these states (B, L); -1 adds nothing: (B, K)."""
        padded = torch.cat([table, torch.zeros_like(table[:1])])
        place = torch.where(state >= 0, self.offset + state, len(table))
        return F.embedding_bag(place, padded, mode="sum")

    def between(self, law: Tensor, k: Tensor, first: Tensor, last: Tensor) -> tuple[Tensor, Tensor]:
        """The mass of states first .. last (B, L) under class k (B,), and all the mass laid out before them."""
        laid = self._laid(law)
        start = k[:, None] * law.shape[1] + self.offset
        below = laid[start + first]
        return (laid[start + torch.maximum(last + 1, first)] - below).clamp(min=0), below

    def at(self, law: Tensor, level: Tensor, k: Tensor, first: Tensor, last: Tensor) -> Tensor:
        """The state, of first .. last, in which this much of all the mass laid out is reached: (B, L)."""
        place = torch.searchsorted(self._laid(law)[1:], level, right=True)
        state = place - k[:, None] * law.shape[1] - self.offset
        return torch.minimum(torch.maximum(state, first), last).clamp(min=0)

    def _laid(self, law: Tensor) -> Tensor:
        """Where each state ends when all states of all columns and classes lie end to end, from 0."""
        return torch.cat([law.new_zeros(1), law.flatten().cumsum(0)])
