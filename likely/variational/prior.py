r"""Priors of codes, by their weights.

    E_eps w(z, eps) = p(z)                                                                                           (1)
    E_q[p(x | z) w(z, eps) / q(z | x)] = p(x)                                                                        (2)

A prior that knows p(z) has w = p(z) and takes no noise. One with a level above the codes has an unbiased weight from a
draw of that level; by (2) it serves a bound and its tightening alike.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import NamedTuple, final

from torch import Tensor, nn

from likely.distributions.normal import HALF_LOG_2PI
from likely.rng import Rng
from likely.variational.posterior import Inference

Known = tuple[Tensor, ...]


class Prior(ABC):
    """The description of a prior, without its weights: a frozen dataclass that a family takes as a field."""

    @abstractmethod
    def law(self, latent: int, inference: Inference) -> "CodeLaw":
        """The law of codes of so many numbers, beside the posterior that they are inferred by."""


class Above(NamedTuple):
    """The numbers of the level above a code: (B, S, D) both, D = 0 where there is none."""

    mean: Tensor  # of what the level above is inferred to be
    rate: Tensor  # nats


class CodeLaw(nn.Module, ABC):
    """p(z) over codes (B, S, latent): S codes of each row, with noise (B, S, self.noise)."""

    noise: int = 0  # normals that each weight takes
    held: int = 0  # numbers that are held of each code while it is weighed

    @abstractmethod
    def forward(self, z: Tensor, noise: Tensor, known: Known) -> Tensor:
        """log w (B, S), as in (1)."""

    @abstractmethod
    def cells(self, z: Tensor, noise: Tensor, known: Known) -> Tensor:
        """log p of each number by itself, or given the level above: (B, S, latent)."""

    @abstractmethod
    def above(self, z: Tensor, noise: Tensor) -> Above:
        """What the level above spends."""

    @abstractmethod
    def known(self, inference: Inference) -> Known:
        """What weights and draws rest on beside the code: worked out once for many of them."""

    @abstractmethod
    def sample(self, n: int, known: Known, *, like: Tensor, rng: Rng) -> Tensor:
        """n codes (n, latent)."""

    @abstractmethod
    def prepare(self, x: Tensor, c: Tensor | None, *, rng: Rng) -> None:
        """Shown a sample of the data before the first step."""


@final
@dataclass(frozen=True, kw_only=True)
class StandardPrior(Prior):
    """N(0, I): nothing to learn."""

    def law(self, latent: int, inference: Inference) -> CodeLaw:
        return Standard(latent)


@final
class Standard(CodeLaw):
    """Independent standard normals."""

    def __init__(self, latent: int) -> None:
        super().__init__()
        self.latent = latent

    def forward(self, z: Tensor, noise: Tensor, known: Known) -> Tensor:
        return self.cells(z, noise, known).sum(2)

    def cells(self, z: Tensor, noise: Tensor, known: Known) -> Tensor:
        return -0.5 * z**2 - HALF_LOG_2PI

    def above(self, z: Tensor, noise: Tensor) -> Above:
        return nothing_above(z)

    def known(self, inference: Inference) -> Known:
        return ()

    def sample(self, n: int, known: Known, *, like: Tensor, rng: Rng) -> Tensor:
        return rng.normal((n, self.latent), like=like)

    def prepare(self, x: Tensor, c: Tensor | None, *, rng: Rng) -> None:
        """Nothing to settle."""


def nothing_above(z: Tensor) -> Above:
    """Of a prior of one level."""
    return Above(z[..., :0], z[..., :0])
