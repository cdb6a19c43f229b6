r"""Heavy tails drawn in, column by column, by as much as a sample asks for.

    u = (x - m) e^{-s},   z = asinh(a u) / a                            (1)
    log dz/dx = -s - log(1 + (a u)^2) / 2                               (2)

For small a this is the identity; for larger ones far cells come in like logarithms: a Cauchy column becomes nearly
normal. Every cell comes back with its own relative precision, which a division by a standard deviation that a few far
cells decide would cost. Beyond |a u| = sinh(R) the map goes on along its tangent: nothing overflows on the way back.
"""

import math
from typing import final

import torch
from torch import Tensor, nn

from likely.bijections.chain import Prepared

R = 30.0
LEAST, MOST = 1e-2, 1e2  # of a


@final
class Tails(Prepared):
    """(1) on vectors; `prepare` takes m for the median, e^s for the spread of the middle two thirds, a by the tails."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.middle = nn.Parameter(torch.zeros(size))
        self.log_spread = nn.Parameter(torch.zeros(size))
        self.log_bend = nn.Parameter(torch.full((size,), math.log(LEAST)))

    def forward(self, x: Tensor, context: Tensor | None = None) -> tuple[Tensor, Tensor]:
        a = self.log_bend.exp()
        v = a * (x - self.middle) * (-self.log_spread).exp()
        inner = v.clamp(-math.sinh(R), math.sinh(R))
        z = (inner.asinh() + (v - inner) / math.cosh(R)) / a  # (1)
        return z, -(self.log_spread + inner.square().log1p() / 2).sum(1)  # (2)

    def inverse(self, z: Tensor, context: Tensor | None = None) -> tuple[Tensor, Tensor]:
        a = self.log_bend.exp()
        w = a * z
        inner = w.clamp(-R, R)
        v = inner.sinh() + torch.where(w == inner, 0.0, (w - inner) * math.cosh(R))  # a gradient as steep only there
        x = self.middle + v / a * self.log_spread.exp()
        return x, (self.log_spread + inner.cosh().log()).sum(1)

    @torch.no_grad()
    def prepare(self, x: Tensor, context: Tensor | None = None) -> tuple[Tensor, Tensor]:
        ranked = x.sort(0).values
        far = max(1e-3, min(5 / len(x), 0.1))  # the share of cells that the tails are judged without
        outer = [_quantile(ranked, share) for share in (far, 1 - far)]
        inner = [_quantile(ranked, share) for share in (0.16, 0.5, 0.84)]
        spread = (inner[2] - inner[0]) / 2
        spread = torch.where(spread > 1e-6 * (1 + inner[1].abs()), spread, torch.ones_like(spread))
        self.middle.copy_(inner[1])
        self.log_spread.copy_(spread.log())
        reach = torch.maximum(inner[1] - outer[0], outer[1] - inner[1]) / spread
        self.log_bend.copy_(_bend(reach, _normal_quantile(1 - far)).log())
        return self(x, context)


def _quantile(ranked: Tensor, share: float) -> Tensor:
    return ranked[min(len(ranked) - 1, int(share * len(ranked)))]


def _normal_quantile(share: float) -> float:
    return float(torch.special.ndtri(torch.tensor(share, dtype=torch.float64)))


def _bend(reach: Tensor, wanted: float) -> Tensor:
    """a with asinh(a reach) / a = wanted, which falls in a; within its bounds."""
    low, high = torch.full_like(reach, math.log(LEAST)), torch.full_like(reach, math.log(MOST))
    for _ in range(40):
        middle = (low + high) / 2
        a = middle.exp()
        farther = (a * reach).asinh() / a > wanted
        low, high = torch.where(farther, middle, low), torch.where(farther, high, middle)
    return low.exp()
