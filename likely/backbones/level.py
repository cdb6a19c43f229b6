r"""Features of a noise level.

    e(l) = [l, cos(w_1 l), sin(w_1 l), ..., cos(w_k l), sin(w_k l)],   w geometric from 1/2 to 32      (1)

The level is a number of order one (log sigma / 4, or a time in [0, 1]): the slow waves order it, the fast ones resolve
it to a few hundredths.
"""

import math
from typing import final

import torch
import torch.nn.functional as F
from torch import Tensor, nn


@final
class LevelEmbedding(nn.Module):
    """(B,) -> (B, width)."""

    frequencies: Tensor

    def __init__(self, width: int, waves: int = 16) -> None:
        super().__init__()
        self.register_buffer("frequencies", 0.5 * 64.0 ** torch.linspace(0, 1, waves), persistent=False)
        self.first, self.second = nn.Linear(2 * waves + 1, width), nn.Linear(width, width)

    def forward(self, level: Tensor) -> Tensor:
        level = level.to(self.frequencies.dtype)[:, None]
        angles = level * self.frequencies
        features = torch.cat([level, math.sqrt(2) * angles.cos(), math.sqrt(2) * angles.sin()], 1)  # (1)
        return self.second(F.silu(self.first(features)))
