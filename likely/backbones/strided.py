r"""Strided convolutions and their transposes as matrix products over the taps that touch each place.

    convolution   y[o] = sum_k x[s o - p + k] w[k]                                                                   (1)
    transpose     y[o] = sum_k x[(o + p - k) / s] w[k],   where s divides o + p - k                                  (2)

Outputs that the same taps touch form a block, in each dimension an arithmetic progression: one product of its inputs,
laid side by side, with those taps' weights. Nothing is computed for padding or for outputs that are cropped, which on
maps of a few pixels is up to half of the work, and a product runs at full speed where the libraries' direct strided
kernels do not. The layers equal torch's; they have first derivatives only, so a gradient penalty needs torch's own.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, final

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable


@dataclass(frozen=True)
class Run:
    """Outputs of one dimension that the same taps touch, and for each tap the inputs it takes."""

    outputs: slice
    taps: tuple[tuple[int, slice], ...]


@dataclass(frozen=True)
class Block:
    """A run of rows by a run of columns: which outputs, and for each tap (row, column, its inputs)."""

    rows: slice
    columns: slice
    taps: tuple[tuple[int, int, slice, slice], ...]


@final
class Strided(nn.Module):
    """A convolution: (B, inputs, H, W) -> (B, outputs, H', W'), H' = (H + 2 padding - kernel) // stride + 1."""

    def __init__(self, inputs: int, outputs: int, kernel: int, *, stride: int, padding: int) -> None:
        super().__init__()
        self.kernel, self.stride, self.padding = kernel, stride, padding
        self.weight, self.bias = _weights(inputs, outputs, kernel, taps=kernel**2)

    def forward(self, x: Tensor) -> Tensor:
        sides = [_strided(side, self.kernel, self.stride, self.padding) for side in x.shape[-2:]]
        return _applied(x, self.weight, self.bias, sides)


@final
class Transposed(nn.Module):
    """The transpose of a strided convolution: H' = (H - 1) stride - 2 padding + kernel + extra."""

    def __init__(self, inputs: int, outputs: int, kernel: int, *, stride: int, padding: int, extra: int = 0) -> None:
        super().__init__()
        self.kernel, self.stride, self.padding, self.extra = kernel, stride, padding, extra
        self.weight, self.bias = _weights(inputs, outputs, kernel, taps=max(1, kernel // stride) ** 2)

    def forward(self, x: Tensor) -> Tensor:
        sides = [_transposed(side, self.kernel, self.stride, self.padding, self.extra) for side in x.shape[-2:]]
        return _applied(x, self.weight, self.bias, sides)


def _weights(inputs: int, outputs: int, kernel: int, *, taps: int) -> tuple[nn.Parameter, nn.Parameter]:
    """(kernel, kernel, inputs, outputs) and the bias, uniform within 1 / sqrt(numbers that enter an output)."""
    width = 1 / math.sqrt(inputs * taps)
    weight, bias = torch.empty(kernel, kernel, inputs, outputs), torch.empty(outputs)
    return nn.Parameter(weight.uniform_(-width, width)), nn.Parameter(bias.uniform_(-width, width))


def _applied(x: Tensor, weight: Tensor, bias: Tensor, sides: Sequence[tuple[int, list[Run]]]) -> Tensor:
    (height, rows), (width, columns) = sides
    y = Products.apply(x.movedim(1, -1), weight, bias, (height, width), list(_blocks(rows, columns)))
    return y.movedim(-1, 1)


# Which inputs make which outputs -------------------------------------------------------------------------------------


def _strided(side: int, kernel: int, stride: int, padding: int) -> tuple[int, list[Run]]:
    size = (side + 2 * padding - kernel) // stride + 1
    sources = [{k: stride * o - padding + k for k in range(kernel)} for o in range(size)]  # (1)
    return size, _runs(_inside(sources, side), every=1)


def _transposed(side: int, kernel: int, stride: int, padding: int, extra: int) -> tuple[int, list[Run]]:
    size = (side - 1) * stride - 2 * padding + kernel + extra
    sources = [
        {k: (o + padding - k) // stride for k in range(kernel) if (o + padding - k) % stride == 0} for o in range(size)
    ]  # (2)
    return size, _runs(_inside(sources, side), every=stride)


def _inside(sources: list[dict[int, int]], side: int) -> list[dict[int, int]]:
    return [{tap: at for tap, at in taps.items() if 0 <= at < side} for taps in sources]


def _runs(sources: list[dict[int, int]], every: int) -> list[Run]:
    """Outputs o, o + every, o + 2 every, ... as long as the same taps touch them."""
    found = []
    for first in range(every):
        start = first
        while start < len(sources):
            end = start
            while end + every < len(sources) and sources[end + every].keys() == sources[start].keys():
                end += every
            found.append(_run(sources, start, end, every))
            start = end + every
    return found


def _run(sources: list[dict[int, int]], start: int, end: int, every: int) -> Run:
    taps = []
    for tap, low in sources[start].items():
        high = sources[end][tap]
        steps = (end - start) // every
        taps.append((tap, slice(low, high + 1, (high - low) // steps if steps else 1)))
    return Run(slice(start, end + 1, every), tuple(taps))


def _blocks(rows: list[Run], columns: list[Run]) -> Iterator[Block]:
    for down, across in product(rows, columns):
        taps = [(a, b, i, j) for (a, i), (b, j) in product(down.taps, across.taps)]
        yield Block(down.outputs, across.outputs, tuple(taps))


# The products --------------------------------------------------------------------------------------------------------


@final
class Products(torch.autograd.Function):
    """x (B, H, W, inputs) to (B, *size, outputs), block by block."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, size: tuple[int, int], blocks: list[Block]
    ) -> Tensor:
        y = bias.repeat(len(x), *size, 1)  # where no tap reaches
        blocks = [block for block in blocks if block.taps]
        sides = [_side_by_side(x, block) for block in blocks]
        for block, side in zip(blocks, sides):
            place = y[:, block.rows, block.columns]
            place.copy_(torch.addmm(bias, side, _of(weight, block)).view(place.shape))
        ctx.save_for_backward(weight, *sides)
        ctx.blocks, ctx.shape = blocks, x.shape
        return y

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        weight, *sides = ctx.saved_tensors
        x_grad = grad.new_zeros(ctx.shape) if ctx.needs_input_grad[0] else None
        weight_grad = torch.zeros_like(weight)
        for block, side in zip(ctx.blocks, sides):
            told = grad[:, block.rows, block.columns].flatten(0, 2)
            for (a, b, _, _), part in zip(block.taps, (side.mT @ told).chunk(len(block.taps))):
                weight_grad[a, b] += part
            if x_grad is not None:
                _add_back(x_grad, told @ _of(weight, block).mT, block)
        return x_grad, weight_grad, grad.sum((0, 1, 2)), None, None


def _side_by_side(x: Tensor, block: Block) -> Tensor:
    """(places, taps * inputs): what every output of a block is made of."""
    return torch.cat([x[:, i, j] for _, _, i, j in block.taps], -1).flatten(0, 2)


def _of(weight: Tensor, block: Block) -> Tensor:
    """(taps * inputs, outputs): the weights of a block's taps."""
    return torch.cat([weight[a, b] for a, b, _, _ in block.taps])


def _add_back(x_grad: Tensor, parts: Tensor, block: Block) -> None:
    for (_, _, i, j), part in zip(block.taps, parts.chunk(len(block.taps), 1)):
        place = x_grad[:, i, j]
        place += part.view(place.shape)
