r"""A lower bound on log p(x) that holds for any denoiser.

    q(z_sigma | x) = N(x, sigma^2 I);  p(z_high) = N(0, (1 + high^2) I);  p(x | z_low) = N(z_low, low^2 I)
    -log p(x) <= KL(q(z_high | x) || p(z_high)) + E[-log p(x | z_low)] + L                                     (1)
    L = sum over steps t -> s of  E |x - D(z_t; t)|^2 (1/s^2 - 1/t^2) / 2                            (2) ladder
      = integral of  E |x - D(z_sigma; sigma)|^2 / sigma^2  d log sigma                                    (3) its limit

(2) is the bound of ancestral sampling in these steps, each a draw of q(z_s | z_t, x = D). (3) is drawn with log b
uniform, b = sigma / sqrt(1 + sigma^2), for which its integrand is bounded, and beside G(z; sigma) = z / (1 + sigma^2),
the exact denoiser of N(0, I), whose integral is known and whose noise is nearly the same as D's:

    L = integral of ((1 - b^2) dim + b^2 |x|^2) d log b  +  E [(|x - D|^2 - |x - G|^2) / b^2] log(b(high) / b(low))  (4)

Variational diffusion models (Kingma et al., 2021), arXiv:2107.00630
"""

import math
from abc import abstractmethod
from dataclasses import dataclass
from itertools import pairwise
from typing import final

import torch
from torch import Tensor

from likely.contracts import Elbo
from likely.diffusion.flow import beside
from likely.diffusion.sampler import Denoiser
from likely.diffusion.variance import StepVariance, divergence
from likely.diffusion.way import Descends
from likely.rng import Rng


def continuous_bound(
    denoiser: Denoiser, x: Tensor, c: Tensor | None = None, *, low: float, high: float, draws: int, rng: Rng
) -> Elbo:
    """The bound of infinitely many steps, its integral drawn at so many levels a row, one from each equal part."""
    first, last = (sigma / math.sqrt(1 + sigma**2) for sigma in (low, high))
    span, size, length = math.log(last / first), x[0].numel(), _squares(x)
    path = size * span + (length - size) * (last**2 - first**2) / 2  # (4), the integral
    for part in range(draws):
        t = (part + rng.uniform((len(x),), like=x)) / draws
        b = first * torch.exp(span * t.double())  # near high, 1 - b^2 needs the digits
        sigma = (b / (1 - b**2).sqrt()).to(x)
        z = x + beside(sigma, x) * rng.normal(x.shape, like=x)
        excess = _squares(denoiser(z, sigma, c) - x) - _squares(z / (1 + beside(sigma, x) ** 2) - x)
        path = path + excess / b.to(x) ** 2 * span / draws  # (4), the expectation
    return _ends(x, low, high, path)


@final
@dataclass(frozen=True)
class Rungs:
    """The ladder's bound in its parts, nats a row: -log p(x) <= first + steps + last, in expectation."""

    first: Tensor  # (B,): L_T, that the noise is not quite all; no network has a part in it
    steps: Tensor  # (B, steps): L_{t-1}, each from a level to the next
    last: Tensor  # (B,): L_0, the data given the lowest level

    @property
    def elbo(self) -> Elbo:
        """The bound."""
        return Elbo(fit=-self.last, rate=self.first + self.steps.sum(1))


class Climbs(Descends):
    """Has the bound of so many ancestral steps, in its parts."""

    @abstractmethod
    def rungs(self, x: Tensor, c: Tensor | None = None, *, steps: int, rng: Rng) -> Rungs:
        """Of these rows."""


def ladder_bound(
    denoiser: Denoiser, x: Tensor, c: Tensor | None = None, *,
    levels: Tensor, variance: StepVariance | None = None, rng: Rng,
) -> Elbo:  # fmt: skip
    """The bound of ancestral sampling down these levels (falling, the last one above 0), every step drawn once."""
    return ladder_parts(denoiser, x, c, levels=levels, variance=variance, rng=rng).elbo


def ladder_parts(
    denoiser: Denoiser, x: Tensor, c: Tensor | None = None, *,
    levels: Tensor, variance: StepVariance | None = None, rng: Rng,
) -> Rungs:  # fmt: skip
    """The same in its parts; without a variance each step has the least, for which (2) is what it adds."""
    steps = []
    for above, below in pairwise(levels):
        t, s = (x.new_full((len(x),), float(level)) for level in (above, below))
        z = x + above * rng.normal(x.shape, like=x)
        steps.append(divergence(x, denoiser(z, t, c), t, s, None if variance is None else variance(z, t, s, c)))
    ends = _ends(x, float(levels[-1]), float(levels[0]), x.new_zeros(len(x)))
    return Rungs(ends.rate, torch.stack(steps, 1), -ends.fit)


def _ends(x: Tensor, low: float, high: float, path: Tensor) -> Elbo:
    """The two ends of (1), which need no network: the expectation over z_low is exact."""
    size, length = x[0].numel(), _squares(x)
    wide = 1 + high**2
    start = (length / wide - size / wide + size * math.log1p(high**-2)) / 2
    fit = torch.full_like(length, -size * (math.log(2 * math.pi * low**2) + 1) / 2)
    return Elbo(fit=fit, rate=start + path)


def _squares(x: Tensor) -> Tensor:
    return x.square().flatten(1).sum(1)
