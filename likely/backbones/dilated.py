r"""Gated dilated causal convolutions: what is said at a moment depends on that moment's input and the ones before.

    z_l[t] = tanh(V_l [x_l[t - d_l], x_l[t]] + U_l c) * sigmoid(V'_l [x_l[t - d_l], x_l[t]] + U'_l c)                (1)
    x_{l+1}[t] = x_l[t] + W_l z_l[t]                                                                                 (2)
    s[t] = b + U c + sum_l S_l z_l[t]                                                                                (3)

with dilations d_l = 1, 2, 4, ...: a few layers see far. Before the first moment everything is 0. Moment by moment, each
layer keeps its last d_l inputs in a ring: a moment costs two products a layer, and (3) is one for all layers together.

WaveNet (van den Oord et al., 2016), arXiv:1609.03499
"""

from collections.abc import Sequence
from typing import final

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def dilations(reach: int, stacks: int) -> list[int]:
    """1, 2, 4, ... until `reach` earlier moments are seen; and again, as often as there are stacks."""
    one, seen = [], 0
    while seen < reach:
        one.append(seen + 1)
        seen += one[-1]
    return one * stacks


@final
class Gated(nn.Module):
    """One layer of gates, and what it adds to the input of the next one."""

    def __init__(self, width: int, dilation: int, context: int, *, last: bool) -> None:
        super().__init__()
        self.dilation = dilation
        self.gates = nn.Linear(2 * width, 2 * width)  # of the earlier input, then of this one
        self.told = nn.Linear(context, 2 * width, bias=False) if context else None
        self.onward = None if last else nn.Linear(width, width)

    def forward(self, x: Tensor, context: Tensor | None) -> tuple[Tensor, Tensor]:
        """z and the next layer's input, from x (B, T, width)."""
        earlier = F.pad(x[:, : max(0, x.shape[1] - self.dilation)], (0, 0, min(self.dilation, x.shape[1]), 0))
        gates = self.gates(torch.cat([earlier, x], 2))
        if self.told is not None and context is not None:
            gates = gates + self.told(context)[:, None]
        return self.passed(x, gates)

    def passed(self, x: Tensor, gates: Tensor) -> tuple[Tensor, Tensor]:
        signal, gate = gates.chunk(2, -1)
        z = torch.tanh(signal) * torch.sigmoid(gate)  # (1)
        return z, x if self.onward is None else x + self.onward(z)  # (2)


@final
class Dilated(nn.Module):
    """(B, T, width) -> (B, T, skips), told a context (B, context) where there is one."""

    def __init__(self, width: int, skips: int, dilated: Sequence[int], *, context: int = 0) -> None:
        super().__init__()
        self.width, self.reach = width, sum(dilated)
        last = len(dilated) - 1
        self.layers = nn.ModuleList(Gated(width, d, context, last=at == last) for at, d in enumerate(dilated))
        self.bias = nn.Parameter(torch.rand(skips))  # above 0: what reads it through a relu is alive
        self.skips = nn.Linear(width * len(dilated), skips, bias=False) if dilated else None
        self.told = nn.Linear(context, skips, bias=False) if context else None

    def forward(self, x: Tensor, context: Tensor | None = None) -> Tensor:
        said = self.start(context, len(x))[:, None]
        if self.skips is None:
            return said.expand(-1, x.shape[1], -1)
        for layer, skip in zip(self.layers, self.skips.weight.split(self.width, 1)):
            z, x = layer(x, context)
            said = said + F.linear(z, skip)  # (3)
        return said

    def start(self, context: Tensor | None, rows: int) -> Tensor:
        """b + U c: (B, skips)."""
        if self.told is None or context is None:
            return self.bias.expand(rows, -1)
        return self.bias + self.told(context)

    def by_moment(self, rows: int, context: Tensor | None = None) -> "ByMoment":
        """The same for `rows` rows whose moments become known one after the other; without gradient."""
        with torch.no_grad():
            return ByMoment(self, rows, context)


@final
class ByMoment:
    """Tell it a moment's input (B, width), and it says s (B, skips) of that moment; and so on."""

    def __init__(self, network: Dilated, rows: int, context: Tensor | None) -> None:
        self.network, self.at = network, 0
        self.layers: list[Gated] = list(network.layers)  # type: ignore[arg-type]
        self.start = network.start(context, rows)
        self.starts = [_start(layer, context, rows) for layer in self.layers]
        self.rings = [self.start.new_zeros(layer.dilation, rows, network.width) for layer in self.layers]

    def says(self, x: Tensor) -> Tensor:
        """s at the next moment."""
        said = []
        for layer, start, ring in zip(self.layers, self.starts, self.rings):
            place = ring[self.at % layer.dilation]  # the input d moments ago; then this one's
            gates = torch.addmm(start, torch.cat([place, x], 1), layer.gates.weight.T)
            place.copy_(x)
            z, x = layer.passed(x, gates)
            said.append(z)
        self.at += 1
        skips = self.network.skips
        return self.start if skips is None else torch.addmm(self.start, torch.cat(said, 1), skips.weight.T)  # (3)

    def pick(self, rows: Tensor) -> None:
        """Go on from these rows, some of them several times."""
        self.start, self.starts = self.start[rows], [start[rows] for start in self.starts]
        self.rings = [ring[:, rows] for ring in self.rings]


def _start(layer: Gated, context: Tensor | None, rows: int) -> Tensor:
    """What the gates have from their bias and the context: (B, 2 width)."""
    if layer.told is None or context is None:
        return layer.gates.bias.expand(rows, -1)
    return layer.gates.bias + layer.told(context)
