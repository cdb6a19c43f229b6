r"""Planar flow: a chain of folds, each along one direction.

    z = f(x; c),   f = f_L o ... o f_1,   f_l(x) = x + u_l tanh(w_l . x + b_l(c)),   w_l . u_l > -1                  (1)
    log p(x | c) = log N(z; 0, I) + sum_l log(1 + (w_l . u_l) tanh'(w_l . x_l + b_l(c)))                             (2)
    x = f^{-1}(z; c),   z ~ N(0, I)                                                                                  (3)

The maps run from data to codes, so that the density is a formula. A sample undoes them one by one, each by the root
of one rising function of one number a row: exact too, some tens of times slower, in any dimension. (In variational
inference, where they were introduced, they run the other way: draws are a formula, and no density of data is asked.)

Variational Inference with Normalizing Flows (Rezende & Mohamed, 2015), arXiv:1505.05770
"""

import math
from dataclasses import dataclass
from typing import final

from likely.bijections import (
    ActNorm,
    Affine,
    Bijection,
    Chain,
    Coupling,
    Cut,
    Dense,
    Dequantisation,
    Flatten,
    Flow,
    FlowFamily,
    Logit,
    Planar,
    check_fields,
    context_of,
    over,
)
from likely.contracts import Space


@final
@dataclass(frozen=True, kw_only=True)
class PlanarFlow(FlowFamily):
    """Folds along single directions; exact density, exact codes, samples by one-dimensional roots."""

    layers: int = 32  # folds; each bends the law along one direction only, so that many are needed
    width: int = 64  # hidden units of what a condition says at first, once; without a condition of no effect
    margin: float = 0.05  # of an image: how far its levels stay from the logit's infinities
    dequantisation: Dequantisation | None = None  # learned noise under choices and levels; none: uniform noise
    rate: float = 3e-3  # the optimizer's step; halve it where the loss jumps

    def __post_init__(self) -> None:
        sizes = {"layers": self.layers, "width": self.width}
        check_fields("PlanarFlow", sizes, margin=self.margin, rate=self.rate)

    def flow(self, space: Space, condition: Space | None = None) -> Flow:
        context = context_of(condition)
        made = over(
            space,
            lambda size: Chain(self._row(size, context)),
            lambda shape: Chain([Logit(self.margin), Flatten(shape), *self._row(math.prod(shape), context)]),
        )
        return Flow(made, space, condition, rate=self.rate)

    def _row(self, size: int, context: int) -> list[Bijection]:
        """Standardised, moved and scaled as a whole by the condition, then folded."""
        parts: list[Bijection] = [ActNorm(size)]
        if context:
            parts.append(Coupling(Affine(), Cut(0), Dense(0, size, 2, hidden=(self.width,), context=context)))
        return [*parts, *(Planar(size, context) for _ in range(self.layers)), ActNorm(size)]  # (1)
