r"""Masked autoregressive flow.

    z = f(x; c),   f = f_L o ... o f_1                                                                               (1)
    f_l:  z_d = g(x_d; h_d(x_{<d}, c)),   one masked network says every h_d                                          (2)
    log p(x | c) = log N(z; 0, I) + sum_l sum_d log g'                                                               (3)
    x = f^{-1}(z; c),   x_d = g^{-1}(z_d; h_d(x_{<d}, c)), one d after the other                                     (4)

Scoring is one pass. Sampling goes column by column, each unit of the network computed once, so that all columns
together cost one pass too, in as many small steps. Odd transforms take the columns backwards. An image is a row of its
pixels' logits.

Masked Autoregressive Flow for Density Estimation (Papamakarios, Pavlakou & Murray, 2017), arXiv:1705.07057
"""

from dataclasses import dataclass, field
from typing import ClassVar, final

from likely.bijections import Affine, Autoregressions, Elementwise, Flow, check_fields, context_of
from likely.contracts import Family, Lifted, Space


@final
@dataclass(frozen=True, kw_only=True)
class MAF(Family[Flow]):
    """Masked autoregressive transforms; exact density in one pass, samples column by column."""

    lifted: ClassVar[Lifted] = Lifted.DEQUANTISED

    form: Elementwise = field(default_factory=Affine)  # Affine() scales and shifts each cell, Spline() bends it freely
    layers: int = 8  # transforms; more reach more intricate laws
    width: int = 128  # units of each network's hidden layers
    depth: int = 2  # hidden layers of each network
    mixed: bool = False  # True: learned matrices between transforms, where there are few columns
    margin: float = 0.05  # of an image: how far its levels stay from the logit's infinities
    rate: float = 1e-3  # the optimizer's step; halve it where the loss jumps

    def __post_init__(self) -> None:
        sizes = {"layers": self.layers, "width": self.width, "depth": self.depth}
        check_fields("MAF", sizes, margin=self.margin, rate=self.rate)

    def build(self, space: Space, condition: Space | None = None) -> Flow:
        transforms = Autoregressions(
            form=self.form,
            layers=self.layers,
            hidden=(self.width,) * self.depth,
            context=context_of(condition),
            margin=self.margin,
            mixed=self.mixed,
        )
        return transforms.flow(space, condition, rate=self.rate)
