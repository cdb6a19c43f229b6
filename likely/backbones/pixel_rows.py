r"""A gated stack place by place, with caches: a row's v is computed once, and a pixel costs O(blocks x kernel).

What block l needs of the past is kept where it is read: of v its last rows, of h the row so far, laid out (B, places x
width), so that a window of columns is one strided matrix and a convolution at one place one matrix product. What v, the
condition and the biases add to h is computed for a whole row when the row begins.
"""

from typing import TYPE_CHECKING, final

import torch
import torch.nn.functional as F
from torch import Tensor

from likely.backbones.network import Context
from likely.backbones.trunk import Size, Walk

if TYPE_CHECKING:
    from likely.backbones.masked_convolution import Above, GatedBlock, GatedStack, Left


@final
class Seen:
    """The planes that are known, and what a first layer says of them at the next place."""

    def __init__(self, above: "Above | None", left: "Left", size: Size, planes: Tensor) -> None:
        self.above, self.left, self.columns = above, left, size[1]
        self.r, self.c = 0, 0
        rows, self.inputs = planes.shape
        self.reach = 0 if above is None else above.reach
        self.planes = planes.new_zeros(rows, self.inputs, self.reach + size[0], size[1])
        self.row = planes.new_zeros(rows, (left.reach + size[1]) * self.inputs)

    def rows_above(self) -> Tensor | None:
        """What the rows above say of all of this one, (B, width, 1, W)."""
        return None if self.above is None else self.above.conv(self.planes[:, :, self.r : self.r + self.reach])

    def places_left(self) -> Tensor:
        """What the places to the left say of the next, (B, width)."""
        return self.left.step(self.row, self.c)

    def know(self, planes: Tensor) -> None:
        """On to the next place, and at a row's end to the next row."""
        self.planes[:, :, self.reach + self.r, self.c] = planes
        at = (self.left.reach + self.c) * self.inputs
        self.row[:, at : at + self.inputs] = planes
        self.c += 1
        if self.c == self.columns:
            self.r, self.c = self.r + 1, 0

    def pick(self, rows: Tensor) -> None:
        """Go on from these rows."""
        self.planes, self.row = self.planes[rows], self.row[rows]


@final
class GatedWalk(Walk):
    """The walk of a `GatedStack`."""

    def __init__(self, stack: "GatedStack", rows: int, context: Context | None) -> None:
        self.start = stack.where()  # (width, H, W)
        self.seen = Seen(stack.above, stack.left, stack.size, self.start.new_empty(rows, stack.inputs))
        self.blocks = [BlockRows(block, rows, stack.size, context, self.start) for block in stack.each()]

    def says(self) -> Tensor:
        r, c = self.seen.r, self.seen.c
        if c == 0:
            self._begin_row(r)
        h = self.seen.places_left() + self.start[:, r, c]
        for block in self.blocks:
            h = block.step(h, c)
        return h

    def know(self, planes: Tensor) -> None:
        self.seen.know(planes)

    def pick(self, rows: Tensor) -> None:
        self.seen.pick(rows)
        for block in self.blocks:
            block.pick(rows)

    def _begin_row(self, r: int) -> None:
        """v of every block at this row, and what it adds to h."""
        v = self.seen.rows_above()
        v = None if v is None else v + self.start[:, r, None]
        for block in self.blocks:
            v = block.begin(v, r)


@final
class BlockRows:
    """What one block keeps."""

    def __init__(self, block: "GatedBlock", rows: int, size: Size, context: Context | None, like: Tensor) -> None:
        self.block, self.reach, self.width = block, block.reach, block.width
        self.told_h, self.told_v = (
            None if told is None else told.expand(-1, -1, *size) for told in block.heard(context)
        )
        self.v = like.new_zeros(rows, self.width, self.reach + 1, size[1])  # the last rows
        self.h = like.new_zeros(rows, (self.reach + size[1]) * self.width)  # the row so far
        self.given = like.new_empty(size[1], rows, 2 * self.width)  # what is added to h, column by column
        self.along, self.bias, self.out = block.at_one_place()

    def begin(self, v: Tensor | None, r: int) -> Tensor | None:
        """The block's v at row r (B, width, 1, W), from that below it."""
        self.given.copy_(self.bias)
        if self.told_h is not None:
            self.given += self.told_h[:, :, r].permute(2, 0, 1)
        if v is None or self.block.link is None:
            return None
        self.v = torch.cat([self.v[:, :, 1:], v], 2)
        v = self.block.descended(v, self.v, None if self.told_v is None else self.told_v[:, :, r, None])
        self.given += F.conv2d(v, self.block.link.weight)[:, :, 0].permute(2, 0, 1)
        return v

    def pick(self, rows: Tensor) -> None:
        """Go on from these rows."""
        self.told_h, self.told_v = (_picked(told, rows) for told in (self.told_h, self.told_v))
        self.v, self.h, self.given = self.v[rows], self.h[rows], self.given[:, rows]

    def step(self, h: Tensor, c: int) -> Tensor:
        """h' at column c, from h (B, width) there."""
        start, end = c * self.width, (c + self.reach + 1) * self.width
        self.h[:, end - self.width : end] = h
        s, t = torch.addmm(self.given[c], self.h[:, start:end], self.along).chunk(2, 1)
        return torch.addmm(h, torch.tanh(s).mul_(torch.sigmoid(t)), self.out)


def _picked(told: Tensor | None, rows: Tensor) -> Tensor | None:
    """Of these rows; what is the same at every place is not written out."""
    if told is None or told[0, 0].numel() == 1 or any(told.stride()[2:]):
        return None if told is None else told[rows]
    return told[:, :, :1, :1][rows].expand(-1, -1, *told.shape[2:])
