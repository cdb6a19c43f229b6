"""Convolutional parts: the residual block, halving and doubling, and the trunks that encoders and decoders are."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import final

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from likely.backbones.network import Network
from likely.backbones.norm import MapNorm
from likely.errors import FieldError

Size = tuple[int, int]


@final
@dataclass(frozen=True, kw_only=True)
class Conv(Network):
    """Residual blocks that halve (encoders) or double (decoders) the map until its sides are at most 4."""

    width: int = 32  # channels at full resolution; they double with each halving, up to four times as many
    blocks: int = 1  # residual blocks at each resolution
    normalised: bool = True  # normalise each map before a convolution; critics may do better without

    def __post_init__(self) -> None:
        if self.width < 1 or self.blocks < 1:
            raise FieldError(f"Conv has width {self.width} and {self.blocks} blocks", expected="both at least 1")


def halvings(size: Size, floor: int = 4) -> list[Size]:
    """The sizes of a map from full resolution down, odd sides rounding up, until both sides are at most `floor`."""
    sizes = [size]
    while max(sizes[-1]) > floor:
        sizes.append(((sizes[-1][0] + 1) // 2, (sizes[-1][1] + 1) // 2))
    return sizes


def widths(network: Conv, stages: int) -> list[int]:
    """Channels of each stage, from full resolution down."""
    return [network.width * min(4, 2**stage) for stage in range(stages)]


@final
class Residual(nn.Module):
    """x + conv(silu(norm(conv(silu(norm(x))) + told(embedding)))), with a 1 x 1 convolution where channels change."""

    def __init__(self, inputs: int, outputs: int, embedding: int = 0, *, normalised: bool = True) -> None:
        super().__init__()
        self.first_norm = MapNorm(inputs) if normalised else nn.Identity()
        self.first = nn.Conv2d(inputs, outputs, 3, padding=1)
        self.told = nn.Linear(embedding, outputs) if embedding else None
        self.second_norm = MapNorm(outputs) if normalised else nn.Identity()
        self.second = nn.Conv2d(outputs, outputs, 3, padding=1)
        self.shortcut = nn.Conv2d(inputs, outputs, 1) if inputs != outputs else nn.Identity()

    def forward(self, x: Tensor, embedding: Tensor | None = None) -> Tensor:
        h = self.first(F.silu(self.first_norm(x)))
        if self.told is not None and embedding is not None:
            h.add_(self.told(embedding)[:, :, None, None])  # in place: a convolution's backward needs no output
        return self.second(F.silu(self.second_norm(h))).add_(self.shortcut(x))


@final
class Halve(nn.Module):
    """A 3 x 3 convolution with stride 2: sides n -> ceil(n / 2)."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, 3, stride=2, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x)


@final
class Double(nn.Module):
    r"""Nearest upsampling by two, then a 3 x 3 convolution w: sides n -> 2 n, cropped to a size.

    Upsampling repeats each value, so that three neighbouring weights meet two values only, and both steps are one
    transposed convolution with stride 2 and the 4 x 4 kernel

        K = S w S^T,   S = [[0, 0, 1], [0, 1, 1], [1, 1, 0], [1, 0, 0]]               (1)

    of 16 products per value in place of 36, and without the large map between.
    """

    spread: Tensor

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, 3, padding=1)
        spread = torch.tensor([[0.0, 0.0, 1.0], [0.0, 1.0, 1.0], [1.0, 1.0, 0.0], [1.0, 0.0, 0.0]])
        self.register_buffer("spread", spread, persistent=False)

    def forward(self, x: Tensor, size: Size) -> Tensor:
        kernel = (self.spread @ self.conv.weight @ self.spread.T).transpose(0, 1)  # (1)
        return F.conv_transpose2d(x, kernel, self.conv.bias, stride=2, padding=1)[:, :, : size[0], : size[1]]


@final
class Narrowing(nn.Module):
    """(B, inputs, H, W) -> (features at full resolution, features at the smallest)."""

    def __init__(self, inputs: int, size: Size, network: Conv, *, floor: int = 4) -> None:
        super().__init__()
        self.sizes = halvings(size, floor)
        channels = widths(network, len(self.sizes))
        self.stem = nn.Conv2d(inputs, channels[0], 3, padding=1)
        self.halves = nn.ModuleList([Halve(a, b) for a, b in pairwise(channels)])
        self.stages = nn.ModuleList([stage(width, network) for width in channels])
        self.features = channels[-1] * self.sizes[-1][0] * self.sizes[-1][1]

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        x = full = self.stages[0](self.stem(x))
        for halve, blocks in zip(self.halves, self.stages[1:]):
            x = blocks(halve(x))
        return full, x


@final
class Widening(nn.Module):
    """(B, inputs) -> (B, channels, H, W); a field of the condition is resized and added at every resolution.

    With a `floor` of its own the smallest map is what comes in, (B, inputs, h, w).
    """

    def __init__(
        self, inputs: int, channels: int, size: Size, network: Conv, places: int = 0, *, floor: int | None = None
    ) -> None:
        super().__init__()
        self.sizes = halvings(size, floor or 4)[::-1]
        across = widths(network, len(self.sizes))[::-1]
        wide = across[0] * self.sizes[0][0] * self.sizes[0][1]
        self.stem = nn.Conv2d(inputs, across[0], 3, padding=1) if floor else nn.Linear(inputs, wide)
        self.doubles = nn.ModuleList([Double(a, b) for a, b in pairwise(across)])
        self.stages = nn.ModuleList([stage(width, network) for width in across])
        self.told = nn.ModuleList([nn.Conv2d(places, width, 1) for width in across] if places else [])
        self.norm = MapNorm(across[-1]) if network.normalised else nn.Identity()
        self.out = nn.Conv2d(across[-1], channels, 3, padding=1)

    def forward(self, z: Tensor, field: Tensor | None = None) -> Tensor:
        x = self.stem(z).reshape(len(z), -1, *self.sizes[0])
        for at, (size, blocks) in enumerate(zip(self.sizes, self.stages)):
            x = x if at == 0 else self.doubles[at - 1](x, size)
            x = blocks(x if field is None else x + self.told[at](resized(field, size)))
        return self.out(F.silu(self.norm(x)))


def stage(width: int, network: Conv) -> nn.Sequential:
    """The residual blocks of one resolution."""
    return nn.Sequential(*[Residual(width, width, normalised=network.normalised) for _ in range(network.blocks)])


def resized(field: Tensor, size: Sequence[int]) -> Tensor:
    """A field (B, C, H, W) brought to another size."""
    if tuple(field.shape[-2:]) == tuple(size):
        return field
    return F.interpolate(field, size=list(size), mode="bilinear", align_corners=False)
