"""What backbones exchange: a description of a network (a frozen dataclass a family takes as a field) and a context."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

from torch import Tensor, nn


class Network(ABC):  # noqa: B024
    """The shape of a network, without its weights: `MLP(width=256, depth=2)`, `Conv(...)`, `UNet(...)`."""


@dataclass(frozen=True)
class Context:
    """What an encoder says of its input."""

    summary: Tensor  # (B, width)
    field: Tensor | None = None  # (B, places, *where) where the space has places and they were asked for


class Encoder(nn.Module, ABC):
    """Cells of one space -> a context. Missing cells (NaN, -1), even all of them, are an input like any other."""

    @abstractmethod
    def forward(self, cells: Tensor) -> Context: ...


class Decoder(nn.Module, ABC):
    """A code, and a condition where there is one -> the parameters of a law."""

    @abstractmethod
    def forward(self, z: Tensor, c: Tensor | None = None) -> Tensor: ...


class Denoiser(nn.Module, ABC):
    """Noised x, its level of noise (B,), of order one, and a condition -> something of x's shape.

    One that may be shown a part of the clean x is given it (B, 2 C, ...): the cells known, 0 elsewhere, and which.
    """

    @abstractmethod
    def forward(self, x_t: Tensor, level: Tensor, c: Tensor | None = None, shown: Tensor | None = None) -> Tensor: ...


class Look(ABC):
    """What a network saw of the known columns of some rows, from which it says the numbers of any column."""

    @abstractmethod
    def said(self) -> Tensor:
        """Of all columns, (B, S)."""

    @abstractmethod
    def said_of(self, column: int, rows: Tensor) -> Tensor:
        """Of one column, for some rows: (b, its numbers)."""
