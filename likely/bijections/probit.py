r"""From an interval to the line: what is uniform on [-T, T] becomes normal.

    z = Phi^{-1}(1/2 + (1 - 2 m) x / (2 T))                                                 (1)
    log dz/dx = z^2 / 2 + log(2 pi) / 2 + log((1 - 2 m) / (2 T))                            (2)

with a margin m that keeps the ends finite. Beyond them the map goes on along its tangent.
"""

import math
from typing import final

import torch
from torch import Tensor

from likely.bijections.bijection import Bijection

MARGIN = 1e-5
HALF_LOG_2PI = 0.5 * math.log(2 * math.pi)


@final
class Probit(Bijection):
    """(1), cell by cell, for tensors of any shape."""

    def __init__(self, reach: float = 1.0) -> None:
        super().__init__()
        self.share = (1 - 2 * MARGIN) / reach
        self.reach = reach
        self.edge = math.sqrt(2) * torch.erfinv(torch.tensor(1 - 2 * MARGIN, dtype=torch.float64)).item()
        self.slope = math.exp(self._ladj(torch.tensor(self.edge, dtype=torch.float64)).item())

    def forward(self, x: Tensor, context: Tensor | None = None) -> tuple[Tensor, Tensor]:
        inner = x.clamp(-self.reach, self.reach)
        z = math.sqrt(2) * torch.erfinv(inner * self.share)  # (1)
        return z + self.slope * (x - inner), self._ladj(z).flatten(1).sum(1)

    def inverse(self, z: Tensor, context: Tensor | None = None) -> tuple[Tensor, Tensor]:
        inner = z.clamp(-self.edge, self.edge)
        x = torch.erf(inner / math.sqrt(2)) / self.share
        return x + (z - inner) / self.slope, -self._ladj(inner).flatten(1).sum(1)

    def _ladj(self, z: Tensor) -> Tensor:
        return 0.5 * z * z + (HALF_LOG_2PI + math.log(self.share / 2))  # (2)
