"""Hierarchies: how many hidden variables a circuit has, and which column hangs from which."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from likely.distributions.chow_liu import Pairs, affordable, forest
from likely.distributions.hidden_tree import Tree, laid_out
from likely.errors import FieldError

PAIRED = 4096  # rows whose pairs are counted at a time
COST = 0.5  # nats that a parameter of an edge is worth by chance alone


class Hierarchy(ABC):
    """The hidden variables above the columns."""

    @property
    @abstractmethod
    def states(self) -> int:
        """How many values each hidden variable has."""

    @abstractmethod
    def nodes(self, columns: int) -> int:
        """How many hidden variables stand above so many columns: one, or one for each."""

    @abstractmethod
    def grown(self, state: Tensor, sizes: Tensor) -> tuple[Tensor, Tree]:
        """From the columns' states (B, D): the node that each column hangs from (D,), and the tree of nodes."""


@final
@dataclass(frozen=True)
class Shallow(Hierarchy):
    """One hidden variable above all columns: a mixture of products."""

    components: int = 256  # more follows the data closer, and needs more rows

    def __post_init__(self) -> None:
        if self.components < 1:
            raise FieldError(f"Shallow.components cannot be {self.components}", expected="at least 1")

    @property
    def states(self) -> int:
        return self.components

    def nodes(self, columns: int) -> int:
        return 1

    def grown(self, state: Tensor, sizes: Tensor) -> tuple[Tensor, Tree]:
        return torch.zeros_like(sizes), Tree(torch.tensor([-1]))


@final
@dataclass(frozen=True)
class HiddenTree(Hierarchy):
    """A hidden variable above each column, joined as the columns' own Chow-Liu tree is."""

    hidden: int = 64  # values of each hidden variable: more follows the data closer; time grows with its square

    def __post_init__(self) -> None:
        if self.hidden < 1:
            raise FieldError(f"HiddenTree.hidden cannot be {self.hidden}", expected="at least 1")

    @property
    def states(self) -> int:
        return self.hidden

    def nodes(self, columns: int) -> int:
        return columns

    def grown(self, state: Tensor, sizes: Tensor) -> tuple[Tensor, Tree]:
        order, tree = laid_out(_chow_liu(state, sizes))
        return torch.tensor(order).argsort(), tree


def _chow_liu(state: Tensor, sizes: Tensor) -> Tensor:
    """The parents in the best tree; among very many columns, by the correlation of their states."""
    if affordable(sizes, 1) < min(2, int(sizes.max())):
        return forest(_correlated(state))
    pairs, one = Pairs(1, sizes.cpu()), torch.ones(PAIRED, dtype=torch.float64)
    pairs.prepare(state)
    for rows in state.split(PAIRED):
        pairs.observe(rows, torch.zeros(len(rows), dtype=torch.int64), one[: len(rows)])
    return pairs.trees(COST, shared=True)[0]


def _correlated(state: Tensor) -> Tensor:
    """The information of two normal variables of this correlation, -log(1 - r^2) / 2."""
    value = state.double() - state.double().mean(0)
    value = value / value.square().sum(0).clamp(min=1e-12).sqrt()
    return -0.5 * torch.log1p(-(value.T @ value).square().clamp(max=1 - 1e-9)).fill_diagonal_(0.0)
