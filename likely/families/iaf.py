r"""Inverse autoregressive flow.

    x = f(z; c),   f = f_1 o ... o f_L,   z ~ N(0, I)                                                                (1)
    f_l:  x_d = g(z_d; h_d(z_{<d}, c)),   one masked network says every h_d                                          (2)
    log p(x | c) = log N(z; 0, I) - sum_l sum_d log g',   known with the draw                                        (3)
    z = f^{-1}(x; c),   z_d = g^{-1}(x_d; h_d(z_{<d}, c)), one d after the other                                     (4)

Sampling is one pass, and says the density of its own draws. The density of other rows takes (4), column by column,
each unit of the networks computed once: exact, but slower to learn from than MAF, whose mirror image it is.

Improving Variational Inference with Inverse Autoregressive Flow (Kingma et al., 2016), arXiv:1606.04934
"""

from dataclasses import dataclass, field
from typing import ClassVar, final

from likely.bijections import Affine, Autoregressions, Elementwise, Flow, check_fields, context_of
from likely.contracts import Family, Lifted, Space


@final
@dataclass(frozen=True, kw_only=True)
class IAF(Family[Flow]):
    """Inverse autoregressive transforms; samples in one pass, exact density column by column."""

    lifted: ClassVar[Lifted] = Lifted.DEQUANTISED

    form: Elementwise = field(default_factory=Affine)  # Affine() scales and shifts each cell, Spline() bends it freely
    layers: int = 8  # transforms; more reach more intricate laws, and cost time to learn
    width: int = 128  # units of each network's hidden layers
    depth: int = 2  # hidden layers of each network
    mixed: bool = False  # True: learned matrices between transforms, where there are few columns
    margin: float = 0.05  # of an image: how far its levels stay from the logit's infinities
    rate: float = 1e-3  # the optimizer's step; halve it where the loss jumps

    def __post_init__(self) -> None:
        sizes = {"layers": self.layers, "width": self.width, "depth": self.depth}
        check_fields("IAF", sizes, margin=self.margin, rate=self.rate)

    def build(self, space: Space, condition: Space | None = None) -> Flow:
        transforms = Autoregressions(
            form=self.form,
            layers=self.layers,
            hidden=(self.width,) * self.depth,
            context=context_of(condition),
            margin=self.margin,
            mixed=self.mixed,
            inverted=True,
        )
        return transforms.flow(space, condition, rate=self.rate)
