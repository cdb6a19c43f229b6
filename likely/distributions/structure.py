"""Structures: which columns are whose parents, learned or known."""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import NamedTuple, final

import torch
from torch import Tensor

from likely.distributions.elimination import smallest_first
from likely.errors import FieldError

LARGEST_TABLE = 1 << 22  # entries of one table, or of one sum while a variable is eliminated


class Wiring(NamedTuple):
    """A graph, and the order in which its variables are best eliminated."""

    parents: Tensor  # (D, M), -1 where there is none
    order: list[int]


class Structure(ABC):
    """Which columns are whose parents."""

    @abstractmethod
    def known(self, sizes: list[int]) -> Wiring | None:
        """The graph over columns of so many states; None where it is learned."""


@final
@dataclass(frozen=True)
class ChowLiu(Structure):
    """The best tree, learned."""

    shared: bool = True  # one tree for all classes; false: a tree for each class, which needs more rows
    penalty: float = 2.0  # nats an edge must earn for each of its parameters; 0 is the tree of greatest likelihood

    def __post_init__(self) -> None:
        if not 0 <= self.penalty < math.inf:
            raise FieldError(f"ChowLiu.penalty cannot be {self.penalty}", expected="0 or a positive number")

    def known(self, sizes: list[int]) -> None:
        return None


@final
@dataclass(frozen=True)
class Given(Structure):
    """A graph that one knows."""

    edges: tuple[str, ...] = ()  # "0:2" makes column 0 a parent of column 2 (columns by their places, from 0)

    def known(self, sizes: list[int]) -> Wiring:
        """Checked: every edge lies in the columns, none leads in a circle, and sums over it stay small."""
        found: list[list[int]] = [[] for _ in sizes]
        for edge in self.edges:
            parent, child = _ends(edge, found)
            found[child].append(parent)
        _check_acyclic(found)
        order, largest = smallest_first([(*above, d) for d, above in enumerate(found)], sizes)
        if largest > LARGEST_TABLE:
            raise FieldError(
                f"Given.edges need a table of {largest:.3g} states together",
                expected=f"at most {LARGEST_TABLE:,}",
                remedy="fewer parents a column, fewer bins, or ChowLiu()",
            )
        most = max(1, *map(len, found))
        return Wiring(torch.tensor([above + [-1] * (most - len(above)) for above in found]), order)


def _ends(edge: str, found: list[list[int]]) -> tuple[int, int]:
    """The two places that an edge names."""
    ends = [int(end) if end.strip().isdecimal() else -1 for end in edge.split(":")]
    sound = len(ends) == 2 and ends[0] != ends[1] and min(ends) >= 0 and max(ends) < len(found)
    if sound and ends[0] not in found[ends[1]]:
        return ends[0], ends[1]
    raise FieldError(
        f"Given.edges cannot hold '{edge}' here",
        expected=f'PARENT:CHILD, each pair once, with places from 0 to {len(found) - 1}, as in "0:1"',
    )


def _check_acyclic(parents: list[list[int]]) -> None:
    left = set(range(len(parents)))
    while free := {d for d in left if not left & set(parents[d])}:
        left -= free
    if left:
        raise FieldError(f"Given.edges lead in a circle through columns {sorted(left)}", expected="no circles")
