r"""Tweedie's formula: a denoiser is a score, and a denoiser at each of several levels is a way from noise to data.

    p_sigma the law of x + sigma eps:   grad log p_sigma(x_sigma) = (E[x | x_sigma] - x_sigma) / sigma^2         (1)
    D(x; sigma) = D_k(x),   k the link whose level is nearest to sigma                  (2) a chain

Whatever minimises the squared error of rows that were spoilt by Gaussian noise of one level is D at that level: so is a
denoising autoencoder. A chain of them over falling levels is walked by annealed Langevin dynamics, which asks for no
level between.

    chain = Chain((high, first.restore), ..., (low, last.restore))
    drawn(chain, Way(Geometric(low, high), AnnealedLangevin(moves), steps), shape, n, like=..., rng=rng)

A connection between score matching and denoising autoencoders (Vincent, 2011), doi:10.1162/NECO_a_00142
"""

from collections.abc import Callable
from typing import final

import torch
from torch import Tensor

from likely.diffusion.flow import beside
from likely.diffusion.sampler import Denoiser
from likely.errors import FieldError

Link = Callable[[Tensor, Tensor | None], Tensor]  # E[x | x_sigma, c] at one level
NEAR = 0.05  # of log sigma: how far from every link's level one may look


def score_of(denoiser: Denoiser, x_t: Tensor, sigma: Tensor, c: Tensor | None = None) -> Tensor:
    """The gradient of the log-density of rows with noise of these levels."""
    return (denoiser(x_t, sigma, c) - x_t) / beside(sigma, x_t) ** 2  # (1)


@final
class Chain:
    """Denoisers of one level each, together a denoiser at those levels."""

    def __init__(self, *links: tuple[float, Link]) -> None:
        if not links or min(level for level, _ in links) <= 0:
            raise FieldError("a chain has no level of noise", expected="denoisers with levels above 0")
        self.links = links

    def __call__(self, x_t: Tensor, sigma: Tensor, c: Tensor | None = None) -> Tensor:
        gaps = (
            sigma.double().log()[:, None] - sigma.new_tensor([level for level, _ in self.links]).double().log()
        ).abs()
        if float(gaps.min(1).values.max()) > NEAR:
            raise self._unknown(sigma, gaps)
        nearest, clean = gaps.argmin(1), torch.empty_like(x_t)
        for place in nearest.unique().tolist():
            rows = nearest == place
            clean[rows] = self.links[place][1](x_t[rows], None if c is None else c[rows])  # (2)
        return clean

    def _unknown(self, sigma: Tensor, gaps: Tensor) -> FieldError:
        asked, known = float(sigma[gaps.min(1).values.argmax()]), sorted(level for level, _ in self.links)
        return FieldError(
            f"no link of the chain denoises at level {asked:.3g}",
            expected=f"one of {', '.join(f'{level:.3g}' for level in known)}",
            remedy=f"as many levels as links: with m moves a level, {len(known)} m + 1 steps",
        )
