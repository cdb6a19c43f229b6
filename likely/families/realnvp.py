r"""Normalizing flow of coupling layers.

    z = f(x; c),   f = f_L o ... o f_1, each invertible                                                              (1)
    log p(x | c) = log N(z; 0, I) + sum_l log|det f_l'|                                                              (2)
    x = f^{-1}(z; c),   z ~ N(0, I)                                                                                  (3)

A layer standardises its columns, mixes them, keeps half of them, and moves the other half by a monotone map whose
parameters a network reads off the kept half and the condition. Images become reals by a logit and are squeezed into
channels; after each squeeze but the last, half of the channels leave as finished.

Density Estimation using Real NVP (Dinh, Sohl-Dickstein & Bengio, 2017), arXiv:1605.08803
"""

import math
from dataclasses import dataclass, field
from typing import ClassVar, final

from likely.bijections import Couplings, Elementwise, Flow, Spline, context_of, over
from likely.contracts import Family, Lifted, Space
from likely.errors import FieldError


@final
@dataclass(frozen=True, kw_only=True)
class RealNVP(Family[Flow]):
    """Coupling layers with any monotone map; exact density, exact codes."""

    lifted: ClassVar[Lifted] = Lifted.DEQUANTISED

    coupling: Elementwise = field(default_factory=Spline)  # Spline() bends each cell freely, Affine() scales and shifts
    layers: int = 8  # couplings (of an image: at each scale); more reach more intricate laws
    width: int = 128  # units of each conditioner's hidden layers; of an image: its channels, halved
    depth: int = 2  # hidden layers of each conditioner; of an image: always two
    margin: float = 0.05  # of an image: how far its levels stay from the logit's infinities
    rate: float = 1e-3  # the optimizer's step; halve it where the loss jumps

    def __post_init__(self) -> None:
        if min(self.layers, self.width, self.depth) < 1:
            sizes = f"layers={self.layers}, width={self.width} and depth={self.depth}"
            raise FieldError(f"RealNVP has {sizes}", expected="all at least 1")
        if not (0 < self.margin < 0.5 and 0 < self.rate < math.inf):
            raise FieldError(
                f"RealNVP has margin={self.margin} and rate={self.rate}", expected="0 < margin < 0.5 and rate > 0"
            )

    def build(self, space: Space, condition: Space | None = None) -> Flow:
        couplings = Couplings(
            form=self.coupling,
            layers=self.layers,
            hidden=(self.width,) * self.depth,
            channels=max(8, self.width // 2),
            context=context_of(condition),
            margin=self.margin,
        )
        flow = over(space, couplings.of_rows, couplings.of_images)
        held = max(self.width, self.coupling.outputs * math.prod(space.shape) // 2)
        return Flow(flow, space, condition, rate=self.rate, held=held, placed=True)
