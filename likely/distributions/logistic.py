r"""Ordered levels: a mixture of logistics, discretised to the L levels of a pixel.

    p(x = v) = sum_j w_j [F((b_v - m_j) / s_j) - F((a_v - m_j) / s_j)],   F(t) = 1 / (1 + e^-t)                      (1)
    level v is the interval (a_v, b_v) = (2v / L - 1, 2(v + 1) / L - 1); the first and the last reach to infinity    (2)
    log[F(b) - F(a)] = log F(b) + log F(-a) + log(1 - e^{a - b}),   b > a: nothing cancels                           (3)

so that the masses of the L levels sum to one exactly, in float32 too. Salimans et al. (2017), arXiv:1701.05517
"""

import math
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor
from torch.nn import functional as F

from likely.contracts import Sharpness, Space
from likely.distributions.law import Law, Observation, bounded, known, precise
from likely.distributions.layout import stacked, unstacked
from likely.distributions.sharpened import PLAIN, sharpened
from likely.errors import FieldError
from likely.rng import Rng
from likely.spaces import gappy, levels_of

SHARPEST = 7.0  # |log scale| stays below: a scale is at least a fraction e^-7 of half the range
LEVEL = -1.5  # log scale at zero parameters: broad, but within the range


def log_logistic(x: Tensor, mean: Tensor | float, log_scale: Tensor | float) -> Tensor:
    """The log-density of the logistic law, cell by cell."""
    t = (x - mean) * torch.exp(-torch.as_tensor(log_scale, dtype=x.dtype, device=x.device))
    return F.logsigmoid(t) + F.logsigmoid(-t) - log_scale


def draw_logistic(mean: Tensor, log_scale: Tensor, rng: Rng) -> Tensor:
    """mean + e^log_scale * noise, by inversion: one uniform a cell."""
    return mean + torch.exp(log_scale) * torch.logit(rng.uniform(mean.shape, like=mean))


def log_logistic_between(low: Tensor, high: Tensor, width: Tensor) -> Tensor:
    """log[F(high) - F(low)] from standardised bounds (infinite ones too) and their distance."""
    return F.logsigmoid(high) + F.logsigmoid(-low) + torch.log(-torch.expm1(-width))  # (3)


def log_level(level: Tensor, mean: Tensor, log_scale: Tensor, levels: int) -> Tensor:
    """The log-mass that a logistic law over [-1, 1] gives to each cell's level, of so many."""
    inverse, last = torch.exp(-log_scale), levels - 1
    low = ((2 / levels * level - 1) - mean) * inverse
    width = (2 / levels * inverse).masked_fill((level <= 0) | (level >= last), torch.inf)
    high = (low + 2 / levels * inverse).masked_fill(level >= last, torch.inf)
    return log_logistic_between(low.masked_fill(level <= 0, -torch.inf), high, width)  # (2)


def level_of(real: Tensor, levels: int) -> Tensor:
    """The level whose interval holds a real."""
    return ((real + 1) * (levels / 2)).floor().clamp(0, levels - 1)


@final
@dataclass(frozen=True)
class DiscretisedLogistic(Observation):
    """Pixels of ordered levels, each a mixture of logistics."""

    mixtures: int = 3  # more can say more peaks in one pixel, at three parameters each
    shared: bool = False  # True: one learned width for all pixels: none excuses a wrong colour by being unsure of it

    def __post_init__(self) -> None:
        if self.mixtures < 1:
            raise FieldError(f"DiscretisedLogistic.mixtures cannot be {self.mixtures}", expected="at least 1")
        if self.shared and self.mixtures > 1:
            raise FieldError("DiscretisedLogistic has several mixtures, and one width to be shared",
                             expected="mixtures=1 with shared=True")  # fmt: skip

    def law(self, space: Space) -> Law:
        return DiscretisedLogisticLaw(space, self.mixtures, shared=self.shared)


@final
class DiscretisedLogisticLaw(Law):
    """Independent pixels; the parameters of one are its mixture's log-weights (where several), means, log scales."""

    def __init__(self, space: Space, mixtures: int, *, shared: bool = False) -> None:
        levels = levels_of(space)
        if levels is None or gappy(space):
            raise FieldError(f"the discretised logistic law is over cells with levels, not {space!r:.80}",
                             remedy="leave the law out: each space has one of its own")  # fmt: skip
        self.space, self.levels, self.mixtures = space, levels, mixtures
        self.per = 3 * mixtures if mixtures > 1 else 2
        self.outputs = stacked(space, self.per)
        self.shared = self.outputs[0] // 2 if shared else 0

    def _terms(self, parameters: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """log w, m and log s, each (B, mixtures, *shape)."""
        cells = unstacked(precise(parameters), self.per, self.space)
        mean, raw = cells[:, -2 * self.mixtures :].chunk(2, 1)
        log_weight = cells[:, : self.mixtures].log_softmax(1) if self.mixtures > 1 else torch.zeros_like(mean)
        return log_weight, self._spread(mean), bounded(raw + LEVEL, SHARPEST)

    def _spread(self, mean: Tensor) -> Tensor:
        """Means start apart, so that the terms of a mixture are not born equal."""
        places = torch.arange(self.mixtures, dtype=mean.dtype, device=mean.device)
        return mean + ((2 * places + 1) / self.mixtures - 1).view(-1, *(1,) * (mean.dim() - 2))

    def cell_log_prob(self, x: Tensor, parameters: Tensor) -> Tensor:
        log_weight, mean, log_scale = self._terms(parameters)
        there = known(x)
        mass = log_level(torch.where(there, x, 0.0)[:, None], mean, log_scale, self.levels)
        return torch.where(there, torch.logsumexp(log_weight + mass, 1), 0.0)  # (1)

    def sample(self, parameters: Tensor, *, rng: Rng, sharpness: Sharpness = PLAIN) -> Tensor:
        log_weight, mean, log_scale = self._terms(parameters)
        term = rng.categorical(sharpened(log_weight.movedim(1, -1), sharpness)).unsqueeze(1)
        log_scale = log_scale.gather(1, term) + math.log(sharpness.temperature)
        return self._level(draw_logistic(mean.gather(1, term), log_scale, rng).squeeze(1))

    def mean(self, parameters: Tensor) -> Tensor:
        log_weight, mean, _ = self._terms(parameters)
        return self._level((log_weight.exp() * mean.clamp(-1, 1)).sum(1))

    def _level(self, real: Tensor) -> Tensor:
        return level_of(real, self.levels)
