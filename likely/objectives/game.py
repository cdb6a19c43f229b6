r"""Games between a generator G and a critic f: its scores are a = f(x) on real rows, b = f(G(z)) on generated ones.

                    the critic lowers                    the generator lowers     an encoder lowers
    Minimax         -log s(a) - log(1 - s(b))            log(1 - s(b))            log s(a)             (1)
    NonSaturating   -log s(a) - log(1 - s(b))            -log s(b)                -log(1 - s(a))       (2)
    Relativistic    -log s(a - b)                        -log s(b - a)            (the same)           (3)
    LeastSquares    ((a - 1)^2 + b^2) / 2                (b - 1)^2 / 2            a^2 / 2              (4)
    Hinge           max(0, 1 - a) + max(0, 1 + b)        -b                       a                    (5)
    Wasserstein     b - a                                -b                       a                    (6)

with s the logistic function. The encoder's column is for games about pairs of a row and its code, where somebody makes
the real rows' codes: a generator's loss in the mirror. At the best critic, for densities p of real and q of generated
rows, the critic's loss is 2 log 2 - 2 JS(p, q) in (1) and (2), (2 - X) / 8 with X = chi^2(p + q || 2 q) in (4),
2 - |p - q|_1 in (5), and minus the earth mover's distance in (6) over critics with slopes of at most 1.

In (3) every generated row is judged beside a real one: a generator that leaves a mode out is told so, and with
zero-centred penalties the game converges near its solution (Huang et al., 2024, arXiv:2501.05441).
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, final

import torch
from torch import Tensor
from torch.nn.functional import softplus

from likely.objectives.penalty import Interpolated, Penalty, Unpenalised, ZeroCentred


class Game(ABC):
    """What each player wants, as losses of scores, one value a pair; and the price of the critic's slope."""

    paired: ClassVar[bool] = False  # whether the generator's loss asks what the critic says of real rows
    penalty: Penalty
    clip: float | None = None

    @abstractmethod
    def critic_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        """What the critic lowers, given its scores."""

    @abstractmethod
    def generator_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        """What the generator lowers, given the critic's scores."""

    @abstractmethod
    def encoder_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        """What an encoder lowers beside it, where the rows come with codes and the real rows' are made by it."""


@final
@dataclass(frozen=True)
class Relativistic(Game):
    """Pairs: is this real row more real than that generated one? The default, with R1 and R2."""

    paired: ClassVar[bool] = True
    penalty: Penalty = ZeroCentred()  # the price of the critic's slope

    def critic_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        return softplus(fake - real)  # (3)

    def generator_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        return softplus(real - fake)  # (3)

    def encoder_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        return torch.zeros_like(real)  # (3) has both in one


@final
@dataclass(frozen=True)
class Minimax(Game):
    """The first GAN (Goodfellow et al., 2014): its generator learns little while it loses."""

    penalty: Penalty = Unpenalised()  # the price of the critic's slope

    def critic_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        return softplus(-real) + softplus(fake)  # (1)

    def generator_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        return -softplus(fake)  # (1)

    def encoder_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        return -softplus(-real)  # (1)


@final
@dataclass(frozen=True)
class NonSaturating(Game):
    """The first GAN with a generator that learns while it loses."""

    penalty: Penalty = Unpenalised()  # the price of the critic's slope

    def critic_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        return softplus(-real) + softplus(fake)  # (2)

    def generator_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        return softplus(-fake)  # (2)

    def encoder_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        return softplus(real)  # (2)


@final
@dataclass(frozen=True)
class LeastSquares(Game):
    """Scores are regressed to 1 and 0 (Mao et al., 2017)."""

    penalty: Penalty = Unpenalised()  # the price of the critic's slope

    def critic_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        return ((real - 1).square() + fake.square()) / 2  # (4)

    def generator_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        return (fake - 1).square() / 2  # (4)

    def encoder_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        return real.square() / 2  # (4)


@final
@dataclass(frozen=True)
class Hinge(Game):
    """The critic stops caring beyond a margin (Lim & Ye, 2017)."""

    penalty: Penalty = Unpenalised()  # the price of the critic's slope

    def critic_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        return (1 - real).relu() + (1 + fake).relu()  # (5)

    def generator_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        return -fake  # (5)

    def encoder_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        return real  # (5)


@final
@dataclass(frozen=True)
class Wasserstein(Game):
    """The earth mover's distance (Arjovsky et al., 2017): wants several critic turns, and a slope of at most 1."""

    penalty: Penalty = Interpolated()  # the price of the critic's slope
    clip: float | None = None  # hold the critic's weights within this: the original way, without a penalty

    def critic_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        return fake - real  # (6)

    def generator_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        return -fake  # (6)

    def encoder_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        return real  # (6)
