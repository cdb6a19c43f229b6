r"""LSTMs over a picture in raster order: a state at every place, from the states of earlier places.

    i, f, o = sigmoid, g = tanh of K_is * x + K_ss h_before + told                                                   (1)
    c = f c_before + i g,   h = o tanh(c)                                                                            (2)
    x' = x + U h,   U a 1 x 1 convolution                                                                            (3)

`RowLSTM`: h_before is a window of three columns of the row above, c_before the cell above, K_is reads the place and the
one to its left; a row at a time. `DiagonalBiLSTM`: h_before is the left and the upper neighbour, c_before the left one;
a diagonal at a time, in one batched product. A second LSTM comes from the right, its states let in one row lower: all
earlier places are in sight of every layer, but for the last of the row above, which the first convolution must reach.

Pixel Recurrent Neural Networks (van den Oord, Kalchbrenner & Kavukcuoglu, 2016), arXiv:1601.06759
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import final

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from likely.backbones.masked_convolution import Above, Left, LeftColumn, LeftPixels
from likely.backbones.network import Context
from likely.backbones.pixel_rows import Seen
from likely.backbones.trunk import Size, Told, Trunk, Walk, Where


def cell(numbers: Tensor, before: Tensor) -> tuple[Tensor, Tensor]:
    """(2): the new h and c, from four parts i, f, o, g along the last dimension and the c before."""
    gates, g = numbers.split([3 * before.shape[-1], before.shape[-1]], -1)
    i, f, o = torch.sigmoid(gates).chunk(3, -1)
    c = f * before + i * torch.tanh(g)
    return o * torch.tanh(c), c


class RowState(ABC):
    """What one layer keeps while places become known one after the other."""

    @abstractmethod
    def begin(self, r: int) -> None:
        """A row begins; all of the row above is known."""

    @abstractmethod
    def step(self, x: Tensor, c: int) -> Tensor:
        """x' at column c, from x (B, width) there."""

    @abstractmethod
    def pick(self, rows: Tensor) -> None:
        """Go on from these rows."""


class Layer(nn.Module, ABC):
    """(B, width, H, W) -> the same."""

    @abstractmethod
    def forward(self, x: Tensor, context: Context | None) -> Tensor: ...

    @abstractmethod
    def state(self, rows: int, context: Context | None) -> RowState:
        """The same for `rows` pictures, place by place."""


class Recurrence(ABC):
    """Which states a place's state comes from."""

    @abstractmethod
    def layer(self, width: int, size: Size, *, summary: int, places: int) -> Layer:
        """A layer over features of this width; half as many are its state."""


@final
@dataclass(frozen=True)
class RowLSTM(Recurrence):
    """From three places above: a row at a time, with a view that narrows upwards like a triangle."""

    def layer(self, width: int, size: Size, *, summary: int, places: int) -> Layer:
        if size[0] == 1:  # nothing is above
            return DiagonalLayer(width, size, summary=summary, places=places)
        return RowLayer(width, size, summary=summary, places=places)


@final
@dataclass(frozen=True)
class DiagonalBiLSTM(Recurrence):
    """From the left and from above, and from the right and above: all that came before."""

    def layer(self, width: int, size: Size, *, summary: int, places: int) -> Layer:
        return DiagonalLayer(width, size, summary=summary, places=places)


def _weights(*shape: int) -> nn.Parameter:
    bound = shape[-2] ** -0.5
    return nn.Parameter(torch.empty(shape).uniform_(-bound, bound))


def _bias(*shape: int) -> nn.Parameter:
    """Zeros, and ones for the gates f, so that states last at first."""
    bias = torch.zeros(shape)
    bias.chunk(4, -1)[1].fill_(1.0)
    return nn.Parameter(bias)


def _told(told: Told | None, context: Context | None, size: Size) -> Tensor | None:
    """What the context adds to the gates: (H, W, B, numbers), or with one of each side."""
    if told is None or context is None:
        return None
    return told(context).permute(2, 3, 0, 1)


# Rows ----------------------------------------------------------------------------------------------------------------


