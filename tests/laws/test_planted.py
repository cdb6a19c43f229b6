"""Planted bugs, each caught by a law: a log-det's sign, a missing -log N, an ignored seed, a leak across the batch,
noise from the global generator, a bound above its density, a known cell redrawn, a dead parameter."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, final

import pytest
import torch
from torch import Tensor, nn

from likely.contracts import Completes, Density, Elbo, Evidence, Family, Lifted, Player, Trained, Turn, Weighted
from likely.rng import Keyed
from likely.spaces import reals
from likely.testing import Case, verdict

HALF_LOG_TWO_PI = 0.9189385332046727


def normal(x: Tensor) -> Tensor:
    return (-0.5 * x**2 - HALF_LOG_TWO_PI).sum(1)


class Right(Density):
    """A kernel estimate of 40 fixed points in the plane, stretched: right in every way."""

    SCALE = 2.0

    def __init__(self, space, condition=None):
        super().__init__(space, condition)
        self.register_buffer("points", Keyed(0).normal((40, 2), like=torch.empty(0)))

    def log_prob(self, x, c=None):
        return self.kernels(x / self.SCALE) - 2 * torch.log(torch.tensor(self.SCALE))

    def kernels(self, y):
        each = torch.stack([normal(y - point) for point in self.points], 1)
        return each.logsumexp(1) - torch.log(torch.tensor(40.0))

    def sample(self, n, c=None, *, rng):
        picks = rng.integers(40, (n,), like=self.points)
        return self.SCALE * (self.points[picks] + rng.normal((n, 2), like=self.points))


@final
class WrongSign(Right):
    def log_prob(self, x, c=None):
        return self.kernels(x / self.SCALE) + 2 * torch.log(torch.tensor(self.SCALE))


@final
class NoLogN(Right):
    def kernels(self, y):
        return super().kernels(y) + torch.log(torch.tensor(40.0))


@final
class IgnoredSeed(Right):
    def sample(self, n, c=None, *, rng):
        return super().sample(n, c, rng=Keyed(0))


@final
class GlobalNoise(Right):
    def sample(self, n, c=None, *, rng):
        return super().sample(n, c, rng=rng) + 0.0 * torch.randn(n, 2)


@final
class Leak(Right):
    def log_prob(self, x, c=None):
        return super().log_prob(x - 0.1 * (x - x.mean(0)))


@final
class WholeBatchNoise(Right):
    def sample(self, n, c=None, *, rng):
        return super().sample(n, c, rng=rng).flip(0)


@final
class Redraws(Right, Completes):
    def complete(self, x, evidence: Evidence, c=None, *, rng):
        return rng.normal(x.shape, like=x)

    def log_evidence(self, x, evidence, c=None):
        return self.log_prob(x)


@final
class TooGoodABound(Weighted, Trained):
    """An ELBO that forgets its rate."""

    def __init__(self, space, condition=None):
        super().__init__(space, condition)
        self.mean = nn.Parameter(torch.zeros(2))
        self.dead = nn.Parameter(torch.zeros(2))

    def sample(self, n, c=None, *, rng):
        return self.mean + rng.normal((n, 2), like=self.mean)

    def elbo(self, x, c=None, *, rng):
        return Elbo(normal(x - self.mean), torch.full((len(x),), -3.0))

    def log_weights(self, x, c=None, *, draws, rng):
        return normal(x - self.mean)[:, None].expand(-1, draws) + 0.1 * rng.normal((len(x), draws), like=x)

    def players(self):
        return {"all": Player(self)}

    def turns(self, x, c=None, *, rng) -> Iterator[Turn]:
        yield Turn("all", lambda: -self.elbo(x, rng=rng).value.mean() + 0.0 * self.dead.sum())


@dataclass(frozen=True)
class Planted(Family):
    model: type
    lifted: ClassVar[Lifted] = Lifted.NOT

    def build(self, space, condition=None):
        return self.model(space, condition)


def outcome(model: type, law: str) -> str:
    return verdict(Case(Planted(model), reals(2)), law).outcome


@pytest.mark.parametrize(
    ("bug", "law"),
    [
        (WrongSign, "the mass is one and is where the samples fall"),
        (NoLogN, "the mass is one and is where the samples fall"),
        (IgnoredSeed, "the same seed gives the same sample"),
        (GlobalNoise, "the global generator is left alone"),
        (Leak, "a row s density does not depend on its company"),
        (WholeBatchNoise, "a sample row does not depend on its company"),
    ],
)
def test_a_planted_bug_is_caught_and_its_absence_is_not(bug, law):
    assert outcome(Right, law) == "passed"
    assert outcome(bug, law) == "failed"


def test_a_redrawn_known_cell_is_caught():
    assert outcome(Redraws, "completion leaves what is known") == "failed"


def test_a_bound_without_its_rate_and_a_dead_parameter_are_caught():
    assert outcome(TooGoodABound, "more importance samples do not lower the bound") == "failed"
    assert outcome(TooGoodABound, "every parameter gets a gradient") == "failed"
