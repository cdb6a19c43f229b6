r"""Cells of two levels: every one a coin.

log p(x | l) = x l - log(1 + e^l),   x in {0, 1}                                                                 (1)
"""

from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor
from torch.nn import functional as F

from likely.contracts import Sharpness, Space
from likely.distributions.law import Law, Observation, known, precise
from likely.distributions.sharpened import PLAIN, sharpened
from likely.errors import FieldError
from likely.rng import Rng
from likely.spaces import gappy, levels_of


@final
@dataclass(frozen=True)
class Bernoulli(Observation):
    """Cells of two levels, each with a log-odds of its own."""

    def law(self, space: Space) -> Law:
        return BernoulliLaw(space)


@final
class BernoulliLaw(Law):
    """Independent coins; the parameters are log-odds."""

    broadcasts = True

    def __init__(self, space: Space) -> None:
        if levels_of(space) != 2 or gappy(space):
            raise FieldError(f"the Bernoulli law is over images, series and sounds of 2 levels, not {space!r:.80}",
                             remedy="leave the law out: each space has one of its own")  # fmt: skip
        self.outputs = space.shape

    def cell_log_prob(self, x: Tensor, parameters: Tensor) -> Tensor:
        there, logit = known(x), precise(parameters)
        return torch.where(there, x, 0.0) * logit - there.to(x.dtype) * F.softplus(logit)  # (1)

    def sample(self, parameters: Tensor, *, rng: Rng, sharpness: Sharpness = PLAIN) -> Tensor:
        logit = precise(parameters)
        if sharpness == PLAIN:
            return rng.bernoulli(logit.sigmoid())
        off, on = sharpened(torch.stack([torch.zeros_like(logit), logit], -1), sharpness).unbind(-1)
        return rng.bernoulli((on - off).sigmoid())

    def mean(self, parameters: Tensor) -> Tensor:
        return (parameters > 0).to(precise(parameters).dtype)
