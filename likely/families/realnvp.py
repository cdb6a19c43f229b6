r"""Normalizing flow of coupling layers.

    z = f(x; c),   f = f_L o ... o f_1, each invertible                                                              (1)
    log p(x | c) = log N(z; 0, I) + sum_l log|det f_l'|                                                              (2)
    x = f^{-1}(z; c),   z ~ N(0, I)                                                                                  (3)

A layer keeps half of the cells, and moves the other half by a monotone map whose parameters a network reads off the
kept half and the condition. Columns are standardised and mixed between layers. The halves of an image are those of a
chequerboard: one moves and leaves, the other is halved in turn, so that networks read pixels as they came. A map
without a reach (`Affine`) takes the way of the paper instead: logits, squeezed into channels, mixed in between.

Density Estimation using Real NVP (Dinh, Sohl-Dickstein & Bengio, 2017), arXiv:1605.08803
"""

import math
from dataclasses import dataclass, field
from typing import final

from likely.bijections import (
    Couplings,
    Dequantisation,
    Elementwise,
    Flow,
    FlowFamily,
    Halving,
    Histogram,
    Spline,
    check_fields,
    context_of,
    over,
)
from likely.contracts import Space
from likely.spaces import Image


@final
@dataclass(frozen=True, kw_only=True)
class RealNVP(FlowFamily):
    """Coupling layers with any monotone map; exact density, exact codes."""

    coupling: Elementwise = field(
        default_factory=Spline
    )  # of rows: Spline() bends each cell freely, Affine() scales it
    pixels: Elementwise = field(default_factory=Histogram)  # of images: Affine() takes the way of the paper
    layers: int = 8  # couplings of rows, and of images by Affine() at each scale; more reach more intricate laws
    width: int = 128  # units of each conditioner's hidden layers; of an image: its channels, halved
    depth: int = 2  # hidden layers of each conditioner; of an image: its residual blocks
    turns: int = 1  # of an image: couplings that each half of its pixels takes before it leaves
    margin: float = 0.05  # of an image by Affine(): how far its levels stay from the logit's infinities
    dequantisation: Dequantisation | None = None  # learned noise under choices and levels; none: uniform noise
    rate: float = 1e-3  # the optimizer's step; halve it where the loss jumps

    def __post_init__(self) -> None:
        sizes = {"layers": self.layers, "width": self.width, "depth": self.depth, "turns": self.turns}
        check_fields("RealNVP", sizes, margin=self.margin, rate=self.rate)

    def flow(self, space: Space, condition: Space | None = None) -> Flow:
        context, hidden, channels = context_of(condition), (self.width,) * self.depth, max(8, self.width // 2)
        form = self.pixels if isinstance(space, Image) else self.coupling
        couplings = Couplings(
            form=form, layers=self.layers, hidden=hidden, channels=channels, context=context, margin=self.margin
        )
        halving = Halving(
            form=form, turns=self.turns, width=channels, blocks=self.depth, hidden=hidden, context=context
        )
        made = over(space, couplings.of_rows, halving.of_images if math.isfinite(form.reach) else couplings.of_images)
        held = max(self.width, form.outputs * math.prod(space.shape) // 2)
        return Flow(made, space, condition, rate=self.rate, held=held, placed=True)
