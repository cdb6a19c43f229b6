"""Rows to a few vectors and back: a picture's at the places of a small map, what stands where staying there."""

import math
from abc import ABC, abstractmethod
from typing import final

import torch.nn.functional as F
from torch import Tensor, nn

from likely.backbones.convolution import Conv, Narrowing, Size, Widening, halvings, widths
from likely.backbones.decoder import BESIDE, TOLD, context_of, decoder, everywhere
from likely.backbones.encoder import encoder
from likely.backbones.image import Pixels
from likely.backbones.network import Network
from likely.contracts import Space
from likely.spaces import Image


class Coder(nn.Module, ABC):
    """Cells (B, ...) -> vectors (B, T, width) -> the parameters of a law."""

    places: int  # T
    grid: Size | None  # the sides of the map that they are the places of, row by row

    @abstractmethod
    def encode(self, cells: Tensor) -> Tensor:
        """Cells to vectors."""

    @abstractmethod
    def decode(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        """Vectors, and a condition where there is one, to parameters."""


def coder(
    space: Space, outputs: tuple[int, ...], *,
    width: int, slots: int, side: int, condition: Space | None, network: Network | None,
) -> Coder:  # fmt: skip
    """A picture's map has sides of at most `side`, and of half its own; what is read whole has so many `slots`."""
    if isinstance(space, Image) and isinstance(network, Conv | None):
        floor = min(side, (max(space.height, space.width) + 1) // 2)
        return Mapped(space, outputs, width, floor, condition, network or Conv())
    return Slotted(space, outputs, width, slots, condition, network)


@final
class Slotted(Coder):
    """The summary of a row, cut into slots."""

    grid = None

    def __init__(
        self, space: Space, outputs: tuple[int, ...], width: int, slots: int,
        condition: Space | None, network: Network | None,
    ) -> None:  # fmt: skip
        super().__init__()
        self.places, self.width = slots, width
        self.encoder = encoder(space, slots * width, network)
        self.decoder = decoder(slots * width, outputs, condition=condition, network=network)

    def encode(self, cells: Tensor) -> Tensor:
        return self.encoder(cells).summary.unflatten(1, (self.places, self.width))

    def decode(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        return self.decoder(z.flatten(1), c)


@final
class Mapped(Coder):
    """Residual convolutions down to a small map of vectors, and from there up again."""

    def __init__(
        self, space: Image, outputs: tuple[int, ...], width: int, floor: int, condition: Space | None, network: Conv
    ) -> None:
        super().__init__()
        self.outputs, size = outputs, (space.height, space.width)
        sizes = halvings(size, floor)
        self.grid = self.sides = sizes[-1]
        self.places = math.prod(self.sides)
        self.pixels = Pixels(space.levels)
        self.narrowing = Narrowing(space.channels + 1, size, network, floor=floor)
        self.head = nn.Conv2d(widths(network, len(sizes))[-1], width, 1)
        told, field = TOLD if condition is not None else 0, BESIDE if isinstance(condition, Image) else 0
        self.condition = encoder(condition, TOLD, places=field) if condition is not None else None
        self.widening = Widening(width + told, math.prod(outputs[:-2]), size, network, field, floor=floor)

    def encode(self, cells: Tensor) -> Tensor:
        _, small = self.narrowing(self.pixels(cells.to(self.head.weight.dtype)))
        return self.head(F.silu(small)).flatten(2).transpose(1, 2)

    def decode(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        context = context_of(self.condition, c)
        z = everywhere(z.transpose(1, 2).unflatten(2, self.sides), context)
        drawn = self.widening(z, None if context is None else context.field)
        return drawn.unflatten(1, self.outputs[:-2])
