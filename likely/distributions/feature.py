r"""Laws of one column given a class, learned by counting: what naive Bayes multiplies.

Each is an exponential family where it can be, so that log p(x | k) summed over columns is a matrix product,

    log p(x | k) = sum_d h(x_d) + phi(x_d) . eta_kd - A(eta_kd)                               (1)

Every class is helped by `strength` pseudo-rows of the pooled column, so that a class with few rows, or none, falls back
on what all classes have in common; without classes they change nothing, and 0 is maximum likelihood:

    mean_k = (N_k m_k + b m) / (N_k + b),   var_k = (M_k + b v + N_k b / (N_k + b) (m_k - m)^2) / (N_k + b)    (2)
"""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import NamedTuple, final

import torch
from scipy import special
from torch import Tensor, nn

from likely.distributions import kernels
from likely.distributions.count import log_negative_binomial, log_poisson
from likely.distributions.counted import LOG_2PI, Moments, blocks, ratio
from likely.errors import FieldError
from likely.rng import Rng


class Marginals(nn.Module, ABC):
    """K x D one-dimensional laws: one for each class and column."""

    @abstractmethod
    def observe(self, x: Tensor, k: Tensor, w: Tensor, counted: Tensor | None) -> None:
        """Add cells x (B, D) of rows of classes k (B,) with weights w (B,), where they are counted."""

    @abstractmethod
    def log_joint(self, x: Tensor, counted: Tensor | None) -> Tensor:
        """log p of each row's counted cells under every class: (B, K)."""

    @abstractmethod
    def log_mass(self, k: Tensor, low: Tensor, high: Tensor) -> Tensor:
        """log of each cell's mass from low to high (both in) under its row's class k (B,): (B, D)."""

    @abstractmethod
    def draw(self, k: Tensor, low: Tensor, high: Tensor, *, rng: Rng) -> Tensor:
        """A value for each cell, from low to high, under its row's class k (B,): (B, D)."""

    @abstractmethod
    def line(self) -> tuple[Tensor, Tensor, Tensor] | None:
        """w (K, D), b (K, D), o (D,) with log p(x | k) = w (x - o) + b + what all classes share; None if not so."""


class Feature(ABC):
    """The kind of law that a column has in each class: a field of naive Bayes."""

    @abstractmethod
    def marginals(self, classes: int, columns: int, strength: float) -> Marginals:
        """Its laws over these many classes and columns, nothing counted yet."""


def shared(moments: Moments, strength: float) -> tuple[Tensor, Tensor]:
    """Mean and variance (K, D) of each class, with `strength` pseudo-rows of the pooled column."""
    _, mean, scatter = pooled = moments.pooled()
    apart, rows = moments.mean - mean, moments.weight + strength
    spread = (
        moments.scatter
        + strength * ratio(scatter, pooled[0])
        + moments.weight * ratio(torch.full_like(rows, strength), rows) * apart.square()
    )
    empty = rows <= 0
    variance = torch.where(empty, ratio(scatter, pooled[0]), ratio(spread, rows))  # (2) right
    return torch.where(empty, mean, mean + apart * ratio(moments.weight, rows)), variance  # (2) left


@final
@dataclass(frozen=True)
class Normal(Feature):
    """A Gaussian in each class."""

    floor: float = 1e-9  # the share of a column's overall variance that is added to every class's
    shared: bool = False  # one variance for all classes: the boundary between two classes is then a plane

    def __post_init__(self) -> None:
        if not 0 <= self.floor < math.inf:
            raise FieldError(f"Normal.floor cannot be {self.floor}", expected="0 or a small share such as 1e-9")

    def marginals(self, classes: int, columns: int, strength: float) -> "NormalMarginals":
        return NormalMarginals(Moments(classes, columns), self, strength)


