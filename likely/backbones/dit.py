r"""The diffusion transformer: a picture as patches that look at one another, told the level by what it does to them.

    h = W x + position of each patch x;  blocks;  W' m(h) of each patch, laid side by side                           (1)
    h <- h + g_1 A(s_1 n(h) + b_1),   h <- h + g_2 M(s_2 n(h) + b_2),   m(h) = s n(h) + b                            (2)
    (b_i, s_i - 1, g_i) = linear(silu(e)),   e = MLP(features of the level) + summary of the condition               (3)
    a block has 18 width^2 + 15 width weights                                                                        (4)

n normalises without gains, A is attention, M a hidden layer four times as wide. The linear maps (3) and W' start at 0
(adaLN-Zero): each block begins as the identity, and the network says 0. Where a side is no multiple of the patch, the
last one reaches beyond, over zeros. A condition with places on a plane is laid beside the input; one along a line
(words, series) stands in the sequence beside the patches.

Scalable Diffusion Models with Transformers (Peebles & Xie, 2023), arXiv:2212.09748
"""

from dataclasses import dataclass
from typing import final

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from likely.backbones.attention import Attention
from likely.backbones.convolution import Size
from likely.backbones.network import Network
from likely.backbones.row import Waves
from likely.errors import FieldError

LONGEST = 1e4  # the slowest wave of a position is about so many patches long
EPS = 1e-6


@final
@dataclass(frozen=True, kw_only=True)
class DiT(Network):
    """A transformer over patches (of pictures), moments (of series and sounds) or columns (of rows)."""

    width: int = 256  # numbers that each patch is; time and weights grow with the square
    depth: int = 6  # blocks, each a look at all patches and a thought
    heads: int = 4  # looks that a block takes at once, each at width / heads numbers
    patch: int = (
        2  # pixels on a patch's side (moments, columns): 1 sees the finest detail, at four times as many patches
    )

    def __post_init__(self) -> None:
        if min(self.width, self.depth, self.heads, self.patch) < 1:
            raise FieldError(f"{self} cannot be built", expected="width, depth, heads and patch at least 1")
        if self.width % 4 or self.width % self.heads:
            told = f"DiT of width {self.width} has positions in four parts and {self.heads} heads"
            raise FieldError(told, expected="a width that 4 and the heads divide")


@final
class Block(nn.Module):
    """(2): rows (B, T, width), and what they are told (B, width)."""

    def __init__(self, network: DiT, *, alone: bool = False) -> None:
        super().__init__()
        width = network.width
        self.look = None if alone else Attention(width, heads=network.heads)  # one has nothing to choose from
        self.first, self.second = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
        self.told = nn.Linear(width, 6 * width)

    def forward(self, h: Tensor, told: Tensor) -> Tensor:
        b_1, s_1, g_1, b_2, s_2, g_2 = self.told(told)[:, None].chunk(6, 2)  # (3)
        if self.look is not None:
            rows = moved(h, s_1, b_1)
            h = h + g_1 * self.look(rows, rows)
        return h + g_2 * self.second(F.gelu(self.first(moved(h, s_2, b_2)), approximate="tanh"))  # (2)


@final
class Blocks(nn.Module):
    """Rows (B, T, width), an embedding (B, width) and maybe a memory (B, S, M) -> m(h) of the rows."""

    def __init__(self, network: DiT, places: int, memory: int = 0) -> None:
        super().__init__()
        alone = places == 1 and not memory
        self.remembered = nn.Linear(memory, network.width) if memory else None
        self.blocks = nn.ModuleList([Block(network, alone=alone) for _ in range(network.depth)])
        self.last = nn.Linear(network.width, 2 * network.width)
        begin(self)

    def forward(self, h: Tensor, embedding: Tensor, memory: Tensor | None = None) -> Tensor:
        told, places = F.silu(embedding), h.shape[1]
        if self.remembered is not None and memory is not None:
            h = torch.cat([h, self.remembered(memory)], 1)
        for block in self.blocks:
            h = block(h, told)
        b, s = self.last(told)[:, None].chunk(2, 2)
        return moved(h[:, :places], s, b)


