r"""A lower bound on log p(x) that holds for any denoiser.

    q(z_sigma | x) = N(x, sigma^2 I);  p(z_high) = N(0, (1 + high^2) I);  p(x | z_low) = N(z_low, low^2 I)
    -log p(x) <= KL(q(z_high | x) || p(z_high)) + E[-log p(x | z_low)] + L                                     (1)
    L = sum over steps t -> s of  E |x - D(z_t; t)|^2 (1/s^2 - 1/t^2) / 2                            (2) ladder
      = integral of  E |x - D(z_sigma; sigma)|^2 / sigma^2  d log sigma                                    (3) its limit

(2) is the bound of ancestral sampling in these steps, each a draw of q(z_s | z_t, x = D). (3) is drawn with
log(sigma / sqrt(1 + sigma^2)) uniform, for which its integrand is bounded for data of unit variance:

    L = E [|x - D|^2 (1 + sigma^2) / sigma^2] * log(b(high) / b(low)),   b = sigma / sqrt(1 + sigma^2)           (4)

Variational diffusion models (Kingma et al., 2021), arXiv:2107.00630
"""

import math
from itertools import pairwise

import torch
from torch import Tensor

from likely.contracts import Elbo
from likely.diffusion.sampler import Denoiser
from likely.rng import Rng


def continuous_bound(
    denoiser: Denoiser, x: Tensor, c: Tensor | None = None, *, low: float, high: float, draws: int, rng: Rng
) -> Elbo:
    """The bound of infinitely many steps, its integral drawn at so many levels a row, one from each equal part."""
    first, last = (math.log(sigma) - math.log1p(sigma**2) / 2 for sigma in (low, high))
    path = x.new_zeros(len(x))
    for part in range(draws):
        t = (part + rng.uniform((len(x),), like=x)) / draws
        b = torch.exp(first + (last - first) * t.double())  # near high, 1 - b^2 needs the digits
        sigma = (b / (1 - b**2).sqrt()).to(x)
        path = path + _error(denoiser, x, sigma, c, rng) * (1 + sigma**-2) / draws
    return _ends(x, low, high, path * (last - first))  # (4)


def ladder_bound(denoiser: Denoiser, x: Tensor, c: Tensor | None = None, *, levels: Tensor, rng: Rng) -> Elbo:
    """The bound of ancestral sampling down these levels (falling, the last one above 0), every step drawn once."""
    path = x.new_zeros(len(x))
    for t, s in pairwise(levels):
        path = path + _error(denoiser, x, t.expand(len(x)), c, rng) * (s**-2 - t**-2) / 2  # (2)
    return _ends(x, float(levels[-1]), float(levels[0]), path)


def _error(denoiser: Denoiser, x: Tensor, sigma: Tensor, c: Tensor | None, rng: Rng) -> Tensor:
    """|x - D|^2 at one draw of z_sigma, row by row."""
    noise = sigma.view(-1, *(1,) * (x.dim() - 1)) * rng.normal(x.shape, like=x)
    return (denoiser(x + noise, sigma, c) - x).square().flatten(1).sum(1)


def _ends(x: Tensor, low: float, high: float, path: Tensor) -> Elbo:
    """The two ends of (1), which need no network: the expectation over z_low is exact."""
    size, length = x[0].numel(), x.square().flatten(1).sum(1)
    wide = 1 + high**2
    start = (length / wide - size / wide + size * math.log1p(high**-2)) / 2
    fit = torch.full_like(length, -size * (math.log(2 * math.pi * low**2) + 1) / 2)
    return Elbo(fit=fit, rate=start + path)
