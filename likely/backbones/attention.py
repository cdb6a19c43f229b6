r"""Attention by its plain formula.

    softmax(q k^T / sqrt(d)) v                                         (1)

On the short sequences met here (49 places of a 7 x 7 map, a caption of twenty tokens) two batched matrix products and
a softmax are faster on a CPU than the fused kernel, whose backward pass in bf16 is several times slower still.
"""

from typing import final

import torch
from torch import Tensor, nn


def attend(q_BHTD: Tensor, k_BHSD: Tensor, v_BHSD: Tensor, seen_BS: Tensor | None = None) -> Tensor:
    """(1); keys that are not seen get no weight. At least one must be."""
    scores_BHTS = (q_BHTD * q_BHTD.shape[-1] ** -0.5) @ k_BHSD.transpose(-2, -1)
    if seen_BS is not None:
        scores_BHTS = scores_BHTS.masked_fill(~seen_BS[:, None, None, :], torch.finfo(scores_BHTS.dtype).min)
    return scores_BHTS.softmax(-1).to(v_BHSD.dtype) @ v_BHSD


def heads_of(width: int, head: int = 64) -> int:
    """How many heads of about `head` channels divide a width evenly."""
    return next(heads for heads in range(max(1, width // head), 0, -1) if width % heads == 0)


@final
class Attention(nn.Module):
    """Rows of queries (B, T, C) look at rows of a memory (B, S, M), with so many heads or those of `heads_of`."""

    def __init__(self, width: int, memory: int | None = None, *, heads: int | None = None) -> None:
        super().__init__()
        self.heads = heads or heads_of(width)
        self.query = nn.Linear(width, width)
        self.key_value = nn.Linear(memory or width, 2 * width)
        self.out = nn.Linear(width, width)

    def forward(self, x: Tensor, memory: Tensor, seen_BS: Tensor | None = None) -> Tensor:
        q = self._split(self.query(x))
        k, v = (self._split(part) for part in self.key_value(memory).chunk(2, -1))
        return self.out(attend(q, k, v, seen_BS).transpose(1, 2).flatten(2))

    def _split(self, rows: Tensor) -> Tensor:
        return rows.unflatten(-1, (self.heads, -1)).transpose(1, 2)  # (B, T, C) -> (B, H, T, D)
