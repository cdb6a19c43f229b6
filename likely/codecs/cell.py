"""Numbers in float64 <-> one float32 cell of a `Vector`, with the log-Jacobian of each row."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from likely.codecs.monotone import Monotone, Numbers, monotone_from
from likely.codecs.parts import Part
from likely.codecs.reader import UNSEEN
from likely.spaces import Category, Column, Count, Real

Cells32 = NDArray[np.float32]


FARTHEST = 1e18  # a cell's square must be finite in float32
MOST_ATOMS = 1000


class Cell(ABC):
    """One column's numbers as cells."""

    column: Column  # what the space says of the cell

    @abstractmethod
    def up(self, values: Numbers) -> tuple[Cells32, Numbers]:
        """(cells, ladj): log|d cell / d value| where the value is present and no atom, else 0."""

    @abstractmethod
    def down(self, cells: Numbers) -> Numbers:
        """The values of cells; NaN where missing."""

    @abstractmethod
    def parts(self) -> dict[str, Any]:
        """The cell as plain JSON values."""


@final
@dataclass(frozen=True)
class RealCell(Cell):
    """A real through an increasing map; atoms are decided on the raw float64 and have float32 cells of their own."""

    map: Monotone
    atoms: tuple[float, ...] = ()  # in the data's own units
    missing: bool = False
    marks: tuple[float, ...] = field(init=False)  # the atoms' cells

    def __post_init__(self) -> None:
        object.__setattr__(self, "marks", _apart(self.map.forward(np.array(self.atoms, dtype=np.float64))[0]))

    @property
    def column(self) -> Real:  # type: ignore[override]
        return Real(self.marks, self.missing)

    def up(self, values: Numbers) -> tuple[Cells32, Numbers]:
        there = ~np.isnan(values)
        with np.errstate(over="ignore"):
            level, ladj = self.map.forward(np.where(there, values, 0.0))
            cells = level.astype(np.float32)
        for atom, mark in zip(self.atoms, self.marks):
            here = values == atom
            _step_aside(cells, np.float32(mark), values - atom, ~here)
            cells[here] = mark
            there &= ~here
        cells[np.isnan(values)] = np.nan
        return cells, np.where(there, ladj, 0.0)

    def down(self, cells: Numbers) -> Numbers:
        values = self.map.inverse(np.where(np.isnan(cells), 0.0, cells))
        values[np.isnan(cells)] = np.nan
        for atom, mark in zip(self.atoms, self.marks):
            values[cells == mark] = atom
        return values

    def parts(self) -> dict[str, Any]:
        return {"is": "RealCell", "map": self.map.parts(), "atoms": list(self.atoms), "missing": self.missing}


@final
@dataclass(frozen=True)
class CountCell(Cell):
    """A count, as it is."""

    missing: bool = False

    @property
    def column(self) -> Count:  # type: ignore[override]
        return Count(self.missing)

    def up(self, values: Numbers) -> tuple[Cells32, Numbers]:
        return values.astype(np.float32), np.zeros(len(values))

    def down(self, cells: Numbers) -> Numbers:
        return np.maximum(np.rint(cells), 0.0)

    def parts(self) -> dict[str, Any]:
        return {"is": "CountCell", "missing": self.missing}


@final
@dataclass(frozen=True)
class CategoryCell(Cell):
    """The code of a category.

    A category that was never seen shares the code of the rarest level r: with probability `reserve` what is drawn as r
    is none of the known levels, so that masses still add up to 1 and no code exists that a model never meets:

        log P(unseen) = log P(r) + log reserve,    log P(level r) = log P(r) + log(1 - reserve)

    With reserve = 1 / (rows of r + 1), Laplace's rule, the unseen have about the mass of one row.
    """

    k: int
    missing: bool = False
    rarest: int = 0
    reserve: float = 0.0

    @property
    def column(self) -> Category:  # type: ignore[override]
        return Category(self.k, self.missing)

    def up(self, values: Numbers) -> tuple[Cells32, Numbers]:
        cells, ladj = values.astype(np.float32), np.zeros(len(values))
        if self.reserve:
            ladj[values == self.rarest] = np.log1p(-self.reserve)
            ladj[values == UNSEEN] = np.log(self.reserve)
            cells[values == UNSEEN] = self.rarest
        return cells, ladj

    def down(self, cells: Numbers) -> Numbers:
        return np.clip(np.rint(cells), 0, self.k - 1)

    def parts(self) -> dict[str, Any]:
        fitted = {"missing": self.missing, "rarest": self.rarest, "reserve": self.reserve}
        return {"is": "CategoryCell", "k": self.k, **fitted}


def _apart(levels: Numbers) -> tuple[float, ...]:
    """Atoms' cells as float32 values, all different."""
    taken: list[np.float32] = []
    for level in np.clip(levels, -FARTHEST, FARTHEST).astype(np.float32):
        while level in taken:
            level = np.nextafter(level, np.float32(np.inf))
        taken.append(level)
    return tuple(float(level) for level in taken)


def _step_aside(cells: Cells32, mark: np.float32, difference: Numbers, others: NDArray[np.bool_]) -> None:
    """A value so near an atom that float32 takes it for the atom moves by one step towards its own side."""
    clash = (cells == mark) & others
    if clash.any():
        cells[clash] = np.nextafter(mark, np.where(difference[clash] < 0, -np.inf, np.inf).astype(np.float32))


def cell_from(part: Part) -> Cell:
    """The cell that a part describes."""
    return part.choice("is", {"RealCell": _real, "CountCell": _count, "CategoryCell": _category})(part)


def _real(part: Part) -> Cell:
    part.only("is", "map", "atoms", "missing")
    atoms = part.numbers("atoms")
    if len(set(atoms)) != len(atoms) or len(atoms) > MOST_ATOMS:
        part.refuse("atoms", f"at most {MOST_ATOMS} different numbers")
    return RealCell(monotone_from(part.part("map")), atoms, part.flag("missing"))


def _count(part: Part) -> Cell:
    return CountCell(part.only("is", "missing").flag("missing"))


def _category(part: Part) -> Cell:
    part.only("is", "k", "missing", "rarest", "reserve")
    k, reserve = part.integer("k", 1, 2**22), part.number("reserve")
    if not 0 <= reserve < 1:
        part.refuse("reserve", "a probability below 1")
    return CategoryCell(k, part.flag("missing"), part.integer("rarest", 0, k - 1), reserve)
