r"""From features of what came before to the parameters of the cells of a place, its cells in groups one after another.

    z_g = relu(W_g f + sum_{e < g} U_ge x_e),   parameters of group g = V_g z_g + b_g                                (1)

so that group g (a channel, or a pixel of a patch) sees the earlier groups of its own place beside f.
"""

from typing import final

import torch
from torch import Tensor, nn


@final
class Readout(nn.Module):
    """(N, width) features and (N, groups x cells) planes of the places themselves -> (N, groups, per)."""

    mask: Tensor

    def __init__(self, width: int, hidden: int, *, groups: int, cells: int, per: int) -> None:
        super().__init__()
        self.groups, self.hidden, self.cells = groups, hidden, cells
        self.features = nn.Linear(width, groups * hidden)
        earlier = torch.ones(groups, groups).tril(-1)
        self.register_buffer("mask", earlier.repeat_interleave(hidden, 0).repeat_interleave(cells, 1), persistent=False)
        bound = (groups * cells) ** -0.5
        self.within = nn.Parameter(torch.empty_like(self.mask).uniform_(-bound, bound)) if groups > 1 else None
        self.out = nn.Parameter(torch.empty(groups, hidden, per).uniform_(-(hidden**-0.5), hidden**-0.5))
        self.bias = nn.Parameter(torch.zeros(groups, 1, per))

    def forward(self, features: Tensor, planes: Tensor) -> Tensor:
        z = self.features(features)
        if self.within is not None:
            z = torch.addmm(z, planes.to(z.dtype), (self.within * self.mask).to(z.dtype).T)
        z = torch.relu(z).unflatten(1, (self.groups, self.hidden)).transpose(0, 1)
        return torch.baddbmm(self.bias.to(z.dtype), z, self.out.to(z.dtype)).transpose(0, 1)  # (1)

    def group(self, g: int, heard: Tensor, planes: Tensor) -> Tensor:
        """The parameters (N, per) of group g, from `features(f)` and the planes of earlier groups."""
        at = slice(g * self.hidden, (g + 1) * self.hidden)
        z = heard[:, at]
        if g > 0 and self.within is not None:
            z = torch.addmm(z, planes[:, : g * self.cells], self.within[at, : g * self.cells].T)
        return torch.addmm(self.bias[g], torch.relu(z), self.out[g])
