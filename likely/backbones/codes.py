"""Codes in a row, read from left to right: what comes next, from all that came before and a condition."""

import math
from typing import final

import torch
from torch import Tensor, nn

from likely.backbones.causal import Causal
from likely.backbones.encoder import encoder
from likely.contracts import Space
from likely.spaces import Image


@final
class Raster(nn.Module):
    """What tells the places of an image apart: pixels row by row, a pixel's channels one after the other."""

    def __init__(self, space: Image, width: int) -> None:
        super().__init__()
        sizes = (space.height, space.width, space.channels)
        self.sizes = sizes
        self.parts = nn.ParameterList([torch.randn(size, width) / math.sqrt(3) for size in sizes])

    def forward(self, places: Tensor | int) -> Tensor:
        """(...) -> (..., width)"""
        _, width, channels = self.sizes
        at = (places // (width * channels), places // channels % width, places % channels)
        row, column, channel = (part[each] for part, each in zip(self.parts, at))
        return row + column + channel


@final
class Codes(nn.Module):
    """(B, T) codes, each the one before a place -> (B, T, said) numbers of that place; code `begin` is before all."""

    def __init__(self, space: Space, codes: int, said: int, network: Causal, condition: Space | None) -> None:
        super().__init__()
        self.begin, self.network = codes, network
        self.embedding = nn.Embedding(codes + 1, network.width)
        self.places = Raster(space, network.width) if isinstance(space, Image) else None
        self.told = None if condition is None else encoder(condition, network.width)
        self.head = nn.Linear(network.width, said, bias=False)
        nn.init.normal_(self.head.weight, std=0.1 / math.sqrt(network.width))  # at first all are about as likely

    def forward(self, before: Tensor, c: Tensor | None = None, first: Tensor | None = None) -> Tensor:
        """Rows begin at place 0, or at `first` (B, 1)."""
        places = torch.arange(before.shape[1], device=before.device)
        x = self.read(before, places if first is None else places + first)
        context = self.context(c)
        return self.head(self.network(x if context is None else x + context[:, None]))

    def read(self, before: Tensor, places: Tensor | int) -> Tensor:
        x = self.embedding(before)
        return x if self.places is None else x + self.places(places)

    def context(self, c: Tensor | None) -> Tensor | None:
        return None if self.told is None or c is None else self.told(c).summary

    def by_code(self, rows: int, c: Tensor | None = None) -> "ByCode":
        """The same for rows whose codes become known one after the other; without gradient."""
        with torch.inference_mode():
            return ByCode(self, rows, c)


@final
class ByCode:
    """Numbers (B, said) of the place after the codes that were first told (B, k), then after each next one (B,)."""

    def __init__(self, codes: Codes, rows: int, c: Tensor | None) -> None:
        self.codes, self.context, self.moments = codes, codes.context(c), codes.network.by_moment(rows)

    @torch.inference_mode()
    def first(self, codes: Tensor) -> Tensor:
        begin = codes.new_full((len(codes), 1), self.codes.begin)
        x = self.codes.read(torch.cat([begin, codes], 1), torch.arange(codes.shape[1] + 1, device=codes.device))
        return self.codes.head(self.moments.hear(x if self.context is None else x + self.context[:, None]))

    @torch.inference_mode()
    def next(self, code: Tensor) -> Tensor:
        x = self.codes.read(code, self.moments.at)
        return self.codes.head(self.moments.next(x if self.context is None else x + self.context))

    @torch.inference_mode()
    def pick(self, rows: Tensor) -> None:
        """Go on from these rows, some of them several times."""
        self.context = None if self.context is None else self.context[rows]
        self.moments.pick(rows)
