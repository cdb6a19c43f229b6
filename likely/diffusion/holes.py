r"""Denoisers that are shown a part of the clean row, and so learn to fill in the rest.

    m ~ holes;   D(x_sigma, m x, m; sigma, c) = E[x | x_sigma, m x, c],   learned on all cells as without m         (1)
    a draw of p(x | m x, c) is a walk down from noise with (1);   m = 0, of which there is a share, is D itself     (2)

What is known is seen at every level, where ways that lead an unconditional denoiser must infer it from what is left of
the noise. The conditionals are learned one by one, so that they need not be those of any one law of whole rows.
GLIDE (Nichol et al., 2021), arXiv:2112.10741
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from likely.diffusion.flow import beside
from likely.diffusion.parametrisation import Preconditioned
from likely.diffusion.sampler import Denoiser
from likely.diffusion.way import Descends, drawn
from likely.errors import FieldError
from likely.rng import Rng
from likely.spaces import Image, Series, Wave

BEYOND = 0.25  # sides of the picture by which the ends of a box may lie outside it: many boxes reach the edge


class Holes(ABC):
    """The law of what is known of a row in training."""

    @abstractmethod
    def known(self, space: Image | Series | Wave, rows: int, *, like: Tensor, rng: Rng) -> Tensor:
        """(B, *space.shape) bool, all channels of a place alike (1)."""


@final
@dataclass(frozen=True, kw_only=True)
class Patches(Holes):
    """Boxes of any size, known or unknown, and places known at random."""

    blank: float = 0.2  # share of rows of which nothing is known: more is better at whole rows
    dots: float = 0.3  # share of the others whose places are known at random, the rest of them having a box

    def __post_init__(self) -> None:
        if not (0 < self.blank < 1 and 0 <= self.dots <= 1):
            raise FieldError(f"{self} says no law of what is known", expected="blank above 0, below 1; dots a share")

    def known(self, space: Image | Series | Wave, rows: int, *, like: Tensor, rng: Rng) -> Tensor:
        sides = space.shape if isinstance(space, Wave) else space.shape[1:]
        each = rng.uniform((rows, *sides), like=like)
        chance, turned, share = (beside(values, each) for values in rng.uniform((rows, 3), like=like).unbind(1))
        boxed = _boxes(rows, sides, like, rng) ^ (turned < 0.5)
        known = torch.where(chance < self.blank + (1 - self.blank) * self.dots, each < share, boxed)
        known &= chance >= self.blank
        return known if isinstance(space, Wave) else known.unsqueeze(1).expand(rows, *space.shape)


class Informed(Descends):
    """Denoises rows of which a part is shown (1)."""

    @abstractmethod
    def informed(self, x: Tensor, known: Tensor) -> Denoiser:
        """The denoiser of as many rows, whose known cells are those of x."""


@final
@dataclass(frozen=True)
class Shown:
    """(1) with what is known of some rows: a denoiser of these rows, for every sampler and guide."""

    denoiser: Preconditioned
    shown: Tensor  # (B, 2 C, ...)

    def __call__(self, x_t: Tensor, sigma: Tensor, c: Tensor | None = None) -> Tensor:
        again = len(x_t) // len(self.shown)  # guidance asks for the same rows twice
        return self.denoiser(x_t, sigma, c, self.shown.repeat(again, *(1,) * (self.shown.dim() - 1)))


def shown(x: Tensor, known: Tensor) -> Tensor:
    """(B, 2 C, ...): m x, and m."""
    return torch.cat([torch.where(known, x, 0.0), known.to(x)], 1)


def filled_in(model: Informed, x: Tensor, known: Tensor, c: Tensor | None = None, *, rng: Rng) -> Tensor:
    """(2), the known cells as they were."""
    made = drawn(model.informed(x, known), model.way, x.shape[1:], len(x), c, like=x, rng=rng).x
    return torch.where(known, x, made)


def _boxes(rows: int, sides: Sequence[int], like: Tensor, rng: Rng) -> Tensor:
    """(B, *sides): within a box."""
    within = torch.ones(rows, *sides, dtype=torch.bool, device=like.device)
    for axis, side in enumerate(sides, start=1):
        ends = rng.uniform((rows, 2), like=like) * (1 + 2 * BEYOND) - BEYOND
        places = (torch.arange(side, device=like.device) + 0.5) / side
        one = (places > ends.amin(1, keepdim=True)) & (places < ends.amax(1, keepdim=True))
        within &= one.view(rows, *(side if other == axis else 1 for other in range(1, len(sides) + 1)))
    return within