@final
class NormalMarginals(Marginals):
    """phi(x) = (x, x^2): log p(x | k) for all classes is two matrix products."""

    def __init__(self, moments: Moments, feature: Normal, strength: float) -> None:
        super().__init__()
        self.moments, self.feature, self.strength = moments, feature, strength

    def observe(self, x: Tensor, k: Tensor, w: Tensor, counted: Tensor | None) -> None:
        self.moments.observe(x, k, w, counted)

    def law(self) -> tuple[Tensor, Tensor]:
        """Mean and variance of every class and column; a column that never varied has a variance of its floor."""
        mean, variance = shared(self.moments, self.strength)
        weight, _, scatter = self.moments.pooled()
        whole = ratio(scatter, weight)
        least = self.feature.floor * torch.where(whole > 0, whole, 1.0)
        if self.feature.shared:
            variance = ratio(self.moments.scatter.sum(0, keepdim=True), weight).expand_as(variance)
        return mean, (variance + least).clamp(min=1e-300)

    def line(self) -> tuple[Tensor, Tensor, Tensor] | None:
        (mean, variance), centre = self.law(), self.moments.pooled()[1]
        apart = mean - centre
        return (apart / variance, -0.5 * apart.square() / variance, centre[0]) if self.feature.shared else None

    def log_joint(self, x: Tensor, counted: Tensor | None) -> Tensor:
        mean, variance = self.law()
        centre = self.moments.pooled()[1]
        square, linear = -0.5 / variance, (mean - centre) / variance
        constant = square * (mean - centre).square() - 0.5 * (variance.log() + LOG_2PI)
        return Quadratics(centre, constant, linear, square).joint(x, counted)

    def log_mass(self, k: Tensor, low: Tensor, high: Tensor) -> Tensor:
        mean, variance = self.law()
        return GAUSSIAN.log_mass((low - mean[k]) / variance[k].sqrt(), (high - mean[k]) / variance[k].sqrt())

    def draw(self, k: Tensor, low: Tensor, high: Tensor, *, rng: Rng) -> Tensor:
        mean, std = self.law()[0][k], self.law()[1][k].sqrt()
        return mean + std * GAUSSIAN.between(
            rng.uniform(mean.shape, like=mean), (low - mean) / std, (high - mean) / std
        )


class Quadratics(NamedTuple):
    """constant_kd + linear_kd y + square_kd y^2 with y = x_d - centre_d, which keeps the digits of data far from 0."""

    centre: Tensor  # (1, D)
    constant: Tensor  # (K, D)
    linear: Tensor
    square: Tensor

    def joint(self, x: Tensor, counted: Tensor | None) -> Tensor:
        """The sum over counted columns, for every class: (B, K)."""
        if counted is not None:
            return torch.cat(
                [self._masked(x[:0], counted[:0])] + [self._masked(x[rows], counted[rows]) for rows in blocks(*x.shape)]
            )
        joint = x.new_empty(len(x), len(self.linear), dtype=torch.float64)
        for rows in blocks(*x.shape):
            y = x[rows].to(torch.float64, copy=True).sub_(self.centre)
            part = torch.addmm(self.constant.sum(1), y, self.linear.T, out=joint[rows])
            part.addmm_(y.square_(), self.square.T)  # (1)
        gaps = torch.isnan(joint.sum(1))  # found in the result, at no cost where there are none
        if gaps.any():
            joint[gaps] = self._masked(x[gaps], ~torch.isnan(x[gaps]))
        return joint

    def _masked(self, x: Tensor, counted: Tensor) -> Tensor:
        y = (x.double() - self.centre).masked_fill_(~counted, 0)
        return counted.double() @ self.constant.T + y @ self.linear.T + y.square() @ self.square.T


GAUSSIAN = kernels.Gaussian()


@final
@dataclass(frozen=True)
class Poisson(Feature):
    """A Poisson count in each class: its variance is its mean."""

    def marginals(self, classes: int, columns: int, strength: float) -> "CountMarginals":
        return CountMarginals(Moments(classes, columns), strength, overdispersed=False)


@final
@dataclass(frozen=True)
class NegativeBinomial(Feature):
    """A negative binomial count in each class, by moments; Poisson where the variance is not above the mean."""

    def marginals(self, classes: int, columns: int, strength: float) -> "CountMarginals":
        return CountMarginals(Moments(classes, columns), strength, overdispersed=True)


LARGEST_SHAPE = 1e7  # a larger shape is a Poisson law to seven digits


@final
class CountMarginals(Marginals):
    """Poisson laws, or negative binomials of the counts' own mean m and variance m + m^2 / r."""

    def __init__(self, moments: Moments, strength: float, *, overdispersed: bool) -> None:
        super().__init__()
        self.moments, self.strength, self.overdispersed = moments, strength, overdispersed

    def observe(self, x: Tensor, k: Tensor, w: Tensor, counted: Tensor | None) -> None:
        self.moments.observe(x, k, w, counted)

    def law(self) -> tuple[Tensor, Tensor]:
        """Mean and shape r (K, D), r = inf where Poisson. A column of zeros keeps half a count."""
        mean, variance = shared(self.moments, self.strength)
        mean = torch.where(mean > 0, mean, 0.5 / (self.moments.pooled()[0] + 1))
        shape = mean.square() / (variance - mean).clamp(min=1e-300)
        poisson = (variance <= mean) | (shape > LARGEST_SHAPE)
        return mean, torch.where(poisson, math.inf, shape) if self.overdispersed else torch.full_like(mean, math.inf)

    def log_joint(self, x: Tensor, counted: Tensor | None) -> Tensor:
        (mean, shape), x = self.law(), x.double()
        counted = ~torch.isnan(x) if counted is None else counted
        x = torch.where(counted, x, 0.0)
        joint = [torch.where(counted, _log_count(x, m, r), 0.0).sum(1) for m, r in zip(mean, shape)]
        return torch.stack(joint, 1)

    def line(self) -> tuple[Tensor, Tensor, Tensor] | None:
        mean, shape = self.law()
        return (mean.log(), -mean, torch.zeros_like(mean[0])) if torch.isinf(shape).all() else None

    def log_mass(self, k: Tensor, low: Tensor, high: Tensor) -> Tensor:
        mean, shape = (part[k] for part in self.law())
        return (count_cdf(high.floor(), mean, shape) - count_cdf(low.ceil() - 1, mean, shape)).clamp(min=0).log()

    def draw(self, k: Tensor, low: Tensor, high: Tensor, *, rng: Rng) -> Tensor:
        mean, shape = (part[k] for part in self.law())
        start, end = count_cdf(low.ceil() - 1, mean, shape), count_cdf(high.floor(), mean, shape)
        level = start + rng.uniform(mean.shape, like=mean) * (end - start)
        return torch.maximum(torch.minimum(count_quantile(level, mean, shape), high.floor()), low.ceil().clamp(min=0))