@final
class PatchTransformer(nn.Module):
    """(B, inputs, H, W) -> (B, outputs, H, W), told an embedding (B, width) and maybe a memory (B, S, M): (1)."""

    positions: Tensor

    def __init__(self, inputs: int, outputs: int, size: Size, network: DiT, *, memory: int = 0) -> None:
        super().__init__()
        self.size, self.patch = size, (min(network.patch, size[0]), min(network.patch, size[1]))
        self.grid = tuple(-(-side // patch) for side, patch in zip(size, self.patch))
        self.beyond = tuple(many * patch - side for many, patch, side in zip(self.grid, self.patch, size))
        pixels = self.patch[0] * self.patch[1]
        self.into = nn.Linear(inputs * pixels, network.width)
        self.blocks = Blocks(network, self.grid[0] * self.grid[1], memory)
        self.out = zero(nn.Linear(network.width, outputs * pixels))
        nn.init.xavier_uniform_(self.into.weight)
        self.register_buffer("positions", positions(self.grid[0], self.grid[1], network.width), persistent=False)

    def forward(self, x: Tensor, embedding: Tensor, memory: Tensor | None = None) -> Tensor:
        x = F.pad(x, (0, self.beyond[1], 0, self.beyond[0])) if any(self.beyond) else x
        return self._together(self.out(self.blocks(self.into(self._apart(x)) + self.positions, embedding, memory)))

    def _apart(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, patches, C * pixels of a patch)"""
        cut = x.unflatten(3, (-1, self.patch[1])).unflatten(2, (-1, self.patch[0]))  # (B, C, h, p, w, q)
        return cut.permute(0, 2, 4, 1, 3, 5).flatten(3).flatten(1, 2)

    def _together(self, patches: Tensor) -> Tensor:
        """The reverse, without what reaches beyond."""
        cut = patches.unflatten(2, (-1, *self.patch)).unflatten(1, self.grid)  # (B, h, w, C, p, q)
        whole = cut.permute(0, 3, 1, 4, 2, 5).flatten(4).flatten(2, 3)
        return whole[:, :, : self.size[0], : self.size[1]]


@final
class RowTransformer(nn.Module):
    """(B, D) -> (B, D): some columns a token, each token with maps of its own."""

    def __init__(self, columns: int, network: DiT, *, octaves: int, memory: int = 0) -> None:
        super().__init__()
        self.columns, patch = columns, min(network.patch, columns)
        tokens, self.waves = -(-columns // patch), Waves(columns, octaves)
        self.beyond, read = tokens * patch - columns, patch * (1 + 2 * octaves)
        self.into = nn.Parameter(torch.randn(tokens, read, network.width) * read**-0.5)
        self.places = nn.Parameter(torch.randn(tokens, network.width))
        self.blocks = Blocks(network, tokens, memory)
        self.out = nn.Parameter(torch.zeros(tokens, network.width, patch))
        self.offset = nn.Parameter(torch.zeros(tokens, patch))

    def forward(self, x: Tensor, embedding: Tensor, memory: Tensor | None = None) -> Tensor:
        parts = self.waves(x).split([self.columns, *[(self.waves.outputs - self.columns) // 2] * 2], 1)
        read = torch.cat([part.unflatten(1, (self.columns, -1)) for part in parts if part.shape[1]], 2)
        rows = F.pad(read, (0, 0, 0, self.beyond)).unflatten(1, (len(self.into), -1)).flatten(2)
        h = self.blocks(torch.einsum("btr,trw->btw", rows, self.into) + self.places, embedding, memory)
        return (torch.einsum("btw,twp->btp", h, self.out) + self.offset).flatten(1)[:, : self.columns]


def moved(h: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
    """s n(h) + b, with s - 1 as it is told."""
    return torch.addcmul(shift, F.layer_norm(h, h.shape[-1:], eps=EPS), 1 + scale)


def positions(height: int, width: int, numbers: int) -> Tensor:
    """(patches, numbers): sines and cosines of each patch's row, then of its column; geometric wave lengths."""
    rates = LONGEST ** (-torch.arange(numbers // 4) / (numbers // 4))
    row, column = (torch.arange(side)[:, None] * rates for side in (height, width))
    row, column = (torch.cat([angle.sin(), angle.cos()], 1) for angle in (row, column))
    return torch.cat([row.repeat_interleave(width, 0), column.repeat(height, 1)], 1)


def zero(linear: nn.Linear) -> nn.Linear:
    """A map that says 0 at first."""
    nn.init.zeros_(linear.weight)
    nn.init.zeros_(linear.bias)
    return linear


def begin(blocks: Blocks) -> None:
    """The paper's first weights: maps that keep variance both ways, and those of (3) at 0."""
    for name, module in blocks.named_modules():
        if isinstance(module, nn.Linear):
            if name.endswith(("told", "last")):
                zero(module)
            else:
                nn.init.xavier_uniform_(module.weight)
                nn.init.zeros_(module.bias)
