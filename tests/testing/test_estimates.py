"""The law of estimates passes an honest one and catches a leak across rows and a number without its error."""

from dataclasses import dataclass
from typing import Any, final

import pytest
import torch

from likely.contracts import Estimate, Estimated, Family
from likely.spaces import reals
from likely.testing import Case, verdict

LAW = "an estimate is finite and row by row"


@final
class Guess(Estimated):
    """N(0, I), with noise of a known size, and a bug where one is planted."""

    def __init__(self, bug):
        super().__init__(reals(2))
        self.bug = bug

    def log_prob_estimate(self, x, c=None, *, rng):
        value = -x.square().sum(1) / 2 + 0.1 * rng.normal((len(x),), like=x)
        if self.bug == "leak":
            value = value + x.mean()
        if self.bug == "nan":
            value = torch.where(torch.arange(len(x)) == 2, float("nan"), value)
        return Estimate(value, torch.full((1 if self.bug == "one" else len(x),), 0.1))

    def sample(self, n, c=None, *, rng):
        return rng.normal((n, 2), like=torch.empty(0))


@dataclass(frozen=True, kw_only=True)
class Guessing(Family[Any]):
    """The family of one."""

    bug: str = ""

    def build(self, space, condition=None):
        return Guess(self.bug)


@pytest.mark.parametrize(("bug", "outcome"), [("", "passed"), ("leak", "failed"), ("nan", "failed"), ("one", "failed")])
def test_what_it_lets_pass(bug, outcome):
    assert verdict(Case(Guessing(bug=bug), reals(2)), LAW).outcome == outcome
