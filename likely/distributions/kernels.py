r"""Smoothing kernels: densities of one bump, each with its integral and its inverse, so that all are drawn exactly.

A kernel density estimate in D dimensions is the mixture of products

    p(x) = sum_i w_i prod_d 1/h_d K((x_d - x_id) / h_d)                                       (1)

Products, not radial bumps: they normalise in any dimension, factor over columns of different kinds, and leave out a
missing cell by leaving out its factor. (For the Gaussian the two are the same.) h is in the units of the kernel's
own scale: the standard deviation of the Gaussian, half the support of the compact ones.

    Scott      h_d = s_d n^(-1/(D+4)) rho,     Silverman    h_d = s_d (n (D+2)/4)^(-1/(D+4)) rho         (2)

with s_d the column's standard deviation, n = (sum w)^2 / sum w^2, and rho what turns a Gaussian's bandwidth into that
of another kernel of equal asymptotic efficiency, rho^(D+4) = (R^D / v^2) / (R_Gauss^D), R = int K^2, v = int u^2 K.

Kernel Smoothing (Wand & Jones, 1995)
"""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, final

import torch
from torch import Tensor

from likely.errors import FieldError

LOG_2, LOG_2PI = math.log(2), math.log(2 * math.pi)


def _complement(log_p: Tensor) -> Tensor:
    """log(1 - e^log_p), with its digits at both ends."""
    return torch.where(log_p > -LOG_2, (-torch.expm1(log_p)).log(), torch.log1p(-log_p.exp()))


def _reflected(log_p: Tensor, where: Tensor) -> Tensor:
    return torch.where(where, _complement(log_p), log_p)


