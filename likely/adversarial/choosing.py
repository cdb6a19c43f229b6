r"""Choices, many side by side: every column of a table has one, and all are made at once.

    log p(l) = y_l - log sum over l' of the same column of e^{y_l'}                                              (1)
    chosen of a column = argmax_l (y_l + g_l),   g_l = -log(-log u_l)                                            (2)
    relaxed p of (y + g) / tau,   and in front of it, straight through, the one-hot of (2)                       (3)

(2) draws l with probability p(l). What it is made of in (3) has a slope, by which a generator of choices learns; the
smaller tau, the nearer is the slope's own row to the one that is shown. No loop runs over columns.

Categorical Reparameterization with Gumbel-Softmax (Jang, Gu & Poole, 2017), arXiv:1611.01144
"""

from typing import final

import torch
from torch import Tensor, nn

from likely.rng import Rng

LEAST = -60.0  # of a logarithm: exp is slow far below


@final
class Choosing(nn.Module):
    """Numbers (B, L) of which each belongs to a column; -inf is never chosen."""

    column: Tensor  # (L,) of each choice
    member: Tensor  # (L, D): which column a choice is of

    def __init__(self, column: Tensor, columns: int) -> None:
        super().__init__()
        self.columns = columns
        self.register_buffer("column", column, persistent=False)
        self.register_buffer("member", nn.functional.one_hot(column, columns).float(), persistent=False)

    def top(self, y: Tensor) -> Tensor:
        """The largest of every column (B, D), without slope."""
        least = y.new_full((len(y), self.columns), -torch.inf)
        return least.scatter_reduce(1, self.column.expand(len(y), -1), y.detach(), "amax")

    def log_softmax(self, y: Tensor) -> Tensor:
        """(1)."""
        return self._normalised(y - self._spread(self.top(y)))  # (1)

    def _normalised(self, centred: Tensor) -> Tensor:
        total = exactly(centred.clamp(min=LEAST).exp(), self.member)
        return centred - self._spread(total.log())

    def perturbed(self, y: Tensor, rng: Rng) -> Tensor:
        """y + g of (2)."""
        return y - rng.exponential(y.shape, like=y).log_()

    def hot(self, y: Tensor) -> Tensor:
        """One-hot of every column's largest (B, L)."""
        return (y >= self._spread(self.top(y))).to(y.dtype)

    def index(self, y: Tensor) -> Tensor:
        """Which choice is every column's largest (B, D)."""
        place = torch.arange(len(self.column), device=y.device).expand(len(y), -1)
        best = place.masked_fill(y < self._spread(self.top(y)), 0)
        empty = best.new_zeros(len(y), self.columns)
        return empty.scatter_reduce(1, self.column.expand(len(y), -1), best, "amax")

    def _spread(self, of_columns: Tensor) -> Tensor:
        """Numbers of columns (B, D) at each of their choices (B, L): one term each, so that the product is exact."""
        return exactly(of_columns, self.member.T)

    def relaxed(self, y: Tensor, temperature: float, *, straight: bool) -> Tensor:
        """(3) of perturbed numbers."""
        centred = (y - self._spread(self.top(y))) / temperature
        hot = (centred >= 0).to(y.dtype)
        if straight and not y.requires_grad:
            return hot
        soft = self._normalised(centred).clamp(min=LEAST).exp()
        return hot + soft - soft.detach() if straight else soft  # (3)


def exactly(a: Tensor, b: Tensor) -> Tensor:
    """a @ b with all digits, whatever precision networks are evaluated in."""
    with torch.autocast(a.device.type, enabled=False):
        return a @ b
