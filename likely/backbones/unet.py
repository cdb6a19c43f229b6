r"""The residual U-Net of denoisers.

    down:    x -> residual blocks -> halve -> ... ; every map is remembered
    middle:  residual block, attention, residual block
    up:      (x, a remembered map) -> residual blocks -> double -> ...

Every residual block is told e = MLP(features of the noise level) + summary of the condition. A condition with places
on a plane is resized and laid beside the input; one along a line (words, series) is attended to where the map is small.
With a patch of p pixels a side, the p^2 pixels of each patch are channels of one place: maps are p^2 times as small.
With waves it resolves the levels of a picture, and is steep: what goes by its gradients (DPS, PiGDM) does not work on
it.

Denoising Diffusion Probabilistic Models (Ho, Jain & Abbeel, 2020), arXiv:2006.11239; Improving Diffusion Model
Efficiency Through Patching (Luhman & Luhman, 2022), arXiv:2207.04316
"""

from dataclasses import dataclass
from typing import final

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from likely.backbones.attention import Attention
from likely.backbones.convolution import Double, Halve, Residual, Size
from likely.backbones.network import Network
from likely.backbones.norm import MapNorm
from likely.errors import FieldError


@final
@dataclass(frozen=True, kw_only=True)
class UNet(Network):
    """A U-Net with residual blocks, and attention on small maps."""

    width: int = 64  # channels at full resolution
    multipliers: tuple[int, ...] = (1, 2, 2)  # channels of each resolution, in widths; its length is the depth
    blocks: int = 2  # residual blocks at each resolution (one more on the way up)
    attention: tuple[int, ...] = (4, 5, 6, 7, 8)  # maps whose longer side is one of these attend to all their places
    patch: int = 1  # pixels on the side of a place of the largest map: 2 is nearly 4 times as fast, and coarser
    waves: int = 0  # octaves of each pixel beside it: 9 tell one of 256 levels from the next, for likelihoods

    def __post_init__(self) -> None:
        if min(self.width, self.blocks, self.patch) < 1 or not self.multipliers or min(self.multipliers) < 1:
            told = "width, blocks, patch and every multiplier at least 1"
            raise FieldError(f"{self} cannot be built", expected=told)
        if self.waves < 0:
            raise FieldError(f"UNet of {self.waves} waves cannot be built", expected="0 octaves, or more")


@final
class Look(nn.Module):
    """Every place looks at all places of the map, or at a memory (B, S, M)."""

    def __init__(self, width: int, memory: int | None = None) -> None:
        super().__init__()
        self.norm, self.attention = MapNorm(width), Attention(width, memory)

    def forward(self, x: Tensor, memory: Tensor | None = None) -> Tensor:
        rows = self.norm(x).flatten(2).transpose(1, 2)  # (B, C, H, W) -> (B, T, C): no copy in channels-last
        seen = self.attention(rows, rows if memory is None else memory)
        return x + seen.transpose(1, 2).unflatten(2, x.shape[-2:])


@final
class Step(nn.Module):
    """A residual block; where the map is small enough, a look around it and one at the memory."""

    def __init__(self, inputs: int, outputs: int, embedding: int, around: Look | None, aside: Look | None) -> None:
        super().__init__()
        self.residual, self.around, self.aside = Residual(inputs, outputs, embedding), around, aside

    def forward(self, x: Tensor, embedding: Tensor, memory: Tensor | None) -> Tensor:
        x = self.residual(x, embedding)
        x = x if self.around is None else self.around(x)
        return x if self.aside is None else self.aside(x, memory)


@final
class ResidualUNet(nn.Module):
    """(B, inputs, H, W) -> (B, outputs, H, W), told an embedding (B, E) and maybe a memory (B, S, M)."""

    def __init__(
        self, inputs: int, outputs: int, size: Size, network: UNet, *, embedding: int, memory: int = 0
    ) -> None:
        super().__init__()
        self.size, self.patch, self.blocks = size, network.patch, network.blocks
        inputs, outputs = inputs * self.patch**2, outputs * self.patch**2
        grid = (-(-size[0] // self.patch), -(-size[1] // self.patch))
        self.beyond = (0, grid[1] * self.patch - size[1], 0, grid[0] * self.patch - size[0])
        self.sizes = sizes(grid, len(network.multipliers))
        channels = [network.width * multiplier for multiplier in network.multipliers]

        def step(before: int, after: int, at: Size, *, always: bool = False) -> Step:
            looks = always or max(at) in network.attention
            around = Look(after) if looks and at != (1, 1) else None  # a single place has nothing to choose from
            return Step(before, after, embedding, around, Look(after, memory) if looks and memory else None)

        self.stem = nn.Conv2d(inputs, channels[0], 3, padding=1)
        self.down, self.halves = nn.ModuleList(), nn.ModuleList()
        remembered, now = [channels[0]], channels[0]
        for width, at in zip(channels, self.sizes):
            if len(self.down):  # every resolution but the first
                self.halves.append(Halve(now, now))
                remembered.append(now)
            for _ in range(network.blocks):
                self.down.append(step(now, width, at))
                remembered.append(now := width)
        self.middle = nn.ModuleList(
            [step(now, now, self.sizes[-1], always=True), Step(now, now, embedding, None, None)]
        )
        self.up, self.doubles = nn.ModuleList(), nn.ModuleList()
        for width, at in zip(channels[::-1], self.sizes[::-1]):
            if len(self.up):
                self.doubles.append(Double(now, now))
            for _ in range(network.blocks + 1):
                self.up.append(step(now + remembered.pop(), width, at))
                now = width
        self.norm, self.out = MapNorm(now), nn.Conv2d(now, outputs, 3, padding=1)

    def forward(self, x: Tensor, embedding: Tensor, memory: Tensor | None = None) -> Tensor:
        embedding, x = F.silu(embedding), self.stem(self._apart(x))
        remembered = [x]
        for at, step in enumerate(self.down):
            if at > 0 and at % self.blocks == 0:
                x = self.halves[at // self.blocks - 1](x)
                remembered.append(x)
            x = step(x, embedding, memory)
            remembered.append(x)
        for step in self.middle:
            x = step(x, embedding, memory)
        for at, step in enumerate(self.up):
            done, first = divmod(at, self.blocks + 1)
            if done > 0 and first == 0:
                x = self.doubles[done - 1](x, self.sizes[-1 - done])
            x = step(torch.cat([x, remembered.pop()], 1), embedding, memory)
        return self._together(self.out(F.silu(self.norm(x))))

    def _apart(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C patch^2, h, w); the last patches reach beyond, over zeros."""
        if self.patch == 1:
            return x
        return F.pixel_unshuffle(F.pad(x, self.beyond), self.patch)

    def _together(self, x: Tensor) -> Tensor:
        """The reverse, without what reaches beyond."""
        if self.patch == 1:
            return x
        return F.pixel_shuffle(x, self.patch)[:, :, : self.size[0], : self.size[1]]


def sizes(size: Size, depth: int) -> list[Size]:
    """The sizes of the map at each resolution, odd sides rounding up."""
    return [(-(-size[0] // 2**level), -(-size[1] // 2**level)) for level in range(depth)]
