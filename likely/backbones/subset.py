r"""A perceptron told of any columns: what it says of the others depends on which they are and on their cells.

    a = b + sum of W_d x_d over the columns d that are known                                                         (1)
    h_1 = relu(a),   h_l = h_(l-1) + relu(V_l norm(h_(l-1)))                                                         (2)
    outputs = U norm(h_L) + sum of S_d x_d over the same columns                                                     (3)

All units see all that is known. A column that becomes known is one more term of (1), and of (3) only the outputs of the
column asked for are computed. Values are laid out rows last, (numbers, B), as in `masked`.

A Deep and Tractable Density Estimator (Uria, Murray & Larochelle, 2014), arXiv:1310.1757
"""

from collections.abc import Sequence
from typing import final

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from likely.backbones.network import Look


@final
class SubsetMLP(nn.Module):
    """(inputs, B) -> (outputs, B): input i is a number of column reads[i], output j is about column says[j]."""

    reads: Tensor
    says: Tensor

    def __init__(
        self,
        reads: Sequence[int],
        says: Sequence[int],
        *,
        width: int,
        depth: int,
        context: int = 0,  # numbers that every output may depend on
        faint: float = 1.0,  # what the outputs start at a fraction of
    ) -> None:
        super().__init__()
        self.columns = max(says) + 1
        for name, values in {"reads": reads, "says": says}.items():
            self.register_buffer(name, torch.tensor(list(values), dtype=torch.int64), persistent=False)
        several = self.columns > 1  # else no column is read for another
        self.bias = nn.Parameter(0.1 * torch.randn(width))
        self.into = nn.Linear(len(reads), width, bias=False) if several else None
        self.told = nn.Linear(context, width, bias=False) if context else None
        self.hidden = nn.ModuleList(nn.Linear(width, width) for _ in range(depth - 1))
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(depth))
        self.out = nn.Linear(width, len(says))
        self.direct = nn.Linear(len(reads), len(says), bias=False) if several else None
        with torch.no_grad():
            for parameter in (*self.out.parameters(), *(() if self.direct is None else self.direct.parameters())):
                parameter.mul_(faint)

    def forward(self, x: Tensor, known: Tensor, context: Tensor | None = None) -> Tensor:
        """What is said of all columns given the known ones, (columns, B) bool."""
        return self.look(x.t(), known.t(), None if context is None else context.t()).said().t()

    def look(self, x: Tensor, known: Tensor, context: Tensor | None = None) -> "Subset":
        """The same in two parts, rows first: of inputs (B, inputs), the known columns (B, columns) bool."""
        x = torch.where(known[:, self.reads], x, 0.0)
        return Subset(self, self.deep(self.read(x) + self.start(None if context is None else context.t())), x)

    def by_column(self, rows: int, context: Tensor | None, order: Tensor) -> "Growing":
        """The same for rows whose columns become known in this order."""
        return Growing(self, rows, context, order)

    def start(self, context: Tensor | None) -> Tensor:
        """(1) before any column is known: (B, width), or (width,) without a context."""
        return self.bias if self.told is None or context is None else self.bias + self.told(context.t())

    def read(self, x: Tensor, mine: Tensor | None = None) -> Tensor:
        """What inputs (B, ...) add to (1): all of them, or those of some places."""
        if self.into is None:
            return x.new_zeros(len(x), len(self.bias))
        return F.linear(x, self.into.weight if mine is None else self.into.weight[:, mine])

    def deep(self, a: Tensor) -> Tensor:
        """(2), normalised."""
        h = torch.relu(a)
        for layer, norm in zip(self.hidden, self.norms):
            h = h + torch.relu(layer(norm(h)))
        return self.norms[-1](h)


@final
class Subset(Look):
    """What outputs are made of: the deepest layer (B, width), and the inputs, 0 where a column is not known."""

    def __init__(self, network: SubsetMLP, deep: Tensor, x: Tensor) -> None:
        self.network, self.deep, self.x = network, deep, x

    def said(self) -> Tensor:
        said = self.network.out(self.deep)
        return said if self.network.direct is None else said + self.network.direct(self.x)  # (3)

    def said_of(self, column: int, rows: Tensor) -> Tensor:
        network, mine = self.network, (self.network.says == column).nonzero()[:, 0]
        said = F.linear(self.deep[rows], network.out.weight[mine], network.out.bias[mine])
        return said if network.direct is None else said + F.linear(self.x[rows], network.direct.weight[mine])


@final
class Growing:
    """Ask what the network `says` of the next column, then let it `know` the column's inputs; and so on in order."""

    def __init__(self, network: SubsetMLP, rows: int, context: Tensor | None, order: Tensor) -> None:
        self.network, self.order, self.at = network, order.tolist(), 0
        self.reads, self.says_of = _places(network.reads, len(order)), _places(network.says, len(order))
        self.a = network.start(context).expand(rows, -1)
        self.x = self.a.new_zeros(rows, len(network.reads))

    def says(self) -> Tensor:
        """The outputs for the next column, (its outputs, B)."""
        return self._said(self.a, self.x).t()

    def says_to(self, rows: Tensor) -> Tensor:
        """The same of some rows alone."""
        return self._said(self.a[rows], self.x[rows]).t()

    def _said(self, a: Tensor, x: Tensor) -> Tensor:
        network, mine = self.network, self.says_of[self.order[self.at]]
        said = F.linear(network.deep(a), network.out.weight[mine], network.out.bias[mine])
        return said if network.direct is None else said + F.linear(x, network.direct.weight[mine])  # (3)

    def know(self, inputs: Tensor) -> None:
        """The column's inputs, (its inputs, B): on to the next."""
        mine = self.reads[self.order[self.at]]
        self.a = self.a + self.network.read(inputs.t(), mine)  # (1)
        self.x = self.x.index_add(1, mine, inputs.t())
        self.at += 1

    def given(self, inputs: Tensor) -> None:
        """What is known before any column is asked for, (inputs, B), 0 elsewhere: `know` adds 0 to it."""
        self.a, self.x = self.a + self.network.read(inputs.t()), self.x + inputs.t()


def _places(column: Tensor, columns: int) -> list[Tensor]:
    """Where the numbers of each column are."""
    counts = torch.bincount(column, minlength=columns).tolist()
    return list(column.argsort(stable=True).split(counts))
