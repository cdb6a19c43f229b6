r"""Variances of ancestral steps, from a level t to a level s below, learned if wanted.

    a = s^2 (1 - s^2 / t^2), the variance of q(z_s | z_t, x): right where x is known                                 (1)
    b = (1 + s^2) (t^2 - s^2) / (1 + t^2): right where x ~ N(0, I)                                                   (2)
    log variance = v log b + (1 - v) log a,   v a network's, of z_t, t and c                                        (3)
    KL(q(z_s | z_t, x) || N(., w)) = sum over cells of (log(w / a) + (a + (1 - s^2/t^2)^2 (x - D)^2) / w - 1) / 2    (4)

v learns from (4), in which D stands as it is: the mean learns from its own loss alone. The network is its own, so that
no weight between the two losses has to be chosen. What is right is a + (1 - s^2 / t^2)^2 Var(x | z_t), which is between
(1) and (2) for data that vary less than N(0, I); as steps grow short all of these become one.

Improved denoising diffusion probabilistic models (Nichol & Dhariwal, 2021), arXiv:2102.09672
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor, nn

from likely.backbones import Network
from likely.backbones import denoiser as network_for
from likely.contracts import Space
from likely.diffusion.flow import beside
from likely.errors import FieldError

StepVariance = Callable[[Tensor, Tensor, Tensor, Tensor | None], Tensor]  # of z_t, t, s (B,), c: like z_t


class Variance(ABC):
    """The description of what variances ancestral steps have, beside the least."""

    rungs: int  # steps of the ladder that they are learned for

    @abstractmethod
    def steps(self, space: Space, condition: Space | None) -> "LearnedVariance":
        """What says them."""


@final
@dataclass(frozen=True, kw_only=True)
class Learned(Variance):
    """A network of its own tells each cell's variance: few ancestral steps come closer to the data."""

    network: Network | None = None  # the network's shape; none chooses by the data
    rungs: int = 100  # steps of the ladder that variances are learned for: about as many as samples will take

    def __post_init__(self) -> None:
        if self.rungs < 2:
            raise FieldError(f"Learned.rungs is {self.rungs}", expected="at least 2 steps")

    def steps(self, space: Space, condition: Space | None) -> "LearnedVariance":
        return LearnedVariance(network_for(space, condition=condition, network=self.network))


@final
class LearnedVariance(nn.Module):
    """(3)"""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, z_t: Tensor, t: Tensor, s: Tensor, c: Tensor | None = None) -> Tensor:
        seen = z_t / (1 + beside(t, z_t) ** 2).sqrt()
        v = (1 + self.network(seen, t.log() / 4, c)) / 2
        low, high = (beside(each(t, s).log(), z_t) for each in (least, most))
        return torch.exp(low + v * (high - low))  # (3)


def least(t: Tensor, s: Tensor) -> Tensor:
    """(1)"""
    return s**2 * (1 - (s / t) ** 2)


def most(t: Tensor, s: Tensor) -> Tensor:
    """(2)"""
    return (1 + s**2) * (t**2 - s**2) / (1 + t**2)


def divergence(x: Tensor, clean: Tensor, t: Tensor, s: Tensor, variance: Tensor | None = None) -> Tensor:
    """(4) of each row, whose levels are t and s (B,); without a variance, of the least."""
    a, pulled = beside(least(t, s), x), beside(1 - (s / t) ** 2, x) * (x - clean)
    if variance is None:
        return (pulled.square() / a / 2).flatten(1).sum(1)
    return ((variance / a).log() + (a + pulled.square()) / variance - 1).flatten(1).sum(1) / 2  # (4)
