r"""Neural spline flow.

    z = f(x; c),   f = f_L o ... o f_1,   log p(x | c) = log N(z; 0, I) + log|det f'(x; c)|                          (1)
    f_l:  z_d = g(x_d; h_d(x_A, c)),   g piecewise (rational) quadratic on [-T, T], the identity beyond              (2)
    x_A: half of the cells (Coupled), or those before d (Sequential)                                                 (3)

Each transform bends every cell it moves by K bins of free width, height and slope. Coupled mixes the columns by a
learned matrix in between and is one pass both ways. Sequential takes them forwards and backwards by turns; its samples
come column by column, each unit of the networks computed once. Tails are linear: no row is out of range.

Neural Spline Flows (Durkan, Bekasov, Murray & Papamakarios, 2019), arXiv:1906.04032
"""

from dataclasses import dataclass, field
from typing import ClassVar, final

from likely.bijections import Coupled, Flow, Spline, Wiring, check_fields
from likely.contracts import Family, Lifted, Space


@final
@dataclass(frozen=True, kw_only=True)
class SplineFlow(Family[Flow]):
    """Rational-quadratic splines, coupled or autoregressive; exact density, exact codes."""

    lifted: ClassVar[Lifted] = Lifted.DEQUANTISED

    wiring: Wiring = field(default_factory=Coupled)  # Coupled() samples in one pass, Sequential() fits more in a layer
    bins: int = 8  # of each spline: more bend more finely, and cost in proportion
    tail: float = 5.0  # splines bend within [-tail, tail]; what lies beyond passes as it is
    layers: int = 8  # transforms (of an image, coupled: at each scale); more reach more intricate laws
    width: int = 128  # units of each network's hidden layers; of an image, coupled: its channels, halved
    depth: int = 2  # hidden layers of each network; of an image, coupled: always two
    margin: float = 0.05  # of an image: how far its levels stay from the logit's infinities
    rate: float = 2e-3  # the optimizer's step; halve it where the loss jumps

    def __post_init__(self) -> None:
        sizes = {"layers": self.layers, "width": self.width, "depth": self.depth}
        check_fields("SplineFlow", sizes, margin=self.margin, rate=self.rate)
        self._spline()  # refuses bins and tails that no spline can have

    def build(self, space: Space, condition: Space | None = None) -> Flow:
        return self.wiring.flow(
            self._spline(), space, condition, layers=self.layers, width=self.width, depth=self.depth,
            margin=self.margin, rate=self.rate,
        )  # fmt: skip

    def _spline(self) -> Spline:
        return Spline(bins=self.bins, tail=self.tail)  # (2)
