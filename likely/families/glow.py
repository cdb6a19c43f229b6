r"""Normalizing flow of steps that mix all channels, image by image scale by scale.

    a step: y = W x + b at every place, W = P L U,   y_B <- g(y_B; h(y_A, c)),   (y_A, y_B) = y                      (1)
    log p(x | c) = log N(z; 0, I) + sum over steps of [H W log|det W| + sum log g']                                  (2)
    the half that leaves a scale: z = (y_B - m(y_A, c)) e^{-s(y_A, c)}, a normal law given the half that stays       (3)
    x = f^{-1}(z; c),   z ~ N(0, I)                                                                                  (4)

Each scale squeezes 2 x 2 pixels into channels and standardises them once (actnorm); after that the diagonal of U and b
do what further normalisations would. W is undone by two triangular solves. A row is one scale of its columns.

Glow: Generative Flow with Invertible 1x1 Convolutions (Kingma & Dhariwal, 2018), arXiv:1807.03039
"""

import math
from dataclasses import dataclass, field
from typing import final

from likely.bijections import (
    Affine,
    Couplings,
    Dequantisation,
    Elementwise,
    Flow,
    FlowFamily,
    check_fields,
    context_of,
    over,
)
from likely.contracts import Space


@final
@dataclass(frozen=True, kw_only=True)
class Glow(FlowFamily):
    """Invertible 1 x 1 convolutions and couplings; exact density, exact codes."""

    coupling: Elementwise = field(default_factory=Affine)  # Affine() scales and shifts, Spline() bends each cell freely
    steps: int = 8  # at each scale; more reach more intricate laws
    scales: int = 3  # of an image: how often it is squeezed, at most
    width: int = 64  # hidden channels of the couplings' networks; of rows: hidden units, doubled
    depth: int = 2  # of rows: hidden layers of the couplings' networks
    margin: float = 0.05  # of an image: how far its levels stay from the logit's infinities
    dequantisation: Dequantisation | None = None  # learned noise under choices and levels; none: uniform noise
    rate: float = 1e-3  # the optimizer's step; halve it where the loss jumps

    def __post_init__(self) -> None:
        sizes = {"steps": self.steps, "scales": self.scales, "width": self.width, "depth": self.depth}
        check_fields("Glow", sizes, margin=self.margin, rate=self.rate)

    def flow(self, space: Space, condition: Space | None = None) -> Flow:
        couplings = Couplings(
            form=self.coupling,
            layers=self.steps,
            hidden=(2 * self.width,) * self.depth,
            channels=self.width,
            context=context_of(condition),
            margin=self.margin,
            scales=self.scales,
            leaving=Affine(),  # (3)
        )
        made = over(space, couplings.of_rows, couplings.of_images)
        held = max(self.width, self.coupling.outputs * math.prod(space.shape) // 2)
        return Flow(made, space, condition, rate=self.rate, held=held, placed=True)
