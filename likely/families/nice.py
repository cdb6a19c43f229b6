r"""Normalizing flow that keeps volumes until its last step.

    z = s . f(x; c),   f = additive couplings: the odd and the even cells take turns to shift the others             (1)
    log p(x | c) = sum_i [log p0(z_i) + log|s_i|]                                                                    (2)
    x = f^{-1}(z / s; c),   z_i ~ p0                                                                                 (3)

No coupling stretches anything: only the diagonal s, one number a cell, says which directions matter; large |s_i| are
directions in which the data hardly vary. An image is a row of its pixels.

NICE: Non-linear Independent Components Estimation (Dinh, Krueger & Bengio, 2015), arXiv:1410.8516
"""

import math
from dataclasses import dataclass, field
from typing import final

from likely.bijections import (
    ActNorm,
    Additive,
    Bijection,
    Chain,
    Coupling,
    Cut,
    Dense,
    Dequantisation,
    Flatten,
    Flow,
    FlowFamily,
    Logistic,
    Permutation,
    Standard,
    context_of,
    over,
)
from likely.contracts import Space
from likely.errors import FieldError


@final
@dataclass(frozen=True, kw_only=True)
class NICE(FlowFamily):
    """Additive couplings and one diagonal scale; exact density, exact codes."""

    layers: int = 4  # couplings; at least 3 let every cell depend on every other
    width: int = 256  # units of each coupling's hidden layers
    depth: int = 3  # hidden layers of each coupling
    base: Standard = field(default_factory=Logistic)  # the law of codes: Logistic() forgives far ones, Normal() less
    dequantisation: Dequantisation | None = None  # learned noise under choices and levels; none: uniform noise
    rate: float = 1e-3  # the optimizer's step; halve it where the loss jumps

    def __post_init__(self) -> None:
        if min(self.layers, self.width, self.depth) < 1 or not 0 < self.rate < math.inf:
            told = f"NICE has layers={self.layers}, width={self.width}, depth={self.depth} and rate={self.rate}"
            raise FieldError(told, expected="all at least 1, and rate above 0")

    def flow(self, space: Space, condition: Space | None = None) -> Flow:
        context = context_of(condition)
        made = over(
            space,
            lambda size: Chain(self._row(size, context)),
            lambda shape: Chain([Flatten(shape), *self._row(math.prod(shape), context)]),
        )
        return Flow(
            made, space, condition, base=self.base, rate=self.rate, held=max(self.width, math.prod(space.shape))
        )

    def _row(self, size: int, context: int) -> list[Bijection]:
        """Odd cells first, then the even; they take turns, and all are scaled at the end."""
        parts: list[Bijection] = [Permutation([*range(0, size, 2), *range(1, size, 2)])]
        for i in range(self.layers):
            first = size > 1 and i % 2 == 1
            moved = size // 2 if first else size - size // 2
            conditioner = Dense(size - moved, moved, 1, hidden=(self.width,) * self.depth, context=context)
            parts.append(Coupling(Additive(), Cut(size // 2, first), conditioner))  # (1)
        return [*parts, ActNorm(size)]  # (2); its shift is one more volume kept