@final
class RowLayer(Layer):
    """The Row LSTM."""

    def __init__(self, width: int, size: Size, *, summary: int, places: int) -> None:
        super().__init__()
        self.width, self.size, self.held = width, size, (width + 1) // 2
        self.read = _weights(2 * width, 4 * self.held)
        self.above = _weights(3 * self.held, 4 * self.held)
        self.bias = _bias(4 * self.held)
        self.out, self.told = nn.Linear(self.held, width), Told(summary, places, 4 * self.held) if summary else None

    def forward(self, x: Tensor, context: Context | None) -> Tensor:
        rows = x.permute(2, 3, 0, 1)  # (H, W, B, width)
        pairs = torch.cat([F.pad(rows[:, :-1], (0, 0, 0, 0, 1, 0)), rows], 3)
        numbers = pairs @ self.read + self.bias
        told = _told(self.told, context, self.size)
        numbers = numbers if told is None else numbers + told
        c = h = numbers.new_zeros(*rows.shape[1:3], self.held)
        states = []
        for row in numbers:
            h, c = cell(row + self.windows(h) @ self.above, c)  # (1), (2)
            states.append(h)
        return x + self.out(torch.stack(states)).permute(2, 3, 0, 1)  # (3)

    def windows(self, h: Tensor) -> Tensor:
        """(W, B, held) as the columns c - 1, c, c + 1 beside each other."""
        padded = F.pad(h, (0, 0, 0, 0, 1, 1))
        return torch.cat([padded[:-2], padded[1:-1], padded[2:]], 2)

    def state(self, rows: int, context: Context | None) -> "RowLayerState":
        return RowLayerState(self, rows, context)


@final
class RowLayerState(RowState):
    """The states of the row above and of this one."""

    def __init__(self, layer: RowLayer, rows: int, context: Context | None) -> None:
        self.layer, columns = layer, layer.size[1]
        told = _told(layer.told, context, layer.size)
        self.told = None if told is None else told.expand(*layer.size, -1, -1)
        self.h, self.c = (layer.bias.new_zeros(columns, rows, layer.held) for _ in range(2))
        self.x = layer.bias.new_zeros(rows, (1 + columns) * layer.width)
        self.given = self.h.new_empty(columns, rows, 4 * layer.held)

    def begin(self, r: int) -> None:
        self.given = self.layer.bias + self.layer.windows(self.h) @ self.layer.above
        if self.told is not None:
            self.given = self.given + self.told[r]

    def step(self, x: Tensor, c: int) -> Tensor:
        width = self.layer.width
        self.x[:, (1 + c) * width : (2 + c) * width] = x
        numbers = torch.addmm(self.given[c], self.x[:, c * width : (c + 2) * width], self.layer.read)
        self.h[c], self.c[c] = cell(numbers, self.c[c])
        return x + self.layer.out(self.h[c])

    def pick(self, rows: Tensor) -> None:
        self.told = None if self.told is None else self.told[:, :, rows]
        self.h, self.c, self.given = self.h[:, rows], self.c[:, rows], self.given[:, rows]
        self.x = self.x[rows]


# Diagonals -----------------------------------------------------------------------------------------------------------


