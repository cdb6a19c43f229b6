r"""The residual U-Net of denoisers.

    down:    x -> residual blocks -> halve -> ... ; every map is remembered
    middle:  residual block, attention, residual block
    up:      (x, a remembered map) -> residual blocks -> double -> ...

Every residual block is told e = MLP(features of the noise level) + summary of the condition. A condition with places
on a plane is resized and laid beside the input; one along a line (words, series) is attended to where the map is small.

Denoising Diffusion Probabilistic Models (Ho, Jain & Abbeel, 2020), arXiv:2006.11239
"""

from dataclasses import dataclass
from typing import final

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from likely.backbones.attention import Attention
from likely.backbones.convolution import Double, Halve, Residual, Size
from likely.backbones.network import Network
from likely.backbones.norm import ChannelNorm
from likely.errors import FieldError


@final
@dataclass(frozen=True, kw_only=True)
class UNet(Network):
    """A U-Net with residual blocks, and attention on small maps."""

    width: int = 64  # channels at full resolution
    multipliers: tuple[int, ...] = (1, 2, 2)  # channels of each resolution, in widths; its length is the depth
    blocks: int = 2  # residual blocks at each resolution (one more on the way up)
    attention: tuple[int, ...] = (4, 5, 6, 7, 8)  # maps whose longer side is one of these attend to all their places

    def __post_init__(self) -> None:
        if self.width < 1 or self.blocks < 1 or not self.multipliers or min(self.multipliers) < 1:
            raise FieldError(f"{self} cannot be built", expected="width, blocks and every multiplier at least 1")


@final
class Gaze(nn.Module):
    """Every place looks at all the others, then at a memory (B, S, M) where there is one."""

    def __init__(self, width: int, memory: int = 0) -> None:
        super().__init__()
        self.norm, self.around = ChannelNorm(width), Attention(width)
        self.memory_norm = ChannelNorm(width) if memory else None
        self.aside = Attention(width, memory) if memory else None

    def forward(self, x: Tensor, memory: Tensor | None = None) -> Tensor:
        rows = _rows(self.norm(x))
        x = x + _places(self.around(rows, rows), x)
        if self.aside is not None and self.memory_norm is not None and memory is not None:
            x = x + _places(self.aside(_rows(self.memory_norm(x)), memory), x)
        return x


@final
class Step(nn.Module):
    """A residual block, then a gaze where the map is small enough for it."""

    def __init__(self, inputs: int, outputs: int, embedding: int, gaze: Gaze | None) -> None:
        super().__init__()
        self.residual, self.gaze = Residual(inputs, outputs, embedding), gaze

    def forward(self, x: Tensor, embedding: Tensor, memory: Tensor | None) -> Tensor:
        x = self.residual(x, embedding)
        return x if self.gaze is None else self.gaze(x, memory)


@final
class ResidualUNet(nn.Module):
    """(B, inputs, H, W) -> (B, outputs, H, W), told an embedding (B, E) and maybe a memory (B, S, M)."""

    def __init__(
        self, inputs: int, outputs: int, size: Size, network: UNet, *, embedding: int, memory: int = 0
    ) -> None:
        super().__init__()
        self.sizes = sizes(size, len(network.multipliers))
        channels = [network.width * multiplier for multiplier in network.multipliers]

        def step(before: int, after: int, at: Size, *, always: bool = False) -> Step:
            gazes = always or max(at) in network.attention
            return Step(before, after, embedding, Gaze(after, memory) if gazes else None)

        self.stem = nn.Conv2d(inputs, channels[0], 3, padding=1)
        self.down, self.halves = nn.ModuleList(), nn.ModuleList()
        remembered, now = [channels[0]], channels[0]
        for place, (width, at) in enumerate(zip(channels, self.sizes)):
            if place > 0:
                self.halves.append(Halve(now, now))
                remembered.append(now)
            self.down.append(nn.ModuleList([step(now if b == 0 else width, width, at) for b in range(network.blocks)]))
            remembered += [width] * network.blocks
            now = width
        self.middle = nn.ModuleList([step(now, now, self.sizes[-1], always=True), Step(now, now, embedding, None)])
        self.up, self.doubles = nn.ModuleList(), nn.ModuleList()
        for place, (width, at) in enumerate(zip(channels[::-1], self.sizes[::-1])):
            if place > 0:
                self.doubles.append(Double(now, now))
            steps = []
            for _ in range(network.blocks + 1):
                steps.append(step(now + remembered.pop(), width, at))
                now = width
            self.up.append(nn.ModuleList(steps))
        self.norm, self.out = ChannelNorm(now), nn.Conv2d(now, outputs, 3, padding=1)

    def forward(self, x: Tensor, embedding: Tensor, memory: Tensor | None = None) -> Tensor:
        embedding, x = F.silu(embedding), self.stem(x)
        remembered = [x]
        for place, steps in enumerate(self.down):
            if place > 0:
                x = self.halves[place - 1](x)
                remembered.append(x)
            for step in steps:
                x = step(x, embedding, memory)
                remembered.append(x)
        for step in self.middle:
            x = step(x, embedding, memory)
        for place, (steps, size) in enumerate(zip(self.up, self.sizes[::-1])):
            x = x if place == 0 else self.doubles[place - 1](x, size)
            for step in steps:
                x = step(torch.cat([x, remembered.pop()], 1), embedding, memory)
        return self.out(F.silu(self.norm(x)))


def sizes(size: Size, depth: int) -> list[Size]:
    """The sizes of the map at each resolution, odd sides rounding up."""
    return [(-(-size[0] // 2**level), -(-size[1] // 2**level)) for level in range(depth)]


def _rows(x: Tensor) -> Tensor:
    return x.flatten(2).transpose(1, 2)  # (B, C, H, W) -> (B, T, C): no copy in channels-last


def _places(rows: Tensor, like: Tensor) -> Tensor:
    return rows.transpose(1, 2).unflatten(2, like.shape[-2:])
