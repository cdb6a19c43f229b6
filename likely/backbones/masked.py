r"""A masked perceptron: what it says of a column depends on the columns before it, in any order, and on the context.

Every hidden unit has a degree; r(d) is the rank of column d in the order. A weight is let through when

    input of d -> unit of degree g               r(d) < g                                                        (1)
    unit of degree f -> unit of degree g         f <= g                                                          (2)
    unit of degree g -> output for d             g <= r(d)                                                       (3)
    input of d -> output for e                   r(d) < r(e)                                                     (4)

so that the outputs for d see the columns of lower rank only. Column by column, each unit is computed once, as soon as
the columns below its degree are known: D columns cost one pass. Values are laid out rows last, (numbers, B).

MADE: Masked Autoencoder for Distribution Estimation (Germain et al., 2015), arXiv:1502.03509
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import final

import torch
from torch import Tensor, nn


@final
class MaskedMLP(nn.Module):
    """(inputs, B) -> (outputs, B): input i is a number of column reads[i], output j is about column says[j]."""

    reads: Tensor
    says: Tensor
    order: Tensor
    degrees: Tensor

    def __init__(
        self,
        reads: Sequence[int],
        says: Sequence[int],
        *,
        hidden: tuple[int, ...] = (128, 128),
        order: Sequence[int] | None = None,  # the columns by rank, where a call says nothing else; None: as they come
        context: int = 0,  # numbers that every output may depend on
        residual: bool = False,  # add a hidden layer's input to its output, where their widths are equal
        direct: bool = False,  # let (4) through too: with fewer units than columns, some would go unseen otherwise
        faint: float = 1.0,  # what the outputs start at a fraction of
    ) -> None:
        super().__init__()
        columns = max(says) + 1
        lowest = 0 if context else 1  # a unit of degree 0 reads the context alone
        self.widths = list(hidden) if columns > lowest else []  # else nothing can be read: the outputs are constants
        self.residual = residual
        degrees = [degree for width in self.widths for degree in _degrees(width, lowest, columns - 1)]
        order = range(columns) if order is None else order
        for name, values in {"reads": reads, "says": says, "order": order, "degrees": degrees}.items():
            self.register_buffer(name, torch.tensor(list(values), dtype=torch.int64), persistent=False)
        *masks, direct_mask = self.masks(self.order)
        told = [context if at in (0, len(self.widths)) else 0 for at in range(len(masks))]
        self.layers = nn.ModuleList(Masked(mask, heard) for mask, heard in zip(masks, told))
        self.direct = _weight(direct_mask) if direct else None
        self.register_buffer("direct_mask", direct_mask if direct else None, persistent=False)
        with torch.no_grad():
            for parameter in (*self.layers[-1].parameters(), *([] if self.direct is None else [self.direct])):
                parameter.mul_(faint)

    def forward(self, x: Tensor, context: Tensor | None = None, order: Tensor | None = None) -> Tensor:
        masks = self._own_masks() if order is None else self.masks(order)
        h = x
        for at, layer in enumerate(self.layers):
            h = self.activated(at, layer(h, masks[at], context), h)  # type: ignore[operator]
        if self.direct is not None:
            h = torch.addmm(h, self.direct * masks[-1], x)
        return h.expand(-1, x.shape[1])

    def masks(self, order: Tensor) -> list[Tensor]:
        """What is let through in this order: into each layer, and from the inputs directly to the outputs."""
        rank = order.argsort()
        below, above = rank[self.reads], rank[self.says][:, None]
        if not self.widths:
            return [above[:, :0].bool(), below < above]
        degrees = self.degrees.split(self.widths)
        between = [low <= high[:, None] for low, high in pairwise(degrees)]  # (2)
        return [below < degrees[0][:, None], *between, degrees[-1] <= above, below < above]  # (1), (3), (4)

    def by_column(self, rows: int, context: Tensor | None = None, order: Tensor | None = None) -> "ByColumn":
        """The same for `rows` rows whose columns become known one after the other; without gradient."""
        with torch.no_grad():
            return ByColumn(self, rows, context, self.order if order is None else order)

    def activated(self, at: int, above: Tensor, below: Tensor) -> Tensor:
        """What layer `at` makes of its linear map `above` of `below`, which are as many units where they are added."""
        if at == len(self.widths):
            return above
        h = torch.relu(above)
        return h + below if self.residual and at > 0 and self.widths[at - 1] == self.widths[at] else h

    def _own_masks(self) -> list[Tensor]:
        return [*(layer.mask for layer in self.layers), self.direct_mask]  # type: ignore[list-item]


@final
class Masked(nn.Module):
    """A linear layer under a mask, told of a context where there is one."""

    mask: Tensor

    def __init__(self, mask: Tensor, context: int) -> None:
        super().__init__()
        self.register_buffer("mask", mask, persistent=False)
        self.weight = _weight(mask)
        self.bias = nn.Parameter(_started(mask)[:, :1] if mask.shape[1] else torch.zeros(len(mask), 1))
        self.told = nn.Linear(context, len(mask), bias=False) if context else None

    def forward(self, x: Tensor, mask: Tensor, context: Tensor | None = None) -> Tensor:
        start = self.start(context)
        return start if self.weight is None else torch.addmm(start, self.weight * mask, x)

    def start(self, context: Tensor | None) -> Tensor:
        """The bias and what the context adds: (units, B), or (units, 1) without a context."""
        if self.told is None or context is None:
            return self.bias
        return torch.addmm(self.bias, self.told.weight, context)


@final
class ByColumn:
    """Ask what the network `says` of the next column, then let it `know` the column's inputs; and so on in order."""

    def __init__(self, network: MaskedMLP, rows: int, context: Tensor | None, order: Tensor) -> None:
        rank = order.argsort()
        below, above = rank[network.reads], rank[network.says]
        into, out = below.argsort(stable=True), above.argsort(stable=True)  # inputs and outputs by rank
        self.out = out
        degrees = network.degrees.split(network.widths) if network.widths else ()
        self.network, self.at = network, 0
        self.inputs, *self.units, self.told = (_ends(values, len(order)) for values in (below, *degrees, above))
        *masks, direct = network.masks(order)
        self.weights = [_masked(layer, mask) for layer, mask in zip(network.layers, masks)]
        self.starts = [layer.start(context) for layer in network.layers]  # type: ignore[operator]
        self.weights[0] = self.weights[0][:, into] if network.widths else self.weights[0]
        self.weights[-1], self.starts[-1] = self.weights[-1][out], self.starts[-1][out]
        self.direct = None if network.direct is None else (network.direct * direct)[out][:, into]
        sizes = (len(into), *network.widths)
        self.h = [self.starts[-1].new_empty(size, rows) for size in sizes]  # the inputs, then each hidden layer

    def again(self, context: Tensor) -> "ByColumn":
        """From the first column on, under another context: nothing else is computed anew."""
        self.at, self.starts = 0, [layer.start(context) for layer in self.network.layers]  # type: ignore[operator]
        self.starts[-1] = self.starts[-1][self.out]
        return self

    def says(self) -> Tensor:
        """The outputs for the next column, (its outputs, B)."""
        known = self.inputs[self.at] if self.units else 0
        for layer, ends in enumerate(self.units):
            known = self._new_units(layer, known, ends[self.at], ends[self.at + 1])
        start, end = self.told[self.at : self.at + 2]
        said = self._linear(len(self.units), known, start, end)
        if self.direct is not None:
            seen = self.inputs[self.at]
            said = torch.addmm(said, self.direct[start:end, :seen], self.h[0][:seen])
        return said

    def know(self, inputs: Tensor) -> None:
        """The column's inputs, (its inputs, B): on to the next."""
        self.h[0][self.inputs[self.at] : self.inputs[self.at + 1]] = inputs
        self.at += 1

    def pick(self, rows: Tensor) -> None:
        """Go on from these rows, some of them several times."""
        self.h = [units[:, rows] for units in self.h]
        self.starts = [start if start.shape[1] == 1 else start[:, rows] for start in self.starts]

    def _new_units(self, layer: int, known: int, start: int, end: int) -> int:
        """Compute the units that see no more than is known; how many there are by now."""
        if end > start:
            above = self._linear(layer, known, start, end)
            self.h[layer + 1][start:end] = self.network.activated(layer, above, self.h[layer][start:end])
        return end

    def _linear(self, layer: int, known: int, start: int, end: int) -> Tensor:
        below = self.h[min(layer, len(self.h) - 1)][:known]
        return torch.addmm(self.starts[layer][start:end], self.weights[layer][start:end, :known], below)


def _weight(mask: Tensor) -> nn.Parameter | None:
    """Weights for a mask that lets anything through."""
    return nn.Parameter(_started(mask)) if mask.any() else None


def _started(mask: Tensor) -> Tensor:
    """Uniform, by how many numbers a row truly reads."""
    return (2 * torch.rand(mask.shape) - 1) * mask.sum(1, keepdim=True).clamp(min=1).rsqrt()


def _masked(layer: nn.Module, mask: Tensor) -> Tensor:
    assert isinstance(layer, Masked)
    return mask.to(layer.bias.dtype) if layer.weight is None else layer.weight * mask


def _ends(values: Tensor, columns: int) -> list[int]:
    """How many of the values lie below 0, 1, ..., columns."""
    steps = torch.arange(columns + 1, device=values.device)
    return torch.searchsorted(values.sort().values, steps).tolist()


def _degrees(width: int, lowest: int, highest: int) -> list[int]:
    """Degrees in rising order, spread evenly; the last unit has the highest."""
    count = highest - lowest + 1
    return [lowest + -((-at * count) // width) - 1 for at in range(1, width + 1)]
