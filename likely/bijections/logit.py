r"""From [-1, 1] to the line: pixels become reals that a flow can shape.

    p = m + (1 - 2 m) (x + 1) / 2,   z = log p - log(1 - p)             (1)

with a margin m that keeps the ends finite. Beyond [-1, 1] the map goes on along its tangent, so that it is a bijection
of the line and a stray value is merely unlikely.
"""

import math
from typing import final

import torch
from torch import Tensor

from likely.bijections.bijection import Bijection


@final
class Logit(Bijection):
    """(1), cell by cell, for tensors of any shape."""

    def __init__(self, margin: float = 0.05) -> None:
        super().__init__()
        self.margin = margin

    @property
    def edge(self) -> float:
        """z at x = 1."""
        return math.log1p(-self.margin) - math.log(self.margin)

    @property
    def slope(self) -> float:
        """dz/dx at x = 1 and beyond."""
        return (0.5 - self.margin) / (self.margin * (1 - self.margin))

    def forward(self, x: Tensor, context: Tensor | None = None) -> tuple[Tensor, Tensor]:
        inner = x.clamp(-1, 1)
        p = 0.5 + (0.5 - self.margin) * inner
        log_p, log_q = p.log(), torch.log1p(-p)
        slopes = math.log(0.5 - self.margin) - log_p - log_q
        return log_p - log_q + self.slope * (x - inner), slopes.flatten(1).sum(1)  # (1)

    def inverse(self, z: Tensor, context: Tensor | None = None) -> tuple[Tensor, Tensor]:
        inner = z.clamp(-self.edge, self.edge)
        p = torch.sigmoid(inner)
        slopes = torch.nn.functional.logsigmoid(inner) + torch.nn.functional.logsigmoid(-inner)
        x = (p - 0.5) / (0.5 - self.margin) + (z - inner) / self.slope
        return x, (slopes - math.log(0.5 - self.margin)).flatten(1).sum(1)
