r"""Posteriors bent by inverse autoregressive transforms.

    z_0 = m + e^l eps,   z_t = f_t(z_{t-1}; h),   (m, l, h) = encoder(x) + hint(c)                                   (1)
    log q(z_T | x, c) = log N(eps; 0, I) - sum_d l_d - sum_t log|det df_t|                                           (2)

A draw is one pass and says its own density exactly, which is all that a bound asks of q. The posterior is no longer a
product of normals: numbers of a code may depend on one another, and need not be normal.
Improving Variational Inference with Inverse Autoregressive Flow (Kingma et al., 2016), arXiv:1606.04934
"""

import math
from dataclasses import dataclass, field
from typing import final

import torch
from torch import Tensor

from likely.backbones import Network
from likely.bijections import Affine, Chain, Elementwise
from likely.bijections.autoregressive import autoregressive
from likely.contracts import Space
from likely.errors import FieldError
from likely.rng import Keyed
from likely.variational.posterior import Inference, Moments, Posterior, mean_log_std, moved

CENTRE = 32  # pairs of draws, always the same, whose mean stands for the mean of a code


@final
@dataclass(frozen=True, kw_only=True)
class FlowPosterior(Posterior):
    """Normals, then transforms that each let a number of the code depend on those before it."""

    transforms: int = 2  # each in the opposite order of the one before; more bend further and cost time
    width: int = 128  # units of each transform's hidden layer
    context: int = 32  # numbers that tell the transforms of the row
    form: Elementwise = field(
        default_factory=Affine
    )  # Affine() scales and shifts each number, Spline() bends it freely

    def __post_init__(self) -> None:
        if min(self.transforms, self.width, self.context) < 1:
            told = f"transforms={self.transforms}, width={self.width} and context={self.context}"
            raise FieldError(f"FlowPosterior has {told}", expected="all at least 1")

    def inference(self, latent: int, space: Space, condition: Space | None, network: Network | None) -> Inference:
        return FlowInference(self, latent, space, condition, network)


@final
class FlowInference(Inference):
    """The encoder says means, log standard deviations, and the context of the transforms."""

    def __init__(
        self, family: FlowPosterior, latent: int, space: Space, condition: Space | None, network: Network | None
    ) -> None:
        super().__init__(latent, 2 * latent + family.context, space, condition, network)
        self.flow = Chain(
            autoregressive(family.form, latent, hidden=(family.width,), backwards=t % 2 == 1, context=family.context)
            for t in range(family.transforms)
        )

    def draw(self, told: Tensor, eps: Tensor) -> tuple[Tensor, Tensor]:
        normal, context = told[:, : 2 * self.latent], told[:, 2 * self.latent :]
        z, log_q = moved(*mean_log_std(normal), eps)
        z, ladj = self.flow(z.flatten(0, 1), context.repeat_interleave(eps.shape[1], 0))  # (1)
        return z.view_as(eps), log_q - ladj.view_as(log_q)  # (2)

    def mean(self, told: Tensor) -> Tensor:
        eps = Keyed(0).normal((1, CENTRE, self.latent), like=told)
        return self.draw(told, torch.cat([eps, -eps], 1).expand(len(told), -1, -1))[0].mean(1)

    def moments(self, told: Tensor, z: Tensor) -> Moments:
        """As unbiased as they can be: of draws that were normal, exactly so."""
        draws = z.shape[1]
        variance = z.var(1)
        half = torch.tensor((draws - 1) / 2, dtype=torch.float64)
        lost = float(torch.digamma(half)) - math.log(half)  # E log of a sample's variance is too low by this
        return Moments(z.mean(1), 0.5 * (variance.log() - lost), variance / draws)
