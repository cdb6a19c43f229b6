r"""Transformers in which every cell of a row sees all others that are seen, each cell hidden or known.

    x_i = known_i + e(cell i) where it is known, else asked_i;   h = blocks of `causal` without its order            (1)
    what is said of cell i is a map of h_i                                                                           (2)

Of hidden cells only that they are is read, so (2) is told of known ones alone.

Attention Is All You Need (Vaswani et al., 2017), arXiv:1706.03762
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from likely.backbones.causal import Block, Causal, normed
from likely.backbones.network import Look, Network
from likely.backbones.per_column import PerColumn
from likely.errors import FieldError

FAINT = 0.1  # how large numbers are at first


@final
@dataclass(frozen=True, kw_only=True)
class Bidirectional(Network):
    """A transformer over the cells of a row, every one of which sees all others."""

    width: int = 128  # numbers in the stream of a cell; the cost grows with its square
    layers: int = 4  # each looks around once and thinks once
    heads: int = 4  # places that a layer looks at, each with its own share of the width
    dropout: float = 0.0  # the share of what layers say that is left out in training; 0.1 to 0.3 for little data

    def __post_init__(self) -> None:
        if min(self.width, self.layers, self.heads) < 1 or self.width % (2 * self.heads):
            told = f"Bidirectional has width {self.width}, {self.layers} layers and {self.heads} heads"
            raise FieldError(told, expected="at least 1 of each, and an even share of the width for each head")
        if not 0 <= self.dropout < 1:
            raise FieldError(f"Bidirectional.dropout is {self.dropout}", expected="a share from 0 to below 1")


@final
class Around(nn.Module):
    """(B, T, width) -> (B, T, width), every place seeing all."""

    def __init__(self, network: Bidirectional, *, rotary: bool) -> None:
        super().__init__()
        self.stack = Causal(
            network.width, network.layers, network.heads, window=1, rotary=rotary, dropout=network.dropout
        )

    def forward(self, x: Tensor) -> Tensor:
        turn = self.stack.turn(torch.arange(x.shape[1], device=x.device))
        for block in self.stack.blocks:
            assert isinstance(block, Block)
            x = block.moved(x, F.scaled_dot_product_attention(*block.looks(x, turn)))
        return normed(x)


@final
class ColumnsAround(nn.Module):
    """Number i that is read is of column reads[i], number j that is said of column says[j]; columns of any kinds."""

    def __init__(self, reads: Sequence[int], says: Sequence[int], network: Bidirectional) -> None:
        super().__init__()
        columns, width = max(says) + 1, network.width
        self.asked = nn.Parameter(torch.randn(columns, width))
        self.known = nn.Parameter(torch.randn(columns, width)) if columns > 1 else None  # a single one is never known
        self.reads = PerColumn(reads, columns, width, std=1.0) if columns > 1 else None
        self.says = PerColumn(says, columns, width, std=FAINT / math.sqrt(width))
        self.around = Around(network, rotary=False)

    def look(self, read: Tensor, known: Tensor, context: Tensor | None = None) -> "Sight":
        """Of numbers read (B, R), only those of the known columns (B, D)."""
        x = self.asked.expand(len(read), -1, -1)
        if self.reads is not None and self.known is not None:
            x = torch.where(known[..., None], self.reads.features(read) + self.known, x)  # (1)
        return Sight(self.says, self.around(x if context is None else x + context[:, None]))


@final
class Sight(Look):
    """(2) of features (B, D, width)."""

    def __init__(self, says: PerColumn, h: Tensor) -> None:
        self.says, self.h = says, h

    def said(self) -> Tensor:
        return self.says.numbers(self.h)

    def said_of(self, column: int, rows: Tensor) -> Tensor:
        return self.h[rows, column] @ self.says.of(column).t()


@final
class CodesAround(nn.Module):
    """(B, T) codes 0 .. codes - 1 -> (B, T, codes): log-odds of each place's code. All places share one alphabet."""

    def __init__(self, codes: int, places: int, network: Bidirectional) -> None:
        super().__init__()
        self.asked = nn.Parameter(torch.randn(network.width))
        self.embedding = nn.Embedding(codes, network.width) if places > 1 else None
        self.places = nn.Parameter(torch.randn(places, network.width) / math.sqrt(2))
        self.around = Around(network, rotary=True)
        self.head = nn.Linear(network.width, codes)
        nn.init.normal_(self.head.weight, std=FAINT / math.sqrt(network.width))  # at first all are about as likely
        nn.init.zeros_(self.head.bias)

    def forward(self, codes: Tensor, known: Tensor, context: Tensor | None = None) -> Tensor:
        x = self.asked.expand(*codes.shape, -1)
        if self.embedding is not None:
            x = torch.where(known[..., None], self.embedding(codes), x)  # (1)
        x = x + self.places
        return self.head(self.around(x if context is None else x + context[:, None]))
