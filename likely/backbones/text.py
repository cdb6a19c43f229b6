"""A small encoder of words: embeddings and a light transformer, in which missing tokens are not seen."""

from typing import final

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from likely.backbones.attention import Attention
from likely.backbones.network import Context, Encoder
from likely.spaces import Tokens


@final
class Reading(nn.Module):
    """One layer of a transformer: look, then think."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.look_norm, self.look = nn.LayerNorm(width), Attention(width)
        self.think_norm = nn.LayerNorm(width)
        self.first, self.second = nn.Linear(width, 2 * width), nn.Linear(2 * width, width)

    def forward(self, x: Tensor, seen: Tensor) -> Tensor:
        rows = self.look_norm(x)
        x = x + self.look(rows, rows, seen)
        return x + self.second(F.silu(self.first(self.think_norm(x))))


@final
class TokensEncoder(Encoder):
    """A summary token reads along; where a token is missing the field repeats the summary, so nothing else is said."""

    def __init__(self, space: Tokens, width: int, *, places: int = 0, depth: int = 2) -> None:
        super().__init__()
        self.tokens = nn.Embedding(space.vocabulary, width)
        self.where = nn.Parameter(torch.randn(1 + space.length, width) * 0.1)
        self.layers = nn.ModuleList([Reading(width) for _ in range(depth)])
        self.norm = nn.LayerNorm(width)
        self.field = nn.Linear(width, places) if places else None

    def forward(self, cells: Tensor) -> Context:
        seen = F.pad(cells >= 0, (1, 0), value=True)  # (B, 1 + T): the summary token is always seen
        x = F.pad(self.tokens(cells.clamp(min=0)), (0, 0, 1, 0)) + self.where
        for layer in self.layers:
            x = layer(x, seen)
        x = self.norm(x)
        summary = x[:, 0]
        if self.field is None:
            return Context(summary)
        heard = torch.where(seen[:, 1:, None], x[:, 1:], summary[:, None])
        return Context(summary, self.field(heard).transpose(1, 2))