def _log_count(x: Tensor, mean: Tensor, shape: Tensor) -> Tensor:
    poisson = torch.isinf(shape)
    log_shape = torch.where(poisson, 1.0, shape).log()
    return torch.where(poisson, log_poisson(x, mean.log()), log_negative_binomial(x, mean.log(), log_shape))


def count_cdf(x: Tensor, mean: Tensor, shape: Tensor) -> Tensor:
    """P(X <= x) for whole x, 0 below and 1 at infinity."""
    n, m, r = (part.cpu().numpy() for part in (x.clamp(0, 1e15), mean, torch.where(torch.isinf(shape), 1.0, shape)))
    told = torch.where(
        torch.isinf(shape),
        torch.as_tensor(special.pdtr(n, m)).to(mean),
        torch.as_tensor(special.betainc(r, n + 1, r / (r + m))).to(mean),
    )
    return torch.where(x < 0, 0.0, torch.where(torch.isinf(x), 1.0, told))


def count_quantile(level: Tensor, mean: Tensor, shape: Tensor) -> Tensor:
    """The smallest count whose cumulative probability reaches the level: doubling, then bisection."""
    low, high = torch.full_like(mean, -1.0), mean.ceil() + 1
    while (short := count_cdf(high, mean, shape) < level.clamp(max=1 - 1e-15)).any():
        low, high = torch.where(short, high, low), torch.where(short, 2 * high, high)
    while (high - low > 1).any():
        middle = ((low + high) / 2).floor()
        short = count_cdf(middle, mean, shape) < level
        low, high = torch.where(short, middle, low), torch.where(short, high, middle)
    return high


@final
@dataclass(frozen=True)
class KernelDensity(Feature):
    """A kernel density estimate in each class: any shape, at the price of keeping the rows."""

    kernel: kernels.Kernel = kernels.Gaussian()  # the shape of the bumps
    bandwidth: kernels.Bandwidth = kernels.Silverman()  # how wide they are: a rule, column by column

    def __post_init__(self) -> None:
        if isinstance(self.bandwidth, kernels.Likelihood):
            raise FieldError(
                "KernelDensity.bandwidth cannot be Likelihood()",
                expected="Scott(), Silverman() or Fixed(...)",
                remedy="the family KDE chooses its bandwidth by leave-one-out likelihood",
            )

    def marginals(self, classes: int, columns: int, strength: float) -> "KernelMarginals":
        return KernelMarginals(self, Moments(classes, columns), strength)


