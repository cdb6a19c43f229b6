r"""Planar maps: space is stretched along one direction, by how far a point lies along another.

    a = w.x + b(context),   z = x + u h(a),   h = tanh                                      (1)
    u = v + (m(w.v) - w.v) w / |w|^2,   m(t) = softplus(t) - 1 + eps, so that r = w.u > -1   (2)
    log|det dz/dx| = log(1 + r h'(a))                                                       (3)
    w.z + b = a + r h(a), which rises in a: one number is solved for, then x = z - u h(a)    (4)

Forward is a formula and backward one root a row, whatever the dimension. Variational Inference with Normalizing Flows
(Rezende & Mohamed, 2015), arXiv:1505.05770
"""

from typing import final

import torch
from torch import Tensor, nn

from likely.bijections.bijection import Bijection
from likely.bijections.conditioner import summary
from likely.bijections.root import rising_root

LEAST = 1e-3  # 1 + r stays above: the map can be undone in float32


@final
class Planar(Bijection):
    """(1) on vectors; a context moves the fold along w."""

    def __init__(self, size: int, context: int = 0) -> None:
        super().__init__()
        self.w = nn.Parameter(torch.randn(size) / size**0.5)
        self.v = nn.Parameter(0.1 * torch.randn(size) / size**0.5)
        self.b = nn.Parameter(torch.zeros(1))
        self.say = nn.Linear(context, 1, bias=False) if context else None

    def forward(self, x: Tensor, context: Tensor | None = None) -> tuple[Tensor, Tensor]:
        u, r = self._bend()
        h = torch.tanh(x @ self.w + self._place(context))
        return x + h[:, None] * u, torch.log1p(r * (1 - h * h))  # (1), (3)

    def inverse(self, z: Tensor, context: Tensor | None = None) -> tuple[Tensor, Tensor]:
        u, r = self._bend()
        along = z @ self.w + self._place(context)
        with torch.no_grad():
            a = rising_root(lambda t: _risen(t, r, along), along - r.abs(), along + r.abs())
        value, slope = _risen(a, r, along)
        a = a - value / slope.detach()  # the implicit gradient; a itself is the root already
        h = torch.tanh(a)
        return z - h[:, None] * u, -torch.log1p(r * (1 - h * h))  # (4)

    def _bend(self) -> tuple[Tensor, Tensor]:
        """u and r of (2)."""
        square = self.w.square().sum().clamp(min=1e-12)
        along = self.w @ self.v
        r = nn.functional.softplus(along) - 1 + LEAST
        return self.v + (r - along) / square * self.w, r

    def _place(self, context: Tensor | None) -> Tensor:
        return self.b if self.say is None or context is None else self.b + self.say(summary(context))[:, 0]


def _risen(a: Tensor, r: Tensor, along: Tensor) -> tuple[Tensor, Tensor]:
    """a + r h(a) - w.z - b and its slope."""
    h = torch.tanh(a)
    return a + r * h - along, 1 + r * (1 - h * h)
