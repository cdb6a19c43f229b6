r"""Normalisation over the channels of each place.

    y = w (x - mean_c x) / sqrt(var_c x + eps) + b                     (1)

Statistics are taken over the channels of one pixel (as in ConvNeXt), not over groups of channels of the whole map: in
channels-last memory that is one contiguous row, one pass forward and one backward, which compilers fuse with the
nonlinearity; it does not tie rows of the batch or places together.
"""

from typing import final

import torch
import torch.nn.functional as F
from torch import Tensor, nn


@final
class ChannelNorm(nn.Module):
    """(B, C, *places) -> the same, normalised over C."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.ones(channels)), nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor) -> Tensor:
        rows = x.movedim(1, -1)  # (B, *places, C): no copy in channels-last
        return F.layer_norm(rows, self.weight.shape, self.weight, self.bias).movedim(-1, 1)  # (1)
