r"""The channels of a pixel together: a mixture of discretised logistics, each channel leaning on the earlier ones.

    p(x) = sum_j w_j prod_c P(x_c; m_jc + sum_{b < c} a_jcb x_b, s_jc)                                               (1)
    log p(x_c | x_{<c}) = log p(x_{<=c}) - log p(x_{<c}), each a sum (1) over fewer channels                         (2)

P as in `logistic`, x_b in [-1, 1], |a| < 1. PixelCNN++ (Salimans et al., 2017), arXiv:1701.05517
"""

import math
from typing import NamedTuple, final

import torch
from torch import Tensor

from likely.contracts import Sharpness
from likely.distributions.bernoulli import Bernoulli
from likely.distributions.categorical import Categorical
from likely.distributions.law import Law, Observation, bounded, known, precise
from likely.distributions.logistic import LEVEL, SHARPEST, DiscretisedLogistic, draw_logistic, level_of, log_level
from likely.distributions.sharpened import PLAIN, sharpened
from likely.errors import FieldError
from likely.rng import Rng
from likely.spaces import Image

STEEP = 0.95  # |a| stays below


@final
class CoupledLaw(Law):
    """Over pictures of one pixel; its mixture's log-weights, then each term's means, log-scales and couplings a."""

    def __init__(self, channels: int, levels: int, mixtures: int) -> None:
        self.channels, self.levels, self.mixtures = channels, levels, mixtures
        self.pairs = channels * (channels - 1) // 2
        self.outputs = (mixtures * (1 + 2 * channels + self.pairs), 1, 1)

    def cell_log_prob(self, x: Tensor, parameters: Tensor) -> Tensor:
        log_weight, mean, log_scale, lean = self._terms(parameters)
        x = x[:, :, 0, 0]
        there = known(x)
        level = torch.where(there, x, 0.0)
        before = torch.where(there, self._real(level), 0.0)
        joint, told = log_weight, [torch.zeros_like(x[:, 0])]
        for c in range(self.channels):
            centre = self._centre(mean, lean, before[:, :c])
            mass = log_level(level[:, c, None], centre, log_scale[:, :, c], self.levels)
            joint = joint + torch.where(there[:, c, None], mass, 0.0)
            told.append(torch.logsumexp(joint, 1))  # (1)
        return torch.stack(told, 1).diff(dim=1)[:, :, None, None]  # (2)

    def sample(self, parameters: Tensor, *, rng: Rng, sharpness: Sharpness = PLAIN) -> Tensor:
        log_weight, *terms = self._terms(parameters)
        term = rng.categorical(sharpened(log_weight, sharpness))
        mean, log_scale, lean = self._of(term, terms)
        noise = draw_logistic(torch.zeros_like(mean), log_scale + math.log(sharpness.temperature), rng)
        return self._levels(mean, lean, noise)

    def mean(self, parameters: Tensor) -> Tensor:
        log_weight, *terms = self._terms(parameters)
        mean, _, lean = self._of(log_weight.argmax(1), terms)
        return self._levels(mean, lean, torch.zeros_like(mean))

    def _terms(self, parameters: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """log w (N, K), m and log s (N, K, C), a (N, K, pairs); means start apart, or terms would be born equal."""
        K, C = self.mixtures, self.channels
        log_weight, rest = precise(parameters)[:, :, 0, 0].split([K, self.outputs[0] - K], 1)
        mean, raw, lean = rest.unflatten(1, (K, -1)).split([C, C, self.pairs], 2)
        places = torch.arange(K, dtype=mean.dtype, device=mean.device)
        apart = ((2 * places + 1) / K - 1)[:, None]
        return log_weight.log_softmax(1), mean + apart, bounded(raw + LEVEL, SHARPEST), bounded(lean, STEEP)

    def _centre(self, mean: Tensor, lean: Tensor, before: Tensor) -> Tensor:
        """The mean (N, K) of the channel that comes after `before` (N, c)."""
        c = before.shape[1]
        start = c * (c - 1) // 2
        return mean[:, :, c] + (lean[:, :, start : start + c] * before[:, None]).sum(2)

    def _of(self, term: Tensor, terms: list[Tensor]) -> list[Tensor]:
        """The parameters of each row's term (N,): each (N, 1, ...)."""
        return [part.gather(1, term[:, None, None].expand(-1, 1, part.shape[2])) for part in terms]

    def _levels(self, mean: Tensor, lean: Tensor, noise: Tensor) -> Tensor:
        """Channel after channel, each at its centre and the noise (N, 1, C)."""
        drawn = torch.zeros_like(mean[:, 0])
        for c in range(self.channels):
            centre = self._centre(mean, lean, self._real(drawn[:, :c]))
            drawn[:, c] = level_of(centre + noise[:, :, c], self.levels)[:, 0]
        return drawn[:, :, None, None]

    def _real(self, level: Tensor) -> Tensor:
        return (2 * level + 1) / self.levels - 1


class PixelLaw(NamedTuple):
    """How a pixel is said: by a law over pictures of one pixel that has some of its channels."""

    law: Law
    channels: int  # said together; the others of the pixel are told of them
    noise: int  # uniforms that a draw takes


def pixel_law(space: Image, law: Observation | None = None) -> PixelLaw:
    """The law that this observation means for a pixel; none: coins for two levels, else choices."""
    match law, space.levels:
        case (Bernoulli() | None, 2):
            return PixelLaw(Bernoulli().law(Image(1, 1, 1, 2)), 1, 1)
        case (Categorical() | None, int(levels)):
            return PixelLaw(Categorical().law(Image(1, 1, 1, levels)), 1, 1)
        case (DiscretisedLogistic(mixtures), int(levels)):
            return PixelLaw(CoupledLaw(space.channels, levels, mixtures), space.channels, 1 + space.channels)
    raise FieldError(
        f"pixels of {space.levels} levels have no law {law!r:.60}",
        expected="Categorical() or DiscretisedLogistic() over levels; Bernoulli() over two of them",
        remedy="leave the law out: pixels of two levels have coins, others choices",
    )
