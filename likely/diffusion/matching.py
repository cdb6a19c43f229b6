r"""Score matching: three losses with one minimiser, the score s of rows with noise, at every level.

With F = sigma s(x_sigma), the raw network of a `Score` parametrisation, and d cells a row:

    Denoising   mean |F + eps|^2,   eps the noise of x_sigma                            (1) Vincent (2011)
    Traced      mean |F|^2 + 2 sigma tr(dF/dx)                                          (2) Hyvarinen (2005)
    Sliced      mean |F|^2 + 2 sigma e' (dF/dx) e,   e = +1 or -1 in every cell         (3) Song et al. (2019)
    all  =  mean |F - sigma grad log p_sigma|^2 + constant                              (4) in expectation

each a mean over rows and cells. (2) is (1) less 1, and (3) is (2) in expectation over e, less noisy with more slices
and noisier than (1): neither needs to know the noise, so that they also learn the score of rows as they are. (3) takes
a gradient of a gradient for every slice, (2) one for every cell.

Sliced score matching (Song et al., 2019), arXiv:1905.07088
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from likely.contracts import Space
from likely.diffusion.flow import beside
from likely.diffusion.learning import denoising_loss, hidden, noised
from likely.diffusion.parametrisation import Preconditioned
from likely.diffusion.schedule import Schedule
from likely.errors import FieldError
from likely.rng import Rng

Along = Callable[[Tensor, Rng], Iterable[Tensor]]  # the directions e of (2) and (3)
MOST = 64  # cells a row, each of which costs a gradient


class Matching(ABC):
    """What is lowered so that a network becomes the score."""

    @abstractmethod
    def check(self, space: Space) -> None:
        """An error where rows of this space are too wide for it."""

    @abstractmethod
    def loss(
        self, denoiser: Preconditioned, x: Tensor, c: Tensor | None = None, *, schedule: Schedule, drop: float, rng: Rng
    ) -> Tensor:
        """A scalar, on these rows with noise of this schedule's levels."""


@final
@dataclass(frozen=True)
class Denoising(Matching):
    """The noise is what the score must point away from: quick, and the least noisy."""

    def check(self, space: Space) -> None:
        return

    def loss(
        self, denoiser: Preconditioned, x: Tensor, c: Tensor | None = None, *, schedule: Schedule, drop: float, rng: Rng
    ) -> Tensor:
        return denoising_loss(denoiser, x, c, schedule=schedule, drop=drop, rng=rng)  # (1)


@final
@dataclass(frozen=True)
class Sliced(Matching):
    """The score's own divergence along random directions, without a look at the noise."""

    slices: int = 1  # directions a row: more are slower and less noisy

    def __post_init__(self) -> None:
        if self.slices < 1:
            raise FieldError(f"Sliced.slices is {self.slices}", expected="at least 1")

    def check(self, space: Space) -> None:
        return

    def loss(
        self, denoiser: Preconditioned, x: Tensor, c: Tensor | None = None, *, schedule: Schedule, drop: float, rng: Rng
    ) -> Tensor:
        return matched(denoiser, x, c, self._along, schedule=schedule, drop=drop, rng=rng)  # (3)

    def _along(self, x: Tensor, rng: Rng) -> Iterable[Tensor]:
        levels = rng.uniform((len(x), self.slices, *x.shape[1:]), like=x)
        return (torch.where(levels < 0.5, -1.0, 1.0).to(x) / math.sqrt(self.slices)).unbind(1)


@final
@dataclass(frozen=True)
class Traced(Matching):
    """The score's own divergence, cell by cell: for rows of few cells."""

    def check(self, space: Space) -> None:
        if math.prod(space.shape) > MOST:
            raise FieldError(
                f"Traced() takes a gradient for each of a row's {math.prod(space.shape):,} cells",
                expected=f"at most {MOST}",
                remedy="matching=Sliced(), which takes them along random directions, or Denoising()",
            )

    def loss(
        self, denoiser: Preconditioned, x: Tensor, c: Tensor | None = None, *, schedule: Schedule, drop: float, rng: Rng
    ) -> Tensor:
        return matched(denoiser, x, c, _cells, schedule=schedule, drop=drop, rng=rng)  # (2)


def matched(
    denoiser: Preconditioned, x: Tensor, c: Tensor | None, along: Along, *, schedule: Schedule, drop: float, rng: Rng
) -> Tensor:
    """The mean of |F|^2 + 2 sigma sum_e e' (dF/dx) e."""
    seen = noised(x, schedule, rng=rng)
    told = hidden(c, drop, like=x, rng=rng)
    with torch.enable_grad():
        x_t, wide = seen.x.requires_grad_(), beside(seen.sigma, x)
        pointed = (denoiser(x_t, seen.sigma, told) - x_t) / wide  # F
        bent = sum((_bent(pointed, x_t, e) for e in along(x, rng)), torch.zeros_like(x))
        return (pointed.square() + 2 * wide * bent).mean()


def _bent(pointed: Tensor, x_t: Tensor, e: Tensor) -> Tensor:
    """e' (dF/dx) e, cell by cell."""
    return e * torch.autograd.grad(pointed, x_t, e, create_graph=True)[0]


def _cells(x: Tensor, rng: Rng) -> Iterable[Tensor]:
    """One direction a cell."""
    size = x[0].numel()
    whole = torch.eye(size, dtype=x.dtype, device=x.device).view(-1, 1, *x.shape[1:])
    return (one.expand_as(x) for one in whole)