def _lower_side(low: Tensor, high: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The interval, mirrored to the lower tail where most of it lies above 0, and whether it was."""
    flipped = low + high > 0
    return torch.where(flipped, -high, low), torch.where(flipped, -low, high), flipped


def _normal_tail(log_p: Tensor) -> Tensor:
    """The standard normal quantile of e^log_p <= 1/2; Newton's steps on log Phi where e^log_p underflows."""
    far = (-2 * log_p.clamp(max=-200) - LOG_2PI).sqrt()
    u = -(far.square() - 2 * far.log()).sqrt()
    for _ in range(3):
        log_phi = torch.special.log_ndtr(u)
        u = u - (log_phi - log_p.clamp(min=-1e300)) * (log_phi + 0.5 * (u.square() + LOG_2PI)).exp()
    return torch.where(log_p > -200, torch.special.ndtri(log_p.exp()), u)


class Kernel(ABC):
    """The shape of a bump: a density on the real line, symmetric about 0."""

    roughness: ClassVar[float]  # R = int K(u)^2 du
    variance: ClassVar[float]  # int u^2 K(u) du

    @abstractmethod
    def log_density(self, u: Tensor) -> Tensor:
        """log K(u), -inf outside the support."""

    @abstractmethod
    def log_lower(self, u: Tensor) -> Tensor:
        """log of the integral of K up to u <= 0."""

    @abstractmethod
    def lower(self, log_p: Tensor) -> Tensor:
        """The inverse of `log_lower`: the u <= 0 below which the mass e^log_p <= 1/2 lies."""

    def log_cdf(self, u: Tensor) -> Tensor:
        """log of the integral of K up to u."""
        return _reflected(self.log_lower(-u.abs()), u > 0)

    def quantile(self, log_p: Tensor) -> Tensor:
        """The inverse of `log_cdf`."""
        upper = log_p > -LOG_2
        u = self.lower(torch.where(upper, _complement(log_p), log_p))
        return torch.where(upper, -u, u)

    def log_mass(self, low: Tensor, high: Tensor) -> Tensor:
        """log of the integral of K from low to high, with its digits in both tails."""
        low, high, _ = _lower_side(low, high)
        top = self.log_cdf(high)
        return top + _complement((self.log_cdf(low) - top).nan_to_num(nan=0.0))

    def between(self, p: Tensor, low: Tensor, high: Tensor) -> Tensor:
        """The point below which the share p of the mass from low to high lies: uniform p, exact draws."""
        low, high, flipped = _lower_side(low, high)
        start, end, p = self.log_cdf(low), self.log_cdf(high), torch.where(flipped, 1 - p, p)
        u = self.quantile(torch.logaddexp(start + torch.log1p(-p), end + p.log()))
        u = torch.maximum(torch.minimum(u, high), low)
        return torch.where(flipped, -u, u)

    def matched(self, columns: int) -> float:
        """rho: how much wider than a Gaussian's this kernel's bandwidth must be to smooth as much."""
        log_ratio = columns * (math.log(self.roughness) - math.log(Gaussian.roughness)) - 2 * math.log(self.variance)
        return math.exp(log_ratio / (columns + 4))


@final
@dataclass(frozen=True)
class Gaussian(Kernel):
    """exp(-u^2 / 2): smooth, never zero."""

    roughness = 1 / (2 * math.sqrt(math.pi))
    variance = 1.0

    def log_density(self, u: Tensor) -> Tensor:
        return -0.5 * (u * u + LOG_2PI)

    def log_lower(self, u: Tensor) -> Tensor:
        return torch.special.log_ndtr(u)

    def lower(self, log_p: Tensor) -> Tensor:
        return _normal_tail(log_p)


@final
@dataclass(frozen=True)
class Epanechnikov(Kernel):
    """1 - u^2: the least mean squared error; zero beyond the bandwidth."""

    roughness = 3 / 5
    variance = 1 / 5

    def log_density(self, u: Tensor) -> Tensor:
        return math.log(0.75) + (1 - u * u).clamp(min=0).log()

    def log_lower(self, u: Tensor) -> Tensor:
        return (0.25 * (1 + u.clamp(min=-1)).square() * (2 - u.clamp(min=-1))).log()

    def lower(self, log_p: Tensor) -> Tensor:
        return 2 * torch.sin(torch.asin(2 * log_p.exp() - 1) / 3)


@final
@dataclass(frozen=True)
class Tophat(Kernel):
    """Constant within the bandwidth, zero beyond."""

    roughness = 1 / 2
    variance = 1 / 3

    def log_density(self, u: Tensor) -> Tensor:
        return torch.where(u.abs() <= 1, math.log(0.5), -math.inf).to(u.dtype)

    def log_lower(self, u: Tensor) -> Tensor:
        return (0.5 * (1 + u.clamp(min=-1))).log()

    def lower(self, log_p: Tensor) -> Tensor:
        return 2 * log_p.exp() - 1


@final
@dataclass(frozen=True)
class Triangular(Kernel):
    """1 - |u|: zero beyond the bandwidth."""

    roughness = 2 / 3
    variance = 1 / 6

    def log_density(self, u: Tensor) -> Tensor:
        return (1 - u.abs()).clamp(min=0).log()

    def log_lower(self, u: Tensor) -> Tensor:
        return (0.5 * (1 + u.clamp(min=-1)).square()).log()

    def lower(self, log_p: Tensor) -> Tensor:
        return (2 * log_p.exp()).sqrt() - 1


@final
@dataclass(frozen=True)
class Exponential(Kernel):
    """exp(-|u|): heavier tails than the Gaussian, a cusp in the middle."""

    roughness = 1 / 4
    variance = 2.0

    def log_density(self, u: Tensor) -> Tensor:
        return -u.abs() - math.log(2)

    def log_lower(self, u: Tensor) -> Tensor:
        return u - LOG_2

    def lower(self, log_p: Tensor) -> Tensor:
        return log_p + LOG_2


@final
@dataclass(frozen=True)
class Cosine(Kernel):
    """cos(pi u / 2): much like Epanechnikov's, with a smoother edge."""

    roughness = math.pi**2 / 16
    variance = 1 - 8 / math.pi**2

    def log_density(self, u: Tensor) -> Tensor:
        inside = u.abs() < 1
        return torch.where(
            inside, math.log(math.pi / 4) + torch.cos(0.5 * math.pi * u).clamp(min=1e-30).log(), -math.inf
        )

    def log_lower(self, u: Tensor) -> Tensor:
        return torch.sin(0.25 * math.pi * (1 + u.clamp(min=-1))).square().log()

    def lower(self, log_p: Tensor) -> Tensor:
        return 4 / math.pi * torch.asin(torch.exp(0.5 * log_p)) - 1


class Bandwidth(ABC):
    """How wide the bumps are."""

    @abstractmethod
    def widths(self, spread: Tensor, rows: float, kernel: Kernel) -> Tensor:
        """h of each column, from the columns' standard deviations (D,) and the effective number of rows."""

    @abstractmethod
    def mixing(self, columns: int, rows: float) -> float:
        """How much of a choice's kernel is spread over all choices: 0 none, 1 all choices alike."""


def _silverman(rows: float, columns: int) -> float:
    return (max(rows, 1.0) * (columns + 2) / 4) ** (-1 / (columns + 4))


@final
@dataclass(frozen=True)
class Scott(Bandwidth):
    """Scott's rule, on every column's own standard deviation."""

    def widths(self, spread: Tensor, rows: float, kernel: Kernel) -> Tensor:
        columns = spread.shape[-1]
        return spread * (max(rows, 1.0) ** (-1 / (columns + 4)) * kernel.matched(columns))  # (2)

    def mixing(self, columns: int, rows: float) -> float:
        return max(rows, 2.0) ** (-2 / (columns + 4))


@final
@dataclass(frozen=True)
class Silverman(Bandwidth):
    """Silverman's rule, on every column's own standard deviation."""

    def widths(self, spread: Tensor, rows: float, kernel: Kernel) -> Tensor:
        columns = spread.shape[-1]
        return spread * (_silverman(rows, columns) * kernel.matched(columns))  # (2)

    def mixing(self, columns: int, rows: float) -> float:
        return max(rows, 2.0) ** (-2 / (columns + 4))


@final
@dataclass(frozen=True)
class Fixed(Bandwidth):
    """The same bandwidth on every column, in the units of the cells."""

    width: float = 0.5  # wider is smoother
    mix: float = 0.1  # the share of a choice's kernel that is spread over all choices: more is smoother

    def __post_init__(self) -> None:
        if not 0 < self.width < math.inf:
            raise FieldError(f"Fixed.width cannot be {self.width}", expected="a positive number")
        if not 0 < self.mix < 1:
            raise FieldError(f"Fixed.mix cannot be {self.mix}", expected="a share between 0 and 1")

    def widths(self, spread: Tensor, rows: float, kernel: Kernel) -> Tensor:
        return torch.full_like(spread, self.width)

    def mixing(self, columns: int, rows: float) -> float:
        return self.mix


@final
@dataclass(frozen=True)
class Likelihood(Bandwidth):
    """The multiple of Silverman's rule, and the mixing, that make left-out rows likeliest."""

    narrowest: float = 0.03  # the least multiple tried
    widest: float = 3.0  # the largest multiple tried
    queries: int = 1000  # rows left out, one at a time: more is steadier and slower
    rows: int = 4000  # of a larger table, those that the search starts on before all are asked

    @property
    def multiples(self) -> list[float]:
        """Those tried, evenly in their logarithm."""
        return torch.logspace(math.log10(self.narrowest), math.log10(self.widest), 12).tolist()

    def __post_init__(self) -> None:
        if not 0 < self.narrowest < self.widest < math.inf:
            raise FieldError(
                f"Likelihood cannot try multiples from {self.narrowest} to {self.widest}",
                expected="two positive numbers, the smaller first",
            )
        for name in ("queries", "rows"):
            if getattr(self, name) < 1:
                raise FieldError(f"Likelihood.{name} cannot be {getattr(self, name)}", expected="at least 1")

    def widths(self, spread: Tensor, rows: float, kernel: Kernel) -> Tensor:
        return Silverman().widths(spread, rows, kernel)  # where the search starts

    def mixing(self, columns: int, rows: float) -> float:
        return min(0.1, Silverman().mixing(columns, rows))


# Bumps on integers ---------------------------------------------------------------------------------------------------


def decay(width: Tensor) -> Tensor:
    """tau of the bump e^(-tau |x - n|) on the integers whose standard deviation is the width."""
    square = width.square().clamp(min=1e-12)
    root = (2 * square + 1).sqrt()
    return -torch.log1p(-(1 + root) / (square + 1 + root))


def log_integer_norm(n: Tensor, tau: Tensor, top: Tensor) -> Tensor:
    """log of sum_x e^(-tau |x - n|) over x = 0 .. top."""
    rho = (-tau).exp()
    whole = 1 + rho - (-tau * (n + 1)).exp() - (-tau * (top - n + 1)).exp()
    return whole.log() - torch.log1p(-rho)


def _integer_side(low: Tensor, high: Tensor, n: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The integers low .. high as distances from n, mirrored to lie below it where all lie above, and whether so."""
    low, high = low.ceil() - n, high.floor() - n
    flipped = low > 0
    return torch.where(flipped, -high, low), torch.where(flipped, -low, high), flipped


def _integer_cdf(x: Tensor, tau: Tensor) -> Tensor:
    """(1 - rho) times the sum of e^(-tau |t|) over all integers t <= x."""
    below = torch.exp(tau * x.clamp(max=0.0))
    return torch.where(x < 0, below, 1 + (-tau).exp() - torch.exp(-tau * (x.clamp(min=0.0) + 1)))


def log_integer_mass(low: Tensor, high: Tensor, n: Tensor, tau: Tensor, top: Tensor) -> Tensor:
    """log of the share of the bump at n, on 0 .. top, that lies on the integers from low to high."""
    low, high, _ = _integer_side(low.clamp(min=0), torch.minimum(high, top), n)
    mass = (_integer_cdf(high, tau) - _integer_cdf(low - 1, tau)).clamp(min=0)
    return mass.log() - torch.log1p(-(-tau).exp()) - log_integer_norm(n, tau, top)


def integer_between(p: Tensor, low: Tensor, high: Tensor, n: Tensor, tau: Tensor, top: Tensor) -> Tensor:
    """The integer, from low to high, in which the share p of the mass there is reached."""
    low, high, flipped = _integer_side(low.clamp(min=0), torch.minimum(high, top), n)
    start, end, p = _integer_cdf(low - 1, tau), _integer_cdf(high, tau), torch.where(flipped, 1 - p, p)
    level, rho = start + p * (end - start), (-tau).exp()
    below = (level.clamp(min=1e-300).log() / tau).ceil()
    above = -1 - (1 + rho - level).clamp(min=1e-300).log() / tau
    x = torch.where(level <= rho, below, torch.where(level <= 1, 0.0, above.ceil()))
    x = torch.maximum(torch.minimum(x, high), low)
    return n + torch.where(flipped, -x, x)
