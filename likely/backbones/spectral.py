r"""Spectral normalisation: a weight divided by its largest singular value, so that a layer stretches nothing.

    u <- W v / |W v|,   v = W^T u / |W^T u|                                                    (1) a power iteration
    s = |W^T u| <= |W|_2,   ds/dW = u v^T with u held                                          (2)
    W / s                                                                                      (3)

In training u takes one step of (1) whenever the weight has moved since its last one, which a sum of the weight tells:
a loss that is evaluated twice is the same. u and that sum are buffers: what is saved and resumed goes on bit for bit.
In evaluation nothing moves. Spectral Normalization for GANs (Miyato et al., 2018), arXiv:1802.05957
"""

from typing import final

import torch
import torch.nn.functional as F
from torch import Tensor, nn

STARTED, LEAST = 8, 1e-12  # steps of (1) before the first use; a singular value that is divided by


@final
class Spectral(nn.Module):
    """A weight (outputs, ...) -> the same over its largest singular value, as a matrix of so many rows."""

    u: Tensor
    seen: Tensor

    def __init__(self, weight: Tensor) -> None:
        super().__init__()
        self.register_buffer("u", F.normalize(torch.randn_like(weight.detach().flatten(1)[:, 0]), dim=0))
        self.register_buffer("seen", weight.new_full((), float("nan")))  # of no weight yet
        with torch.no_grad():
            for _ in range(STARTED):
                self.u.copy_(_turned(weight.flatten(1), self.u))

    def forward(self, weight: Tensor) -> Tensor:
        with torch.autocast(weight.device.type, enabled=False):
            matrix = weight.flatten(1)
            u = self._followed(matrix.detach()) if self.training else self.u
            return weight / torch.linalg.vector_norm(matrix.T @ u).clamp_min(LEAST)  # (2), (3)

    @torch.no_grad()
    def _followed(self, matrix: Tensor) -> Tensor:
        """u for this weight; a tensor of its own, because gradients of earlier losses may still need the last one."""
        told = matrix.sum()
        u = torch.where(told == self.seen, self.u, _turned(matrix, self.u))
        self.u.copy_(u)
        self.seen.copy_(told)
        return u


def spectral(weight: Tensor, wanted: bool) -> nn.Module:
    """What a layer's weight goes through."""
    return Spectral(weight) if wanted else nn.Identity()


def _turned(matrix: Tensor, u: Tensor) -> Tensor:
    return F.normalize(matrix @ F.normalize(matrix.T @ u, dim=0), dim=0)  # (1)
