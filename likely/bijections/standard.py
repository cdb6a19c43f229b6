r"""The laws that a flow may end in: every code alone, centred at zero.

Normal     log p(z) = -z^2 / 2 - log(2 pi) / 2                       (1)
Logistic   log p(z) = -z - 2 log(1 + e^-z), even in z                (2)
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from likely.distributions import log_normal
from likely.distributions.logistic import log_logistic
from likely.rng import Rng


class Standard(ABC):
    """A law of codes without parameters; concrete ones are frozen dataclasses."""

    @abstractmethod
    def log_prob(self, z: Tensor) -> Tensor:
        """log p of each code."""

    @abstractmethod
    def sample(self, shape: Sequence[int], *, like: Tensor, rng: Rng) -> Tensor:
        """Independent draws."""


@final
@dataclass(frozen=True)
class Normal(Standard):
    """(1)."""

    def log_prob(self, z: Tensor) -> Tensor:
        return log_normal(z, 0.0, 0.0)  # (1)

    def sample(self, shape: Sequence[int], *, like: Tensor, rng: Rng) -> Tensor:
        return rng.normal(shape, like=like)


@final
@dataclass(frozen=True)
class Logistic(Standard):
    """(2): tails fall as e^-|z|, so that far codes cost less."""

    def log_prob(self, z: Tensor) -> Tensor:
        return log_logistic(z, 0.0, 0.0)  # (2)

    def sample(self, shape: Sequence[int], *, like: Tensor, rng: Rng) -> Tensor:
        return torch.logit(rng.uniform(shape, like=like))
