r"""DCGAN: strided convolutions with batch normalisation.

    reads:  x -> [4 x 4 convolution, stride 2; batch norm but for the first; leaky rectifier 0.2]* -> linear        (1)
    draws:  z -> linear, to the smallest map -> [batch norm; rectifier; 4 x 4 transposed convolution, stride 2]*     (2)

Sides halve until both are at most 4, odd ones rounding up; channels double with each halving, up to eight widths. The
layers have no bias and begin at N(0, 0.02). At 64 x 64 and width 64 these are the layers, and the numbers of weights,
of the reference networks, but for a channel more that (1) reads: whether a pixel is missing. A law, or a family, bounds
what comes out. Batch norm makes what a critic says of a row depend on its company, in training, as it was published;
in evaluation it does not.

Unsupervised Representation Learning with DCGANs (Radford, Metz & Chintala, 2016), arXiv:1511.06434
"""

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import final

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from likely.backbones.batch_norm import BatchNorm
from likely.backbones.convolution import Size, halvings
from likely.backbones.image import Pixels
from likely.backbones.network import Context, Encoder, Network
from likely.errors import FieldError
from likely.spaces import Image

SLOPE, SPREAD = 0.2, 0.02  # of the leaky rectifier below 0; standard deviation of first weights
WIDEST = 8  # times as many channels as after the first halving


@final
@dataclass(frozen=True, kw_only=True)
class DCGAN(Network):
    """Strided convolutions with batch normalisation, as published (Radford et al., 2016)."""

    width: int = 64  # channels after the first halving; they double with each further one
    normalised: bool = True  # batch norm in what reads; critics whose slope is priced do better without

    def __post_init__(self) -> None:
        if self.width < 1:
            raise FieldError(f"DCGAN has width {self.width}", expected="at least 1")


@final
class Halving(nn.Module):
    """(B, inputs, H, W) -> (B, features): (1) without its linear layer."""

    def __init__(self, inputs: int, size: Size, network: DCGAN) -> None:
        super().__init__()
        sizes = maps(size)
        channels = widths(network.width, len(sizes) - 1, WIDEST)
        self.convolutions = nn.ModuleList([_strided(a, b, network) for a, b in pairwise([inputs, *channels])])
        self.norms = nn.ModuleList([BatchNorm(w) if network.normalised else nn.Identity() for w in channels[1:]])
        self.features = channels[-1] * math.prod(sizes[-1])

    def forward(self, x: Tensor) -> Tensor:
        x = F.leaky_relu_(self.convolutions[0](even(x).contiguous(memory_format=torch.channels_last)), SLOPE)
        for convolution, norm in zip(self.convolutions[1:], self.norms):
            x = F.leaky_relu_(norm(convolution(even(x))), SLOPE)
        return x.flatten(1)


@final
class Doubling(nn.Module):
    """(B, inputs), and `told` numbers beside them, -> (B, channels, H, W): (2)."""

    def __init__(self, inputs: int, channels: int, size: Size, network: DCGAN, told: int = 0) -> None:
        super().__init__()
        self.sizes = maps(size)[::-1]
        across = widths(network.width, len(self.sizes) - 1, WIDEST)[::-1]
        self.stem = nn.Parameter(SPREAD * torch.randn(math.prod(self.sizes[0]) * across[0], inputs + told))
        self.norms = nn.ModuleList([BatchNorm(wide) for wide in across])
        self.convolutions = nn.ModuleList([_transposed(a, b) for a, b in pairwise([*across, channels])])

    def forward(self, z: Tensor, told: Tensor | None = None) -> Tensor:
        z = z if told is None else torch.cat([z, told], 1)
        x = F.linear(z, self.stem).unflatten(1, (*self.sizes[0], -1)).movedim(-1, 1)  # channels last
        for norm, convolution, (height, width) in zip(self.norms, self.convolutions, self.sizes[1:]):
            x = convolution(F.relu_(norm(x)))[:, :, :height, :width]
        return x


@final
class DCGANEncoder(Encoder):
    """An image read by (1); `width` 1 is the published critic."""

    def __init__(self, space: Image, width: int, network: DCGAN) -> None:
        super().__init__()
        self.pixels = Pixels(space.levels)
        self.trunk = Halving(space.channels + 1, (space.height, space.width), network)
        self.summary = nn.Linear(self.trunk.features, width)
        nn.init.normal_(self.summary.weight, 0.0, SPREAD)

    def forward(self, cells: Tensor) -> Context:
        return Context(self.summary(self.trunk(self.pixels(cells.to(self.summary.weight.dtype)))))


def maps(size: Size) -> list[Size]:
    """The sizes of the map from full resolution down; even the smallest image is halved once."""
    sizes = halvings(size)
    return sizes if len(sizes) > 1 else [size, ((size[0] + 1) // 2, (size[1] + 1) // 2)]


def widths(width: int, stages: int, widest: int) -> list[int]:
    """Channels of each stage: they double, up to so many times the first's."""
    return [width * min(widest, 2**stage) for stage in range(stages)]


def even(x: Tensor) -> Tensor:
    """A map with odd sides gets another row or column of zeros."""
    odd = x.shape[-2] % 2, x.shape[-1] % 2
    return F.pad(x, (0, odd[1], 0, odd[0])) if any(odd) else x


def _strided(inputs: int, outputs: int, network: DCGAN) -> nn.Conv2d:
    """Through weights as small as the published ones a map would die away where no norm undoes it."""
    layer = nn.Conv2d(inputs, outputs, 4, stride=2, padding=1, bias=not network.normalised)
    if network.normalised:
        nn.init.normal_(layer.weight, 0.0, SPREAD)
    else:
        nn.init.kaiming_normal_(layer.weight, SLOPE)
    return layer


def _transposed(inputs: int, outputs: int) -> nn.ConvTranspose2d:
    layer = nn.ConvTranspose2d(inputs, outputs, 4, stride=2, padding=1, bias=False)
    nn.init.normal_(layer.weight, 0.0, SPREAD)
    return layer
