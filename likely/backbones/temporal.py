r"""Convolutions along time, for series and sounds.

    reads:  x -> convolution -> [leaky rectifier; convolution with stride s]* -> linear                              (1)
    draws:  z -> linear -> [leaky rectifier; transposed convolution with stride s]* -> leaky rectifier, convolution  (2)

until at most four moments are left. A kernel is three strides long: each moment of a layer sees its own s moments below
and those on both sides, and every moment is reached by as many weights, which leaves no chequered noise. Nothing is
normalised over a batch: rows never depend on their company, and a critic has second derivatives, for penalties on its
slope. Adversarial Audio Synthesis (Donahue, McAuley & Puckette, 2019), arXiv:1802.04208
"""

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import final

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from likely.backbones.dcgan import widths
from likely.backbones.image import Pixels
from likely.backbones.network import Context, Encoder, Network
from likely.backbones.norm import MapNorm
from likely.errors import FieldError
from likely.spaces import Series, Wave, strip

FEWEST, WIDEST = 4, 8  # moments that are not reduced further; times as many channels as at full length
SLOPE, SIDE = 0.2, 5  # of the leaky rectifier below 0; moments that the layer at full length sees


@final
@dataclass(frozen=True, kw_only=True)
class Temporal(Network):
    """Strided convolutions along time."""

    width: int = 32  # channels at full length; they double with each layer, up to eight times as many
    stride: int = 2  # moments that a layer makes one of: 4 reaches farther at less cost, for long sounds
    normalised: bool = False  # normalise each map of a row before a convolution; critics may do better without

    def __post_init__(self) -> None:
        if self.width < 1 or self.stride < 2:
            told = f"Temporal has width {self.width} and stride {self.stride}"
            raise FieldError(told, expected="width at least 1, stride at least 2")


@final
class Shortening(nn.Module):
    """(B, inputs, T) -> (B, features): (1) without its linear layer."""

    def __init__(self, inputs: int, length: int, network: Temporal) -> None:
        super().__init__()
        lengths, self.stride = shortened(length, network.stride), network.stride
        channels = widths(network.width, len(lengths), WIDEST)
        self.stem = nn.Conv1d(inputs, channels[0], SIDE, padding=SIDE // 2)
        self.norms = nn.ModuleList([normed(wide, network) for wide in channels])
        kernel = 3 * network.stride
        layers = [nn.Conv1d(a, b, kernel, network.stride, padding=network.stride) for a, b in pairwise(channels)]
        self.convolutions = nn.ModuleList(layers)
        self.features = channels[-1] * lengths[-1]
        begin(self)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        for norm, convolution in zip(self.norms, self.convolutions):
            x = F.leaky_relu(norm(x), SLOPE)
            over = -x.shape[2] % self.stride
            x = convolution(F.pad(x, (0, over)) if over else x)
        return F.leaky_relu(self.norms[-1](x), SLOPE).flatten(1)


@final
class Lengthening(nn.Module):
    """(B, inputs), and `told` numbers beside them, -> (B, channels, T): (2)."""

    def __init__(self, inputs: int, channels: int, length: int, network: Temporal, told: int = 0) -> None:
        super().__init__()
        self.lengths = shortened(length, network.stride)[::-1]
        across, stride = widths(network.width, len(self.lengths), WIDEST)[::-1], network.stride
        wide, inputs = self.lengths[0] * across[0], inputs + told
        self.stem = nn.Parameter(torch.randn(wide, inputs) / math.sqrt(inputs))
        self.norms = nn.ModuleList([normed(wide, network) for wide in across])
        layers = [nn.ConvTranspose1d(a, b, 3 * stride, stride, padding=stride) for a, b in pairwise(across)]
        self.convolutions = nn.ModuleList(layers)
        self.out = nn.Conv1d(across[-1], channels, SIDE, padding=SIDE // 2)
        begin(self)

    def forward(self, z: Tensor, told: Tensor | None = None) -> Tensor:
        z = z if told is None else torch.cat([z, told], 1)
        x = F.linear(z, self.stem).unflatten(1, (-1, self.lengths[0]))
        for norm, convolution, length in zip(self.norms, self.convolutions, self.lengths[1:]):
            x = convolution(F.leaky_relu(norm(x), SLOPE))[:, :, :length]
        return self.out(F.leaky_relu(self.norms[-1](x), SLOPE))


@final
class TemporalEncoder(Encoder):
    """A series or a sound read by (1)."""

    def __init__(self, space: Series | Wave, width: int, network: Temporal) -> None:
        super().__init__()
        image = strip(space)
        self.channels, self.pixels = image.channels, Pixels(image.levels)
        self.trunk = Shortening(image.channels + 1, image.width, network)
        self.summary = nn.Linear(self.trunk.features, width)

    def forward(self, cells: Tensor) -> Context:
        moments = cells.to(self.summary.weight.dtype).reshape(len(cells), self.channels, -1)
        return Context(self.summary(self.trunk(self.pixels(moments))))


def shortened(length: int, stride: int) -> list[int]:
    """Moments from full length down, rounding up, until at most four; even the shortest row is shortened once."""
    lengths = [length, -(-length // stride)]
    while lengths[-1] > FEWEST:
        lengths.append(-(-lengths[-1] // stride))
    return lengths


def normed(width: int, network: Temporal) -> nn.Module:
    """What a map goes through before the rectifier."""
    return MapNorm(width) if network.normalised else nn.Identity()


def begin(module: nn.Module) -> None:
    """First weights that pass a map on undiminished; of a transposed layer a stride's share enters an output."""
    gain = math.sqrt(2 / (1 + SLOPE**2))
    for layer in module.modules():
        match layer:
            case nn.ConvTranspose1d():
                entering = layer.in_channels * layer.kernel_size[0] // layer.stride[0]
            case nn.Conv1d():
                entering = layer.in_channels * layer.kernel_size[0]
            case _:
                continue
        nn.init.normal_(layer.weight, 0.0, gain / math.sqrt(entering))
