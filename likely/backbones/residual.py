r"""Residual blocks that halve and double a map, as in SNGAN and BigGAN.

    draws:  x + conv(relu(norm(double(relu(norm(x | e))) | e))),   batch norm told e = (code, condition)             (1)
    reads:  x + halve(conv(relu(conv(relu(x))))),   weights W / |W|_2, no normalisation of maps                      (2)
    looks:  x + g out(softmax(f(x)^T h(x) / sqrt(d)) v(x)),   at chosen sizes; g begins at 0                         (3)

The condition, embedded once for all blocks, and the code itself ("skip-z") reach a drawing block through the gains and
shifts of its batch norms. Doubling and a 3 x 3 convolution are one 4 x 4 transposed convolution; a 3 x 3 convolution
and the mean of each 2 x 2 are one 4 x 4 convolution with stride 2. Odd sides round up. What is read ends flat, not
summed over places: an autoencoder needs to know where. What reads has second derivatives, for penalties on its slope.

Spectral Normalization for GANs (Miyato et al., 2018), arXiv:1802.05957; (3): Self-Attention GANs (Zhang et al., 2019),
arXiv:1805.08318; skip-z: Large Scale GAN Training (Brock, Donahue & Simonyan, 2019), arXiv:1809.11096
"""

import math
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import final

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from likely.backbones.attention import attend
from likely.backbones.batch_norm import BatchNorm
from likely.backbones.convolution import Double, Size, halvings
from likely.backbones.dcgan import even, widths
from likely.backbones.image import Pixels
from likely.backbones.network import Context, Encoder, Network
from likely.backbones.spectral import spectral
from likely.errors import FieldError
from likely.spaces import Image

WIDEST = 4  # times as many channels as at full resolution


@final
@dataclass(frozen=True, kw_only=True)
class Residual(Network):
    """Residual blocks with class-conditional batch norm, spectral normalisation and self-attention."""

    width: int = 64  # channels at full resolution; they double with each halving, up to four times as many
    attention: tuple[int, ...] = (14, 16)  # maps whose longer side is one of these look at all their places
    spectral: bool = True  # hold the slope of what reads: each weight over its largest singular value
    skips: bool = True  # tell the code to every drawing block, not to the first map alone
    orthogonal: bool = False  # begin at orthogonal weights: steadier where networks are large

    def __post_init__(self) -> None:
        if self.width < 1:
            raise FieldError(f"Residual has width {self.width}", expected="at least 1")


