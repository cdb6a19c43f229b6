r"""Rows of which some cells are known, as something measured of their codes, whose law is a denoiser.

    p(known | z) = prod_j law_j(x_j | decoder(z))   for known cells j, times P(the others are there | z)             (1)
    codes come down from noise by particles twisted by (1)^v of the clean code seen, v = 1 / (1 + r^2 / TRUST^2)     (2)

r is what is left unsure of the clean code: early (1) would be believed too much. At the lowest level (2) is (1) itself,
so that codes are drawn from p(z | known) in the limit of many particles.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from likely.contracts import Filled, Model
from likely.diffusion.measured import Measured, Observed
from likely.diffusion.operator import Mask
from likely.diffusion.twisted import Twisted
from likely.diffusion.way import Descends
from likely.distributions.resampled import Said
from likely.errors import CannotAnswer
from likely.rng import Rng

TRUST, SURE = 0.3, 0.03  # standard deviations of codes: where (1) is half believed, and below which it is wholly
Saying = Callable[[Tensor, Tensor | None], Said]  # codes and conditions to laws of rows


@final
@dataclass(frozen=True, eq=False)
class Decoded(Measured):
    """Known cells of rows that codes say by a law: log p(known, all others there | code), whatever spread is left."""

    said: Saying
    x: Tensor
    known: Tensor
    c: Tensor | None = None
    codes: int = 1  # dimensions of a code

    @property
    def observed(self) -> Observed:
        return Observed(Mask(self.known & False), torch.zeros_like(self.x))  # nothing, of a code itself

    def log_prob(self, clean: Tensor, spread: Tensor) -> Tensor:
        apart = clean.shape[: clean.dim() - self.codes]
        rows = torch.arange(len(self.x), device=clean.device).repeat(math.prod(apart[:-1]))
        told = self.said(clean.flatten(0, len(apart) - 1), None if self.c is None else self.c[rows])
        left = (spread**2 - SURE**2).clamp(min=0) / TRUST**2
        return told.log_known(self.x[rows], self.known[rows]).view(apart) / (1 + left)  # (2)


def coded(
    law: Model, said: Saying, x: Tensor, known: Tensor, shape: Sequence[int], c: Tensor | None, *,
    particles: int, rng: Rng,
) -> Filled:  # fmt: skip
    """A code of each row (2)."""
    if not isinstance(law, Descends):
        raise CannotAnswer(f"{type(law).__name__.removesuffix('Model')}, the law of codes, does not denoise",
                           expected="a denoiser of codes, such as Diffusion")  # fmt: skip
    measured, like = Decoded(said, x, known, c, len(shape)), next(law.parameters())
    how = Twisted(particles=particles, steps=law.way.steps)
    return how.draw(law.denoise, measured, law.way, shape, len(x), c, like=like, rng=rng)