@final
class DiagonalLayer(Layer):
    """The Diagonal BiLSTM; of a row of cells, an LSTM from the left."""

    near: Tensor  # (directions, 2 held, 4 held)
    places: Tensor  # (directions, H W): which place comes when, by diagonals
    back: Tensor  # (directions, H W): when each place comes

    def __init__(self, width: int, size: Size, *, summary: int, places: int) -> None:
        super().__init__()
        self.width, self.size, self.held = width, size, (width + 1) // 2
        self.directions = 1 if size[0] == 1 else 2
        self.read = _weights(self.directions, width, 4 * self.held)
        near = _weights(self.directions, 2 * self.held, 4 * self.held)
        if size == (1, 1):  # a place without neighbours
            self.register_buffer("near", near.detach(), persistent=False)
        else:
            self.near = near
        self.bias = _bias(self.directions, 1, 4 * self.held)
        self.out = nn.Linear(self.held, width)
        self.told = Told(summary, places, self.directions * 4 * self.held) if summary else None
        order = torch.stack([_by_diagonal(size, mirrored=bool(d)) for d in range(self.directions)])
        self.register_buffer("places", order, persistent=False)
        self.register_buffer("back", order.argsort(1), persistent=False)

    def forward(self, x: Tensor, context: Context | None) -> Tensor:
        flat = x.flatten(2).permute(2, 0, 1)  # (H W, B, width)
        h = self._scan(self._numbers(flat, context))  # (directions, H W, B, held), by diagonals
        seen = h[0].index_select(0, self.back[0])
        if self.directions == 2:
            seen = seen + F.pad(h[1].index_select(0, self.back[1])[: -self.size[1]], (0, 0, 0, 0, self.size[1], 0))
        return x + self.out(seen).permute(1, 2, 0).unflatten(2, self.size)  # (3)

    def _numbers(self, flat: Tensor, context: Context | None) -> Tensor:
        """K_is * x + told, by diagonals: (directions, H W, B, 4 held)."""
        read = torch.stack([flat.index_select(0, order) for order in self.places])
        numbers = torch.baddbmm(self.bias, read.flatten(1, 2), self.read).unflatten(1, read.shape[1:3])
        told = _told(self.told, context, self.size)
        if told is None:
            return numbers
        parts = told.flatten(0, 1).chunk(self.directions, 2)  # (H W or 1, B, 4 held) each
        fields = (part if len(part) == 1 else part[order] for part, order in zip(parts, self.places))
        return numbers + torch.stack(list(fields))

    def _scan(self, numbers: Tensor) -> Tensor:
        """The states, diagonal after diagonal."""
        spans = _diagonals(self.size)
        c = h = numbers.new_zeros(self.directions, 1, numbers.shape[2], self.held)
        states, first = [], 0
        for (low, high), part in zip(spans, numbers.split([high - low for low, high in spans], 1)):
            before, own = (
                F.pad(each, (0, 0, 0, 0, 1, 1)) for each in (h, c)
            )  # rows first - 1 .. of the diagonal before
            left, up = (before[:, low - first + 1 - up :][:, : high - low] for up in (0, 1))
            joined = torch.cat([left, up], 3).flatten(1, 2)
            told = torch.baddbmm(part.flatten(1, 2), joined, self.near).view_as(part)  # (1)
            h, c = cell(told, own[:, low - first + 1 :][:, : high - low])
            states.append(h)
            first = low
        return torch.cat(states, 1)

    def state(self, rows: int, context: Context | None) -> "DiagonalState":
        return DiagonalState(self, rows, context)


def _diagonals(size: Size) -> list[tuple[int, int]]:
    """The rows, from and to, of every diagonal r + c = 0, 1, ..."""
    return [(max(0, at - size[1] + 1), min(size[0], at + 1)) for at in range(size[0] + size[1] - 1)]


def _by_diagonal(size: Size, *, mirrored: bool) -> Tensor:
    """All places, diagonal after diagonal, from the left or from the right."""
    spans = enumerate(_diagonals(size))
    places = [(r, at - r) for at, (low, high) in spans for r in range(low, high)]
    return torch.tensor([r * size[1] + (size[1] - 1 - c if mirrored else c) for r, c in places])


