r"""Posteriors of codes: what an encoder says of z, and how z is drawn from it.

q(z | x, c) = N(m, e^{2 l}),   (m, l) = encoder(x) + hint(c)                                                     (1)
z = m + e^l eps,   log q(z | x, c) = log N(eps; 0, I) - sum_d l_d,   eps ~ N(0, I)                               (2)
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import NamedTuple, final

import torch
from torch import Tensor, nn

from likely.backbones import Network, encoder
from likely.contracts import Space
from likely.distributions import bounded, precise
from likely.distributions.normal import HALF_LOG_2PI

WIDEST = 7.0  # |log std| of a code stays below: e^l cannot overflow early in training


class Posterior(ABC):
    """The description of a posterior, without its weights: a frozen dataclass that a family takes as a field."""

    @abstractmethod
    def inference(self, latent: int, space: Space, condition: Space | None, network: Network | None) -> "Inference":
        """The encoder and what turns its words into a law of codes."""


class Moments(NamedTuple):
    """Of each number of a row's code: (B, latent) all."""

    mean: Tensor
    log_std: Tensor  # unbiased where it is estimated
    noise: Tensor  # the variance that the mean has from being estimated; 0 where it is exact


class Inference(nn.Module, ABC):
    """q(z | x, c). What the encoder says of a row is one row of numbers, so that it can be cut and repeated."""

    def __init__(
        self, latent: int, outputs: int, space: Space, condition: Space | None, network: Network | None
    ) -> None:
        super().__init__()
        self.latent, self.space, self.condition = latent, space, condition
        self.encoder = encoder(space, outputs, network)
        self.hint = encoder(condition, outputs) if condition is not None else None

    def forward(self, x: Tensor, c: Tensor | None = None) -> Tensor:
        """What is said of each row's code (B, outputs)."""
        told = self.encoder(x).summary
        if self.hint is not None and c is not None:
            told = told + self.hint(c).summary
        return precise(told)

    @abstractmethod
    def draw(self, told: Tensor, eps: Tensor) -> tuple[Tensor, Tensor]:
        """Codes and their log q from normals eps (B, S, latent): (B, S, latent) and (B, S)."""

    @abstractmethod
    def mean(self, told: Tensor) -> Tensor:
        """E[z | x, c]: (B, latent)."""

    @abstractmethod
    def moments(self, told: Tensor, z: Tensor) -> Moments:
        """Mean and spread of each number of a code, of which z (B, S, latent) are draws."""


@final
@dataclass(frozen=True, kw_only=True)
class GaussianPosterior(Posterior):
    """Independent normals, one for each number of a code."""

    def inference(self, latent: int, space: Space, condition: Space | None, network: Network | None) -> Inference:
        return GaussianInference(latent, 2 * latent, space, condition, network)


@final
class GaussianInference(Inference):
    """The encoder says means, then log standard deviations."""

    def draw(self, told: Tensor, eps: Tensor) -> tuple[Tensor, Tensor]:
        mean, log_std = mean_log_std(told)
        return moved(mean, log_std, eps)

    def mean(self, told: Tensor) -> Tensor:
        return mean_log_std(told)[0]

    def moments(self, told: Tensor, z: Tensor) -> Moments:
        mean, log_std = mean_log_std(told)
        return Moments(mean, log_std, torch.zeros_like(mean))


def mean_log_std(told: Tensor) -> tuple[Tensor, Tensor]:
    """The two halves of what is said of normals."""
    mean, raw = told.chunk(2, -1)  # (1)
    return mean, bounded(raw, WIDEST)


def moved(mean: Tensor, log_std: Tensor, eps: Tensor) -> tuple[Tensor, Tensor]:
    """Normals (B, D) at the noise eps (B, S, D): values and their log-densities (B, S)."""
    z = mean[:, None] + torch.exp(log_std)[:, None] * eps
    return z, -(0.5 * eps**2 + log_std[:, None] + HALF_LOG_2PI).sum(2)  # (2)
