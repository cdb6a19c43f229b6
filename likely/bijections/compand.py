r"""Companding: levels that hold much of the data are spread out, empty ones drawn together.

    z = piecewise linear in x through (e_k, T (2 k / K - 1)),   k = 0 .. K                  (1)

with knots e_k, one set a channel, that divide a sample into bins of equal mass; a level that holds more than its share
is a bin of its own. Beyond the ends the map goes on with slope one. A histogram of equal bins behind it is one that is
fine where the data are.
"""

from itertools import pairwise
from typing import final

import torch
from torch import Tensor

from likely.bijections.chain import Prepared

GRID = 256  # intervals of [-1, 1] that a knot may stand between: the levels of a byte


@final
class Compand(Prepared):
    """(1), for images (B, C, H, W) of [-1, 1] onto [-T, T]; equal bins until `prepare` has seen a sample."""

    edges: Tensor

    def __init__(self, channels: int, bins: int, reach: float = 1.0) -> None:
        super().__init__()
        self.bins, self.reach = min(bins, GRID), reach
        self.register_buffer("edges", torch.linspace(-1, 1, self.bins + 1).repeat(channels, 1))

    def forward(self, x: Tensor, context: Tensor | None = None) -> tuple[Tensor, Tensor]:
        inner = x.clamp(-1, 1)
        k = self._bin(self.edges[:, 1:-1], inner)
        low, size = self._at(k)
        step = 2 * self.reach / self.bins
        z = (k + (inner - low) / size) * step - self.reach + (x - inner)  # (1)
        return z, ((step / size).log() * torch.eq(x, inner)).flatten(1).sum(1)

    def inverse(self, z: Tensor, context: Tensor | None = None) -> tuple[Tensor, Tensor]:
        inner = z.clamp(-self.reach, self.reach)
        step = 2 * self.reach / self.bins
        t = (inner + self.reach) / step
        k = t.long().clamp(max=self.bins - 1)
        low, size = self._at(k)
        x = low + (t - k) * size + (z - inner)
        return x, ((size / step).log() * torch.eq(z, inner)).flatten(1).sum(1)

    @torch.no_grad()
    def prepare(self, x: Tensor, context: Tensor | None = None) -> tuple[Tensor, Tensor]:
        for edges, cells in zip(self.edges, x.transpose(0, 1).flatten(1)):
            counts = torch.histc(cells.float(), GRID, -1, 1)
            edges.copy_(torch.tensor(knots(counts.tolist(), self.bins)) * (2 / GRID) - 1)
        return self(x, context)

    def _bin(self, inner: Tensor, x: Tensor) -> Tensor:
        columns = x.transpose(0, 1)
        k = torch.searchsorted(inner.contiguous(), columns.flatten(1).contiguous(), right=True)
        return k.view(columns.shape).transpose(0, 1)

    def _at(self, k: Tensor) -> tuple[Tensor, Tensor]:
        """Where bin k begins, and its size, channel by channel."""
        channel = torch.arange(k.shape[1], device=k.device).view(1, -1, *[1] * (k.dim() - 2))
        low = self.edges[channel, k]
        return low, self.edges[channel, k + 1] - low


def knots(counts: list[float], bins: int) -> list[int]:
    """bins + 1 places in 0 .. len(counts), counts between them as equal as can be; heavy places stand alone."""
    low, high = 0.0, sum(counts) + 1.0
    for _ in range(60):  # the smallest most that a bin may hold
        most = (low + high) / 2
        low, high = (low, most) if len(_filled(counts, most)) <= bins + 1 else (most, high)
    places = _filled(counts, high)
    while len(places) <= bins:
        sizes = [b - a if b - a > 1 else 0 for a, b in pairwise(places)]
        widest = max(range(len(sizes)), key=lambda i: sizes[i])
        places.insert(widest + 1, places[widest] + sizes[widest] // 2)
    return places


def _filled(counts: list[float], most: float) -> list[int]:
    """Where bins begin and end that are filled one after the other, each with at most so much or one place."""
    places, mass = [0], 0.0
    for at, here in enumerate(counts):
        if at > places[-1] and mass + here > most:
            places, mass = [*places, at], 0.0
        mass += here
    return [*places, len(counts)]
