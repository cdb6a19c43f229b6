"""Hierarchies: how many hidden variables a circuit has, and which column hangs from which."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from likely.distributions.chow_liu import Pairs, affordable, forest
from likely.distributions.hidden_tree import Trees, laid_out
from likely.errors import FieldError
from likely.rng import Rng

PAIRED = 4096  # rows whose pairs are counted at a time
FEWEST = 1000  # rows from which one of several trees is learned, where there are so many
COST = 0.5  # nats that a parameter of an edge is worth by chance alone


class Hierarchy(ABC):
    """The hidden variables above the columns."""

    @property
    @abstractmethod
    def states(self) -> int:
        """How many values each hidden variable has."""

    @abstractmethod
    def first(self, columns: int) -> tuple[Tensor, Trees]:
        """The node that each of so many columns hangs from in each tree (T, D), and trees to begin with."""

    @abstractmethod
    def grown(self, state: Tensor, sizes: Tensor, *, rng: Rng) -> tuple[Tensor, Trees]:
        """The same, learned from the columns' states (B, D)."""


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

    def first(self, columns: int) -> tuple[Tensor, Trees]:
        return torch.zeros(1, columns, dtype=torch.int64), Trees(torch.tensor([-1]))

    def grown(self, state: Tensor, sizes: Tensor, *, rng: Rng) -> tuple[Tensor, Trees]:
        return self.first(len(sizes))


@final
@dataclass(frozen=True)
class HiddenTree(Hierarchy):
    """A hidden variable above each column, joined as the columns' own Chow-Liu tree is."""

    hidden: int = 64  # values of each hidden variable: more follows the data closer; time grows with its square
    trees: int = 1  # a mixture of so many, each with a tree of its own: steadier, at so many times the cost

    def __post_init__(self) -> None:
        for name, value in (("hidden", self.hidden), ("trees", self.trees)):
            if value < 1:
                raise FieldError(f"HiddenTree.{name} cannot be {value}", expected="at least 1")

    @property
    def states(self) -> int:
        return self.hidden

    def first(self, columns: int) -> tuple[Tensor, Trees]:
        return laid_out([torch.arange(columns) - 1] * self.trees)

    def grown(self, state: Tensor, sizes: Tensor, *, rng: Rng) -> tuple[Tensor, Trees]:
        """The first tree from all rows, others from as many drawn ones as make the trees differ."""
        some, like = max(min(len(state), FEWEST), len(state) // self.trees), torch.empty(0)
        drawn = [state[rng.integers(len(state), (some,), like=like)] for _ in range(self.trees - 1)]
        return laid_out([_chow_liu(rows, sizes) for rows in (state, *drawn)])


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
