r"""One real cell: a mixture of logistics, for several peaks.

    log f(x) = log sum_j w_j l((x - m_j) / s_j) / s_j,   l(t) = e^-t / (1 + e^-t)^2                                  (1)

PixelCNN++ (Salimans et al., 2017), arXiv:1701.05517
"""

import math
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from likely.contracts import Sharpness
from likely.distributions.law import bounded
from likely.distributions.logistic import draw_logistic, log_logistic
from likely.distributions.normal import WIDEST
from likely.distributions.sharpened import PLAIN, sharpened
from likely.distributions.student import RealLaw
from likely.errors import FieldError
from likely.rng import Rng

SPREAD = 2.0  # at zero parameters the means lie between -SPREAD and SPREAD
NARROWEST = 3.0  # the steepest a mixture starts: log of how much narrower than the whole


@final
@dataclass(frozen=True)
class Logistics(RealLaw):
    """A mixture of logistics."""

    components: int = 10  # more can say more peaks in one cell, at three parameters each

    def __post_init__(self) -> None:
        if self.components < 1:
            raise FieldError(f"Logistics.components cannot be {self.components}", expected="at least 1")

    @property
    def parameters(self) -> int:
        return 3 * self.components

    def log_prob(self, x: Tensor, raw: Tensor) -> Tensor:
        log_weight, mean, log_scale = self._terms(raw)
        return torch.logsumexp(log_weight + log_logistic(x[:, None], mean, log_scale), 1)  # (1)

    def draw(self, raw: Tensor, *, rng: Rng, sharpness: Sharpness = PLAIN) -> Tensor:
        log_weight, mean, log_scale = self._terms(raw)
        term = rng.categorical(sharpened(log_weight.movedim(1, -1), sharpness))[:, None]
        log_scale = log_scale.gather(1, term) + math.log(sharpness.temperature)
        return draw_logistic(mean.gather(1, term), log_scale, rng)[:, 0]

    def mean(self, raw: Tensor) -> Tensor:
        log_weight, mean, _ = self._terms(raw)
        return (log_weight.exp() * mean).sum(1)

    def start(self, values: Tensor) -> Tensor:
        """Parameters (parameters,) whose law is roughly that of these values (N,): a term at every quantile."""
        K = self.components
        at = (torch.arange(K, dtype=values.dtype, device=values.device) + 0.5) / K
        mean, whole = values.quantile(at), values.std(correction=0).clamp(min=1e-3)
        apart = (mean.diff() / 2 if K > 1 else whole[None] / 2).clamp(min=whole.item() * math.exp(-NARROWEST))
        wide = torch.cat([apart[:1], torch.maximum(apart[1:], apart[:-1]), apart[-1:]])[:K]
        log_scale = wide.log().clamp(-0.9 * WIDEST, 0.9 * WIDEST)
        return torch.cat([torch.zeros_like(mean), mean - self._places(mean), WIDEST * torch.atanh(log_scale / WIDEST)])

    def _terms(self, raw: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """log w, m and log s, each (B, components, R)."""
        log_weight, mean, log_scale = raw.chunk(3, 1)
        return log_weight.log_softmax(1), mean + self._places(mean)[:, None], bounded(log_scale, WIDEST)

    def _places(self, like: Tensor) -> Tensor:
        """Means start apart, so that the terms of a mixture are not born equal."""
        places = torch.arange(self.components, dtype=like.dtype, device=like.device)
        return SPREAD * ((2 * places + 1) / self.components - 1)
