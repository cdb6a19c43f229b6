r"""A learned invertible matrix over columns or channels (a 1 x 1 convolution), as P L U.

    W = P L (U + diag(sign e^s)),   log|det W| = sum s                  (1)

P is fixed, L unit lower and U strictly upper triangular. Glow: Generative Flow with Invertible 1x1 Convolutions
(Kingma & Dhariwal, 2018), arXiv:1807.03039
"""

from typing import final

import torch
from torch import Tensor, nn

from likely.bijections.bijection import Bijection


@final
class Linear(Bijection):
    """z = W x + b at every place; W starts as a given rotation or permutation, or as a random rotation."""

    order: Tensor
    back: Tensor
    sign: Tensor

    def __init__(self, size: int, start: Tensor | None = None) -> None:
        super().__init__()
        rotation = torch.linalg.qr(torch.randn(size, size, dtype=torch.float64))[0] if start is None else start.double()
        p, lower, upper = torch.linalg.lu(rotation)
        order = p.argmax(1)
        self.register_buffer("order", order)
        self.register_buffer("back", order.argsort())
        self.register_buffer("sign", upper.diagonal().sign().float())
        self.lower = nn.Parameter(lower.tril(-1).float())
        self.upper = nn.Parameter(upper.triu(1).float())
        self.log_diagonal = nn.Parameter(upper.diagonal().abs().log().float())
        self.bias = nn.Parameter(torch.zeros(size))

    def forward(self, x: Tensor, context: Tensor | None = None) -> tuple[Tensor, Tensor]:
        lower, upper = self._factors()
        with torch.autocast(x.device.type, enabled=False):  # the way back solves for x: it needs every digit
            matrix = torch.addmm(upper, lower, upper).index_select(0, self.order)  # (1)
            z = torch.addmm(self.bias[:, None], matrix, _columns(x))
        return _restored(z, x), self._ladj(x)

    def inverse(self, z: Tensor, context: Tensor | None = None) -> tuple[Tensor, Tensor]:
        lower, upper = self._factors()
        x = (_columns(z) - self.bias[:, None]).index_select(0, self.back)
        x = torch.linalg.solve_triangular(lower, x, upper=False, unitriangular=True)
        x = torch.linalg.solve_triangular(upper, x, upper=True)
        return _restored(x, z), -self._ladj(z)

    def _factors(self) -> tuple[Tensor, Tensor]:
        """L without its unit diagonal, and the whole of U."""
        return self.lower.tril(-1), self.upper.triu(1) + torch.diag(self.sign * self.log_diagonal.exp())

    def _ladj(self, x: Tensor) -> Tensor:
        return (self.log_diagonal.sum() * x[0, 0].numel()).expand(len(x))


def _columns(x: Tensor) -> Tensor:
    """(B, C, ...) as (C, B * places)."""
    return x.transpose(0, 1).flatten(1)


def _restored(columns: Tensor, like: Tensor) -> Tensor:
    """(C, B * places) back to the shape of `like`; rows of a table stay column by column in memory."""
    moved = columns.unflatten(1, (len(like), *like.shape[2:])).transpose(0, 1)
    return moved if like.dim() == 2 else moved.contiguous()