@final
class DiagonalState(RowState):
    """The states of the row above, and of this one so far; from the right, the rows that are whole."""

    def __init__(self, layer: DiagonalLayer, rows: int, context: Context | None) -> None:
        self.layer, columns = layer, layer.size[1]
        told = _told(layer.told, context, layer.size)
        self.told = None if told is None else told.expand(*layer.size, -1, -1).unflatten(3, (layer.directions, -1))
        self.h = layer.bias.new_zeros(layer.directions, columns, rows, layer.held)
        self.x = layer.bias.new_zeros(columns, rows, layer.width)
        self.r, self.c = 0, self.h[0, 0]

    def begin(self, r: int) -> None:
        if self.layer.directions == 2 and r > 0:
            self._from_the_right(r - 1)
        self.r, self.c = r, torch.zeros_like(self.c)

    def _from_the_right(self, r: int) -> None:
        numbers, c = self.x @ self.layer.read[1] + self.layer.bias[1], torch.zeros_like(self.c)
        left = torch.zeros_like(c)
        for at in reversed(range(len(numbers))):
            self.h[1, at], c = self._cell(1, numbers[at], left, r, at, c)
            left = self.h[1, at]

    def _cell(self, way: int, numbers: Tensor, left: Tensor, r: int, at: int, c: Tensor) -> tuple[Tensor, Tensor]:
        if self.told is not None:
            numbers = numbers + self.told[r, at, :, way]
        return cell(torch.addmm(numbers, torch.cat([left, self.h[way, at]], 1), self.layer.near[way]), c)

    def step(self, x: Tensor, c: int) -> Tensor:
        self.x[c] = x
        numbers = torch.addmm(self.layer.bias[0], x, self.layer.read[0])
        left = self.h[0, c - 1] if c > 0 else torch.zeros_like(self.c)
        self.h[0, c], self.c = self._cell(0, numbers, left, self.r, c, self.c)
        seen = self.h[0, c] + self.h[1, c] if self.layer.directions == 2 else self.h[0, c]
        return x + self.layer.out(seen)

    def pick(self, rows: Tensor) -> None:
        self.told = None if self.told is None else self.told[:, :, rows]
        self.h, self.x, self.c = self.h[:, :, rows], self.x[:, rows], self.c[rows]


# The trunk -----------------------------------------------------------------------------------------------------------


@final
class SpatialLSTM(Trunk):
    """A masked convolution, then layers of one recurrence; the features are the last layer's."""

    def __init__(
        self,
        inputs: int,
        width: int,
        size: Size,
        *,
        recurrence: Recurrence,
        layers: int,
        first: int = 7,  # the window of the convolution
        columns: bool = False,  # a row of cells of many kinds
        summary: int = 0,
        places: int = 0,
    ) -> None:
        super().__init__()
        self.inputs, self.width, self.size = inputs, width, size
        reach = first // 2
        self.above = Above(inputs, width, reach) if size[0] > 1 else None
        self.left: Left = LeftColumn(inputs, width, size[1]) if columns else LeftPixels(inputs, width, reach)
        self.where = Where(width, size)
        made = [recurrence.layer(width, size, summary=summary, places=places) for _ in range(layers)]
        self.layers = nn.ModuleList(made)

    def forward(self, planes: Tensor, context: Context | None = None) -> Tensor:
        x = self.left(planes) + self.where()
        x = x if self.above is None else x + self.above(planes)
        for layer in self.layers:
            x = layer(x, context)
        return x

    def walk(self, rows: int, context: Context | None = None) -> "SpatialWalk":
        return SpatialWalk(self, rows, context)


@final
class SpatialWalk(Walk):
    """The walk of a `SpatialLSTM`: every state computed once."""

    def __init__(self, trunk: SpatialLSTM, rows: int, context: Context | None) -> None:
        self.start = trunk.where()
        self.seen = Seen(trunk.above, trunk.left, trunk.size, self.start.new_empty(rows, trunk.inputs))
        self.states = [layer.state(rows, context) for layer in trunk.layers if isinstance(layer, Layer)]
        self.above: Tensor | None = None

    def says(self) -> Tensor:
        r, c = self.seen.r, self.seen.c
        if c == 0:
            self.above = self.seen.rows_above()
            for state in self.states:
                state.begin(r)
        x = self.seen.places_left() + self.start[:, r, c]
        x = x if self.above is None else x + self.above[:, :, 0, c]
        for state in self.states:
            x = state.step(x, c)
        return x

    def know(self, planes: Tensor) -> None:
        self.seen.know(planes)

    def pick(self, rows: Tensor) -> None:
        self.seen.pick(rows)
        self.above = None if self.above is None else self.above[rows]
        for state in self.states:
            state.pick(rows)