@final
class Convolution(nn.Module):
    """A convolution of what reads; of `halving` also the mean of each 2 x 2, odd sides rounding up.

    Means of neighbouring outputs are outputs of neighbouring means of the weights, a 4 x 4 kernel with stride 2.    (4)
    """

    def __init__(
        self, inputs: int, outputs: int, side: int, network: Residual, *, halving: bool = False, bias: bool = True
    ) -> None:
        super().__init__()
        self.convolution, self.halving = nn.Conv2d(inputs, outputs, side, bias=bias), halving
        begin(self, network)
        self.weight = spectral(self.convolution.weight, network.spectral)

    def forward(self, x: Tensor) -> Tensor:
        weight, bias = self.weight(self.convolution.weight), self.convolution.bias
        if not self.halving:
            return F.conv2d(x, weight, bias, padding=weight.shape[-1] // 2)
        return F.conv2d(even(x), F.avg_pool2d(weight, 2, 1, padding=1), bias, stride=2, padding=1)  # (4)


@final
class Look(nn.Module):
    """(3): every place of a map looks at all places, once."""

    def __init__(self, width: int, network: Residual) -> None:
        super().__init__()
        self.parts = [max(1, width // 8), max(1, width // 8), max(1, width // 2)]  # of f, h and v
        self.into = Convolution(width, sum(self.parts), 1, network, bias=False)
        self.out = Convolution(self.parts[2], width, 1, network, bias=False)
        self.gain = nn.Parameter(torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        rows = self.into(x).flatten(2).transpose(1, 2)[:, None]  # (B, 1, T, C)
        seen = attend(*rows.split(self.parts, -1)).squeeze(1)
        return x + self.gain * self.out(seen.transpose(1, 2).unflatten(2, x.shape[-2:]))  # (3)


@final
class Reading(nn.Module):
    """A block of (2); the first of all sees cells, which no rectifier may cut."""

    def __init__(self, inputs: int, outputs: int, network: Residual, *, first: bool, halving: bool) -> None:
        super().__init__()
        self.first, self.halving = first, halving
        self.before = Convolution(inputs, outputs, 3, network)
        self.after = Convolution(outputs, outputs, 3, network, halving=halving)
        same = inputs == outputs
        self.shortcut = nn.Identity() if same else Convolution(inputs, outputs, 1, network, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        h = self.after(F.relu_(self.before(x if self.first else F.relu(x))))
        return h + self.shortcut(F.avg_pool2d(even(x), 2) if self.halving else x)


@final
class Descent(nn.Module):
    """(B, inputs, H, W) -> (B, features): blocks of (2), each but the last halving the map."""

    def __init__(self, inputs: int, size: Size, network: Residual) -> None:
        super().__init__()
        sizes = halvings(size)
        last, across = len(sizes) - 1, [inputs, *widths(network.width, len(sizes), WIDEST)]
        blocks: list[nn.Module] = []
        for at, (before, after) in enumerate(pairwise(across)):
            blocks.append(Reading(before, after, network, first=at == 0, halving=at < last))
            blocks += looks(after, sizes[at + 1], network) if at < last else []
        self.blocks = nn.Sequential(*blocks)
        self.features = across[-1] * math.prod(sizes[-1])

    def forward(self, x: Tensor) -> Tensor:
        return F.relu_(self.blocks(x.contiguous(memory_format=torch.channels_last))).flatten(1)


@final
class Drawing(nn.Module):
    """A block of (1)."""

    def __init__(self, inputs: int, outputs: int, size: Size, told: int) -> None:
        super().__init__()
        self.size = size
        self.norms = nn.ModuleList([BatchNorm(inputs, told), BatchNorm(outputs, told)])
        self.doubling, self.convolution = Double(inputs, outputs), nn.Conv2d(outputs, outputs, 3, padding=1)
        self.shortcut = nn.Conv2d(inputs, outputs, 1, bias=False) if inputs != outputs else nn.Identity()

    def forward(self, x: Tensor, embedding: Tensor | None) -> Tensor:
        height, width = self.size
        h = self.doubling(F.relu_(self.norms[0](x, embedding)), self.size)
        h = self.convolution(F.relu_(self.norms[1](h, embedding)))
        return h + F.interpolate(self.shortcut(x), scale_factor=2.0)[:, :, :height, :width]  # (1)


@final
class Ascent(nn.Module):
    """(B, inputs), told an embedding (B, told) -> (B, channels, H, W): blocks of (1) from the smallest map up."""

    def __init__(self, inputs: int, channels: int, size: Size, network: Residual, told: int = 0) -> None:
        super().__init__()
        self.sizes, self.skips = halvings(size)[::-1], network.skips
        across = widths(network.width, len(self.sizes), WIDEST)[::-1]
        heard = told + (inputs if network.skips else 0)
        self.stem = nn.Parameter(torch.randn(across[0] * math.prod(self.sizes[0]), inputs) / math.sqrt(inputs))
        self.blocks, self.looks = nn.ModuleList(), nn.ModuleList()
        for (before, after), at in zip(pairwise(across), self.sizes[1:]):
            self.blocks.append(Drawing(before, after, at, heard))
            self.looks.append(nn.Sequential(*looks(after, at, replace(network, spectral=False))))
        self.norm = BatchNorm(across[-1], heard if len(self.sizes) == 1 else 0)
        self.out = nn.Conv2d(across[-1], channels, 3, padding=1)
        begin(self, network)

    def forward(self, z: Tensor, told: Tensor | None = None) -> Tensor:
        x = F.linear(z, self.stem).unflatten(1, (*self.sizes[0], -1)).movedim(-1, 1)  # channels last
        heard = [part for part in (z if self.skips else None, told) if part is not None]
        embedding = torch.cat(heard, 1) if heard else None
        for block, look in zip(self.blocks, self.looks):
            x = look(block(x, embedding))
        return self.out(F.relu_(self.norm(x, embedding)))


@final
class ResidualEncoder(Encoder):
    """An image read by (2)."""

    def __init__(self, space: Image, width: int, network: Residual) -> None:
        super().__init__()
        self.pixels = Pixels(space.levels)
        self.trunk = Descent(space.channels + 1, (space.height, space.width), network)
        self.summary = nn.Linear(self.trunk.features, width)
        begin(self.summary, network)
        self.weight = spectral(self.summary.weight, network.spectral)

    def forward(self, cells: Tensor) -> Context:
        read = self.trunk(self.pixels(cells.to(self.summary.weight.dtype)))
        return Context(F.linear(read, self.weight(self.summary.weight), self.summary.bias))


def looks(width: int, size: Size, network: Residual) -> list[nn.Module]:
    """One look around a map of this size, where the network has one there; a single place has nothing to look at."""
    return [Look(width, network)] if max(size) in network.attention and max(size) > 1 else []


def begin(module: nn.Module, network: Residual) -> None:
    """Orthogonal first weights, where they are wanted."""
    for weight in module.parameters() if network.orthogonal else ():
        if weight.dim() > 1:
            nn.init.orthogonal_(weight)
