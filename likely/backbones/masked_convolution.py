r"""Convolutions that see only what came before in raster order, and the gated blocks built of them.

Two stacks, so that no earlier place is out of sight: v sees the rows above, h the places to the left and v. A block is

    v' = v + g(D * v + told),   D * v at row r reads rows r - a .. r                                                 (1)
    h' = h + U g(A * h + L v' + told),   A * h at column c reads columns c - a .. c                                  (2)
    g(s, t) = tanh(s) sigmoid(t)                                                                                     (3)

where of the planes the first v reads rows strictly above, and the first h columns strictly to the left. No mask is ever
multiplied: every kernel holds its live weights alone. A row of cells is a picture one place high: it has no v.

Conditional Image Generation with PixelCNN Decoders (van den Oord et al., 2016), arXiv:1606.05328
"""

from abc import ABC, abstractmethod
from typing import final

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from likely.backbones.network import Context
from likely.backbones.pixel_rows import GatedWalk
from likely.backbones.trunk import Size, Told, Trunk, Where


def gated(x: Tensor, dim: int = 1) -> Tensor:
    """(3), of two halves."""
    s, t = x.chunk(2, dim)
    return torch.tanh(s) * torch.sigmoid(t)


@final
class Above(nn.Module):
    """Planes -> what the rows above say, `reach` of them and as many columns to either side."""

    def __init__(self, inputs: int, outputs: int, reach: int) -> None:
        super().__init__()
        self.reach = reach
        self.conv = nn.Conv2d(inputs, outputs, (reach, 2 * reach + 1), padding=(0, reach))

    def forward(self, planes: Tensor) -> Tensor:
        return self.conv(F.pad(planes[:, :, :-1], (0, 0, self.reach, 0)))


class Left(nn.Module, ABC):
    """Planes -> what the places to the left in the same row say."""

    reach: int

    @abstractmethod
    def forward(self, planes: Tensor) -> Tensor: ...

    @abstractmethod
    def step(self, row: Tensor, c: int) -> Tensor:
        """(B, outputs) at column c, from the row (B, (reach + W) inputs) that starts with `reach` empty places."""


@final
class LeftPixels(Left):
    """The same weights at every place."""

    def __init__(self, inputs: int, outputs: int, reach: int) -> None:
        super().__init__()
        self.inputs, self.reach = inputs, reach
        self.conv = nn.Conv2d(inputs, outputs, (1, reach))

    def forward(self, planes: Tensor) -> Tensor:
        return self.conv(F.pad(planes[..., :-1], (self.reach, 0)))

    def step(self, row: Tensor, c: int) -> Tensor:
        seen = row[:, c * self.inputs : (c + self.reach) * self.inputs]
        assert self.conv.bias is not None
        return torch.addmm(self.conv.bias, seen, taps(self.conv.weight))


@final
class LeftColumn(Left):
    """The column before, every column with weights of its own: columns of a table are no pixels."""

    def __init__(self, inputs: int, outputs: int, columns: int) -> None:
        super().__init__()
        self.inputs, self.reach, self.outputs = inputs, 1, outputs
        bound = inputs**-0.5
        self.weight = (
            nn.Parameter(torch.empty(columns - 1, inputs, outputs).uniform_(-bound, bound)) if columns > 1 else None
        )

    def forward(self, planes: Tensor) -> Tensor:
        if self.weight is None:
            return planes.new_zeros(len(planes), self.outputs, 1, 1)
        said = torch.einsum("bid,dio->bod", planes[:, :, 0, :-1], self.weight)
        return F.pad(said, (1, 0))[:, :, None]

    def step(self, row: Tensor, c: int) -> Tensor:
        if self.weight is None or c == 0:
            return row.new_zeros(len(row), self.outputs)
        return row[:, c * self.inputs : (c + 1) * self.inputs] @ self.weight[c - 1]


def taps(weight: Tensor) -> Tensor:
    """A kernel (outputs, inputs, 1, k) as a matrix (k inputs, outputs)."""
    return weight[:, :, 0].permute(2, 1, 0).flatten(0, 1)


@final
class GatedBlock(nn.Module):
    """(1) and (2)."""

    def __init__(self, width: int, reach: int, *, above: bool, summary: int, places: int) -> None:
        super().__init__()
        self.width, self.reach = width, reach
        self.down = nn.Conv2d(width, 2 * width, (reach + 1, 2 * reach + 1), padding=(0, reach)) if above else None
        self.link = nn.Conv2d(width, 2 * width, 1, bias=False) if above else None
        self.along = nn.Conv2d(width, 2 * width, (1, reach + 1))
        self.out = nn.Conv2d(width, width, 1, bias=False)
        self.told = Told(summary, places, (4 if above else 2) * width) if summary else None

    def forward(self, v: Tensor | None, h: Tensor, context: Context | None) -> tuple[Tensor | None, Tensor]:
        told_h, told_v = self.heard(context)
        along = _added(self.along(F.pad(h, (self.reach, 0))), told_h)
        if v is not None and self.link is not None:
            v = self.descended(v, F.pad(v, (0, 0, self.reach, 0)), told_v)
            along = along + self.link(v)
        return v, h + self.out(gated(along))  # (2)

    def descended(self, v: Tensor, window: Tensor, told: Tensor | None) -> Tensor:
        """(1), from v and the rows that D reads for it."""
        assert self.down is not None
        return v + gated(_added(self.down(window), told))

    def heard(self, context: Context | None) -> tuple[Tensor | None, Tensor | None]:
        """What the context adds in h and in v."""
        if self.told is None or context is None:
            return None, None
        parts = self.told(context).split(2 * self.width, 1)
        return parts[0], parts[1] if len(parts) > 1 else None

    def at_one_place(self) -> tuple[Tensor, Tensor, Tensor]:
        """A as a matrix on a window, its bias, and U as a matrix."""
        assert self.along.bias is not None
        return taps(self.along.weight).contiguous(), self.along.bias, taps(self.out.weight).contiguous()


def _added(x: Tensor, told: Tensor | None) -> Tensor:
    return x if told is None else x + told


@final
class GatedStack(Trunk):
    """The first convolutions, then gated blocks; the features are the last h."""

    def __init__(
        self,
        inputs: int,
        width: int,
        size: Size,
        *,
        blocks: int,
        kernel: int = 3,  # a block's window: odd, its reach is half of it
        first: int = 7,  # the window on the planes
        columns: bool = False,  # a row of cells of many kinds
        summary: int = 0,  # numbers of a context's summary
        places: int = 0,  # planes of a context's field
    ) -> None:
        super().__init__()
        self.inputs, self.width, self.size = inputs, width, size
        reach = first // 2
        self.above = Above(inputs, width, reach) if size[0] > 1 else None
        self.left: Left = LeftColumn(inputs, width, size[1]) if columns else LeftPixels(inputs, width, reach)
        self.where = Where(width, size)
        self.blocks = nn.ModuleList(
            GatedBlock(width, kernel // 2, above=self.above is not None, summary=summary, places=places)
            for _ in range(blocks)
        )

    def forward(self, planes: Tensor, context: Context | None = None) -> Tensor:
        where = self.where()
        v = None if self.above is None else self.above(planes) + where
        h = self.left(planes) + where
        for block in self.blocks:
            v, h = block(v, h, context)
        return h

    def each(self) -> list[GatedBlock]:
        """The blocks from the first to the last."""
        return [block for block in self.blocks if isinstance(block, GatedBlock)]

    def walk(self, rows: int, context: Context | None = None) -> GatedWalk:
        return GatedWalk(self, rows, context)