@final
class KernelMarginals(Marginals):
    r"""p(x | k) = (sum_i w_i K_h(x - x_i) + b N(x; m, v)) / (sum_i w_i + b), over the rows i of class k.

    The pseudo-rows of the pooled column are here a normal law of its mean m and variance v.
    """

    value: Tensor  # (N, D) cells, 0 where not counted
    counts: Tensor  # (N, D) the weight of each cell
    k: Tensor  # (N,)
    squares: Tensor  # (K, D) sums of squared weights

    def __init__(self, feature: KernelDensity, moments: Moments, strength: float) -> None:
        super().__init__()
        self.feature, self.moments, self.strength = feature, moments, strength
        columns = moments.mean.shape[1]
        self.register_buffer("value", torch.zeros(0, columns, dtype=torch.float64))
        self.register_buffer("counts", torch.zeros(0, columns, dtype=torch.float64))
        self.register_buffer("squares", torch.zeros_like(moments.weight))
        self.register_buffer("k", torch.zeros(0, dtype=torch.int64))

    def observe(self, x: Tensor, k: Tensor, w: Tensor, counted: Tensor | None) -> None:
        counted = ~torch.isnan(x) if counted is None else counted
        self.moments.observe(x, k, w, counted)
        weight = counted * w.double()[:, None]
        self.value = torch.cat([self.value, torch.where(counted, x, 0.0).double()])
        self.counts = torch.cat([self.counts, weight])
        self.k = torch.cat([self.k, k])
        self.squares.index_add_(0, k, weight.square())

    def log_joint(self, x: Tensor, counted: Tensor | None) -> Tensor:
        counted = ~torch.isnan(x) if counted is None else counted
        x, joint = torch.where(counted, x, 0.0).double(), []
        for k in range(len(self.moments.mean)):
            laws = [self._mixture(k, d).log_density(x[:, d]) for d in range(x.shape[1])]
            joint.append(torch.where(counted, torch.stack(laws, 1), 0.0).sum(1))
        return torch.stack(joint, 1)

    def line(self) -> None:
        return None

    def log_mass(self, k: Tensor, low: Tensor, high: Tensor) -> Tensor:
        told = torch.empty_like(low)
        for label in k.unique().tolist():
            for d in range(low.shape[1]):
                rows = k == label
                told[rows, d] = self._mixture(label, d).log_masses(low[rows, d], high[rows, d]).logsumexp(1)
        return told

    def draw(self, k: Tensor, low: Tensor, high: Tensor, *, rng: Rng) -> Tensor:
        which, where = rng.uniform(low.shape, like=low), rng.uniform(low.shape, like=low)
        drawn = torch.empty_like(low)
        for label in k.unique().tolist():
            for d in range(low.shape[1]):
                rows = k == label
                bounds = low[rows, d], high[rows, d]
                drawn[rows, d] = self._mixture(label, d).draw(which[rows, d], where[rows, d], *bounds)
        return drawn

    def _mixture(self, k: int, d: int) -> "Bumps":
        own = (self.k == k) & (self.counts[:, d] > 0)
        weight, mean, scatter = (part[0, d] for part in self.moments.pooled())
        std = ratio(scatter, weight).sqrt() if scatter > 0 else torch.ones_like(mean)
        rows = ratio(self.moments.weight[k, d].square(), self.squares[k, d])
        free = (self.moments.weight[k, d] * (1 - 1 / rows.clamp(min=1.0))).clamp(min=1e-300)
        spread = (self.moments.scatter[k, d] / free).sqrt() if self.moments.scatter[k, d] > 0 else std
        width = self.feature.bandwidth.widths(spread[None], float(rows), self.feature.kernel)
        rest = self.strength if own.any() else max(self.strength, 1.0)
        weights = torch.cat([self.counts[own, d], weight.new_full((1,), rest)])
        return Bumps(self.feature.kernel, self.value[own, d], width, (weights / weights.sum()).log(), mean, std)


@final
@dataclass(frozen=True)
class Bumps:
    """A mixture of n equal kernels and, last, one normal law."""

    kernel: kernels.Kernel
    centre: Tensor  # (n,)
    width: Tensor  # (1,)
    log_weight: Tensor  # (n + 1,)
    mean: Tensor
    std: Tensor

    def log_density(self, x: Tensor) -> Tensor:
        """log p of each x (B,), a block at a time."""
        return torch.cat([self._densities(x[rows]).logsumexp(1) for rows in blocks(len(x), len(self.log_weight))])

    def _densities(self, x: Tensor) -> Tensor:
        bumps = self.kernel.log_density((x[:, None] - self.centre) / self.width) - self.width.log()
        rest = GAUSSIAN.log_density((x - self.mean) / self.std) - self.std.log()
        return torch.cat([bumps, rest[:, None]], 1) + self.log_weight

    def log_masses(self, low: Tensor, high: Tensor) -> Tensor:
        """log of each part's weight times its mass from low to high: (B, n + 1)."""
        low, high = low[:, None], high[:, None]
        bumps = self.kernel.log_mass((low - self.centre) / self.width, (high - self.centre) / self.width)
        rest = GAUSSIAN.log_mass((low - self.mean) / self.std, (high - self.mean) / self.std)
        return torch.cat([bumps, rest], 1) + self.log_weight

    def draw(self, which: Tensor, where: Tensor, low: Tensor, high: Tensor) -> Tensor:
        """One value for each pair of uniforms (B,), from low to high."""
        share = self.log_masses(low, high).softmax(1).nan_to_num(1.0).cumsum(1)
        part = torch.searchsorted(share, which[:, None] * share[:, -1:])[:, 0].clamp(max=len(self.centre))
        rest = self.mean + self.std * GAUSSIAN.between(
            where, (low - self.mean) / self.std, (high - self.mean) / self.std
        )
        if not len(self.centre):
            return rest
        centre = self.centre[part.clamp(max=len(self.centre) - 1)]
        bump = self.kernel.between(where, (low - centre) / self.width, (high - centre) / self.width)
        return torch.where(part == len(self.centre), rest, centre + self.width * bump)
