r"""Penalties on a critic's slope, which keep a game from running away.

    ZeroCentred:   last^t (real E|grad f(x)|^2 + fake E|grad f(G(z))|^2) / 2                (1) R1 + R2
    Interpolated:  weight E(|grad f(y)| - 1)^2,  y uniform between a real and a fake row    (2) WGAN-GP

with t the share of the training that is done: a price that falls is steady while the laws are far apart, and blurs
little in the end. Both differentiate a gradient, which compiled code cannot do: the engine leaves such losses
uncompiled. Which training methods for GANs do actually converge? (Mescheder et al., 2018), arXiv:1801.04406
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, final

import torch
from torch import Tensor

from likely.errors import FieldError
from likely.rng import Rng

Critic = Callable[[Tensor], Tensor]  # rows -> scores; a score may judge several rows


class Judged(NamedTuple):
    """Rows and what the critic said of them; x requires grad, so that the score's slope can be asked for."""

    x: Tensor
    score: Tensor


class Penalty(ABC):
    """A price on the critic's slope."""

    @abstractmethod
    def price(self, critic: Critic, real: Judged, fake: Judged, *, rng: Rng, done: Tensor) -> Tensor:
        """A scalar to add to the critic's loss; `done` is the share of the training that is over."""


@final
@dataclass(frozen=True)
class Unpenalised(Penalty):
    """No penalty: the classic games."""

    def price(self, critic: Critic, real: Judged, fake: Judged, *, rng: Rng, done: Tensor) -> Tensor:
        return real.score.new_zeros(())


@final
@dataclass(frozen=True)
class ZeroCentred(Penalty):
    """R1 and R2: the critic is flat where players agree, so that the game settles there."""

    real: float = 0.02  # R1, on real rows: more is steadier and blurs detail
    fake: float = 0.02  # R2, on generated rows
    last: float = 1.0  # the share of both that is left at the end: below 1 they fall, steady first and sharp then

    def __post_init__(self) -> None:
        if not (0 <= self.real < math.inf and 0 <= self.fake < math.inf and 0 < self.last <= 1):
            told = f"ZeroCentred has real={self.real}, fake={self.fake} and last={self.last}"
            raise FieldError(told, expected="prices of at least 0; last above 0, at most 1")

    def price(self, critic: Critic, real: Judged, fake: Judged, *, rng: Rng, done: Tensor) -> Tensor:
        priced = [(weight, judged) for weight, judged in ((self.real, real), (self.fake, fake)) if weight]
        slopes = squared_slopes(*(judged for _, judged in priced))
        price = sum((weight * slope.mean() for (weight, _), slope in zip(priced, slopes)), real.score.new_zeros(()))
        return self.last**done * price / 2  # (1)


@final
@dataclass(frozen=True)
class Interpolated(Penalty):
    """The critic's slope is pulled to 1 between real and generated rows (Gulrajani et al., 2017)."""

    weight: float = 10.0  # the price: more holds the slope nearer to 1; rows of few columns want about 0.1

    def price(self, critic: Critic, real: Judged, fake: Judged, *, rng: Rng, done: Tensor) -> Tensor:
        share = rng.uniform((len(real.x), *(1,) * (real.x.dim() - 1)), like=real.x)
        between = (share * real.x + (1 - share) * fake.x).detach().requires_grad_()
        (squared,) = squared_slopes(Judged(between, critic(between)))
        return self.weight * ((squared + 1e-12).sqrt() - 1).square().mean()  # (2); a root has no derivative at 0


def squared_slopes(*judged: Judged) -> list[Tensor]:
    """|grad score|^2 of each, one value a score, differentiable in the critic's weights; one pass back for all."""
    if not judged:
        return []
    gradients = torch.autograd.grad([one.score.sum() for one in judged], [one.x for one in judged], create_graph=True)
    return [g.square().reshape(len(one.score), -1).sum(1) for g, one in zip(gradients, judged)]
