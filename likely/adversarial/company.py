r"""Minibatch discrimination: a critic sees how alike the rows are that it is shown together.

    M_i = h_i T,   T of k kernels with 5 numbers each                                                              (1)
    o_ib = mean over j != i of exp(-|M_ib - M_jb|_1)                                                               (2)

The k numbers (2) are put beside the row's own features: a generator that makes one row again and again has o near 1,
where real rows have not. The paper sums over a batch of 100, (2) is a mean over at most 64 rows that stand together:
it does not depend on how many there are, and its cost grows with them and not with their square.
Improved Techniques for Training GANs (Salimans et al., 2016), arXiv:1606.03498, section 3.2
"""

from typing import final

import torch
from torch import Tensor, nn

NUMBERS = 5  # of each kernel
TOGETHER = 64  # rows that are compared with one another, at most


@final
class Company(nn.Module):
    """Features (B, inputs) -> (B, inputs + kernels). A row alone has no company: its numbers are 0."""

    def __init__(self, inputs: int, kernels: int) -> None:
        super().__init__()
        self.outputs = inputs + kernels
        self.kernels = nn.Parameter(torch.randn(inputs, kernels, NUMBERS) / inputs**0.5)  # T

    def forward(self, features: Tensor) -> Tensor:
        own = torch.einsum("ni,ikd->nkd", features, self.kernels)  # (1)
        groups = own.tensor_split(-(-len(own) // TOGETHER))
        return torch.cat([features, torch.cat([alike(group) for group in groups])], 1)


def alike(own: Tensor) -> Tensor:
    """(B, kernels): how alike each row is to the others, on average."""
    apart = (own[:, None] - own[None]).abs().sum(-1)  # (B, B, kernels)
    return (torch.exp(-apart).sum(1) - 1) / max(1, len(own) - 1)  # (2): a row and itself are 1
