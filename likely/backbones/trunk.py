"""What reads a picture in raster order: features at every place of what came before it, all at once or one by one.

A trunk sees the planes (B, inputs, H, W) of what is known of each place, and says (B, width, H, W) features of which
those at a place depend on earlier places only (rows from the top, each from the left) and on a condition's context. Its
walk says the same place by place, each unit computed once, as places become known.
"""

from abc import ABC, abstractmethod
from typing import final

import torch
from torch import Tensor, nn

from likely.backbones.network import Context

Size = tuple[int, int]


class Walk(ABC):
    """Ask what the trunk `says` of the next place, then let it `know` the place's planes; and so on in raster order."""

    @abstractmethod
    def says(self) -> Tensor:
        """The features (B, width) of the next place."""

    @abstractmethod
    def know(self, planes: Tensor) -> None:
        """What the place holds, (B, inputs): on to the next."""

    @abstractmethod
    def pick(self, rows: Tensor) -> None:
        """Go on from these rows, some of them several times."""


class Trunk(nn.Module, ABC):
    """Planes, and a context where there is one -> features of what came before."""

    inputs: int
    width: int
    size: Size

    @abstractmethod
    def forward(self, planes: Tensor, context: Context | None = None) -> Tensor:
        """(B, width, H, W)."""

    @abstractmethod
    def walk(self, rows: int, context: Context | None = None) -> Walk:
        """The same for `rows` pictures whose places become known one after the other; call it without gradient."""


@final
class Whole(Walk):
    """The naive walk, the whole trunk at every place: what a trunk's own walk must equal."""

    def __init__(self, trunk: Trunk, rows: int, context: Context | None = None) -> None:
        self.trunk, self.context, self.at = trunk, context, 0
        self.planes = next(trunk.parameters()).new_zeros(rows, trunk.inputs, *trunk.size)

    def says(self) -> Tensor:
        return self.trunk(self.planes, self.context).flatten(2)[:, :, self.at]

    def know(self, planes: Tensor) -> None:
        self.planes.flatten(2)[:, :, self.at] = planes
        self.at += 1

    def pick(self, rows: Tensor) -> None:
        self.planes, self.context = self.planes[rows], picked(self.context, rows)


def picked(context: Context | None, rows: Tensor) -> Context | None:
    """The contexts of these rows."""
    if context is None:
        return None
    return Context(context.summary[rows], None if context.field is None else context.field[rows])


@final
class Told(nn.Module):
    """A context as numbers to be added: its summary at every place, a field of the picture's size where it lies."""

    def __init__(self, summary: int, places: int, outputs: int) -> None:
        super().__init__()
        self.summary = nn.Linear(summary, outputs, bias=False)
        self.field = nn.Conv2d(places, outputs, 1, bias=False) if places else None

    def forward(self, context: Context) -> Tensor:
        """(B, outputs, H, W), or (B, outputs, 1, 1) without a field."""
        told = self.summary(context.summary)[:, :, None, None]
        return told if self.field is None or context.field is None else told + self.field(context.field)


@final
class Where(nn.Module):
    """(width, H, W): what is said of a place before anything is known, a row's part and a column's."""

    def __init__(self, width: int, size: Size) -> None:
        super().__init__()
        self.row = nn.Parameter(0.1 * torch.randn(width, size[0], 1))
        self.column = nn.Parameter(0.1 * torch.randn(width, 1, size[1]))

    def forward(self) -> Tensor:
        return self.row + self.column
