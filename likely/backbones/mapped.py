"""Codes that lie on a map: convolutions that read a picture down to a few numbers at each place of a small map."""

from dataclasses import dataclass
from typing import final

import torch.nn.functional as F
from torch import Tensor, nn

from likely.backbones.convolution import Conv, Narrowing, halvings, widths
from likely.backbones.image import Pixels
from likely.backbones.network import Context, Encoder, Network
from likely.contracts import Space
from likely.spaces import Image, reals


@final
@dataclass(frozen=True, kw_only=True)
class OnMap(Network):
    """`Conv` down to a map whose numbers, channel by channel, are the code; and up again from there."""

    conv: Conv
    side: int  # the longer side of the map, at most
    places: tuple[int, int]  # the sides


@final
class MapEncoder(Encoder):
    """A picture's summary is a small map of numbers, each of its own part of the picture."""

    def __init__(self, space: Image, width: int, network: OnMap) -> None:
        super().__init__()
        size = (space.height, space.width)
        self.pixels = Pixels(space.levels)
        self.trunk = Narrowing(space.channels + 1, size, network.conv, floor=network.side)
        channels = width // (network.places[0] * network.places[1])
        self.head = nn.Conv2d(widths(network.conv, len(self.trunk.sizes))[-1], channels, 1)

    def forward(self, cells: Tensor) -> Context:
        _, small = self.trunk(self.pixels(cells.to(self.head.weight.dtype)))
        return Context(self.head(F.silu(small)).flatten(1))


def on_map(space: Space, numbers: int, side: int, network: Network | None) -> tuple[Space, Network | None]:
    """Codes of so many numbers at each place, with the network that reads and draws them; else one row of numbers.

    The map's sides are at most `side`, and at most half the picture's; only pictures read by convolutions have one.
    """
    if side < 1 or not isinstance(space, Image) or not isinstance(network, Conv | None):
        return reals(numbers), network
    size = (space.height, space.width)
    floor = min(side, (max(size) + 1) // 2)
    places = halvings(size, floor)[-1]
    return Image(numbers, *places, None), OnMap(conv=network or Conv(), side=floor, places=places)
