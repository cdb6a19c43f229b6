"""Cells as choices and values: what lets one formula serve reals, atoms, counts, categories and missing cells.

Every cell is in one of finitely many states, and in at most one of them it also carries a value:

    Category(k)      states 0 .. k - 1 (the codes), then k if it can be missing; no values
    Real, Count      state 0 (ordinary: the cell has a value), 1 .. m (its atoms, ascending), then missing

so that p(cell) = p(state) p(value | ordinary), a mass times, where there is a value, a density or a mass. State -1 is a
cell that is not asked: its law is integrated out.
"""

import math
from dataclasses import dataclass
from typing import NamedTuple, final

import torch
from torch import Tensor, nn

from likely.contracts import Evidence, Space
from likely.errors import ConditionError
from likely.rng import Rng
from likely.spaces import Category, Column, Count, Image, Real, Series, Tokens, Vector, Wave, levels_of

NOT_ASKED = -1
MOST_CLASSES = 10_000


def columns_of(space: Space) -> tuple[Column, ...]:
    """The space as a row of columns, in the order of its flattened tensor."""
    match space:
        case Vector():
            return space.columns
        case Image(levels=int(levels)) | Wave(levels=int(levels)):
            return (Category(levels),) * math.prod(space.shape)
        case Series():
            cell = Real((), space.missing) if space.levels is None else Category(space.levels, space.missing)
            return (cell,) * math.prod(space.shape)
        case Image() | Wave():
            return (Real(),) * math.prod(space.shape)
        case Tokens():
            return (Category(space.vocabulary, missing=True),) * space.length
        case _:
            raise TypeError(f"no columns are known for {type(space).__name__}")


def _listed(column: Column) -> tuple[int, tuple[float, ...]]:
    """How many states a column has, and its atoms."""
    match column:
        case Category():
            return column.k + column.missing, ()
        case Real():
            atoms = tuple(sorted(set(column.atoms)))
            return 1 + len(atoms) + column.missing, atoms
        case _:
            return 1 + column.missing, ()


@final
@dataclass(frozen=True)
class Split:
    """Cells taken apart."""

    state: Tensor  # (B, D) int64, -1 where not asked
    ordinary: Tensor  # (B, D) bool: the cell has a value


class Range(NamedTuple):
    """What an interval leaves of each cell: states first .. last, and values from low to high where ordinary."""

    first: Tensor  # (B, D) int64; for numbers at least 1, the ordinary state being treated apart
    last: Tensor  # (B, D) int64; first > last: none
    low: Tensor  # (B, D)
    high: Tensor

    @property
    def bounded(self) -> Tensor:
        """Which cells have an interval at all (B, D)."""
        return (self.low > -math.inf) | (self.high < math.inf)

    def take(self, rows: Tensor, column: int) -> "Range":
        """Some rows of one column, to be set against many others: (b, 1) each."""
        return Range(*(part[rows, column][:, None] for part in self))


@final
class Cells(nn.Module):
    """The states of every column of a space."""

    category: Tensor  # (D,) bool: the column is a choice only
    integer: Tensor  # (D,) bool: its values are counts
    real: Tensor  # which columns have real values
    count: Tensor  # which columns have counts
    top: Tensor  # (D,) the largest value
    sizes: Tensor  # (D,) how many states
    gone: Tensor  # (D,) the state of a missing cell, -1 where there is none
    atoms: Tensor  # (D, most) ascending, then NaN
    like: Tensor  # empty; follows `model.double()`: the dtype of what is drawn

    def __init__(self, space: Space, *, ordered: bool = False) -> None:
        """Levels are categories, or where `ordered` integers that have a top."""
        super().__init__()
        self.space = space
        columns, top = columns_of(space), math.inf
        if ordered and (levels := levels_of(space)) is not None:
            columns, top = tuple(Count(column.missing) for column in columns), levels - 1.0
        told = [_listed(column) for column in columns]
        widest = max((len(atoms) for _, atoms in told), default=0)
        self.width = len(columns)
        self.plain = all(isinstance(column, Real) and size == 1 for column, (size, _) in zip(columns, told))
        self._keep("category", [isinstance(column, Category) for column in columns])
        self._keep("integer", [isinstance(column, Count) for column in columns])
        self._keep("real", [d for d, column in enumerate(columns) if isinstance(column, Real)])
        self._keep("count", [d for d, column in enumerate(columns) if isinstance(column, Count)])
        self._keep("top", [top] * len(columns), torch.float64)
        self._keep("sizes", [size for size, _ in told])
        self._keep("gone", [size - 1 if column.missing else NOT_ASKED for column, (size, _) in zip(columns, told)])
        self._keep("atoms", [atoms + (math.nan,) * (widest - len(atoms)) for _, atoms in told], torch.float64)
        self._keep("like", [], torch.float32)

    def _keep(self, name: str, values: list, dtype: torch.dtype | None = None) -> None:
        whole = dtype or (torch.bool if values and isinstance(values[0], bool) else torch.int64)
        self.register_buffer(name, torch.tensor(values, dtype=whole), persistent=False)

    def flat(self, x: Tensor) -> Tensor:
        """(B, *shape) as (B, D) with NaN where missing."""
        cells = x.reshape(len(x), math.prod(x.shape[1:]))
        return cells if cells.is_floating_point() else cells.double().masked_fill(cells < 0, math.nan)

    def whole(self, cells: Tensor) -> Tensor:
        """(B, D) in the space's own shape and dtype."""
        if isinstance(self.space, Tokens):
            return cells.nan_to_num(-1.0).long()
        return cells.to(self.like.dtype).reshape(len(cells), *self.space.shape)

    def split(self, cells: Tensor, asked: Tensor | None = None) -> Split:
        """States and which cells have values; cells that are not asked, or NaN where that is no state, are -1."""
        absent = torch.isnan(cells)
        state = torch.where(self.category & ~absent, cells, 0.0).long()
        for place in range(self.atoms.shape[1]):
            state = torch.where(cells == self.atoms[:, place].to(cells.dtype), place + 1, state)
        state = torch.where(absent, self.gone, state)
        if asked is not None:
            state = torch.where(asked, state, NOT_ASKED)
        return Split(state, (state == 0) & ~self.category)

    def join(self, state: Tensor, value: Tensor) -> Tensor:
        """Cells from their states and, where ordinary, their values: (B, D)."""
        cells = torch.where(self.category, state.to(value.dtype), value)
        for place in range(self.atoms.shape[1]):
            chosen = (state == place + 1) & ~torch.isnan(self.atoms[:, place])
            cells = torch.where(chosen, self.atoms[:, place].to(value.dtype), cells)
        return cells.masked_fill(state == self.gone, math.nan)

    def told(self, x: Tensor, evidence: Evidence) -> tuple[Tensor, Tensor, Range]:
        """The evidence cell by cell: cells, which are known, and what is left of the others; (B, D) each."""
        cells, known = self.flat(x), evidence.known.reshape(len(x), -1)
        infinite = torch.full(known.shape, math.inf, dtype=torch.float64, device=known.device)
        low = -infinite if evidence.low is None else evidence.low.reshape(known.shape)
        high = infinite if evidence.high is None else evidence.high.reshape(known.shape)
        return cells, known, self.between(low, high)

    def anything(self, rows: int) -> Range:
        """No condition at all: every state, missing among them."""
        bound = torch.full((rows, self.width), math.inf, dtype=torch.float64, device=self.sizes.device)
        return Range((~self.category).long().expand(rows, -1), (self.sizes - 1).expand(rows, -1), -bound, bound)

    def between(self, low: Tensor, high: Tensor) -> Range:
        """Present, and from low to high (both in)."""
        low, high = low.double(), high.double()
        present = self.sizes - 1 - (self.gone >= 0).long()
        lowest, highest = low.clamp(-1, 2.0**40).ceil().long(), high.clamp(-1, 2.0**40).floor().long()
        below = sum((self.atoms[:, a] < low).long() for a in range(self.atoms.shape[1]))
        upto = sum((self.atoms[:, a] <= high).long() for a in range(self.atoms.shape[1]))
        first = torch.where(self.category, torch.minimum(lowest.clamp(min=0), self.sizes), 1 + below)
        last = torch.where(self.category, torch.minimum(highest, present), torch.zeros_like(highest) + upto)
        return Range(first, last, low, high)


@final
class Classes(nn.Module):
    """A condition of categorical columns as one class out of K; no condition is one class."""

    digits: Tensor  # (K, columns): the codes of each class

    def __init__(self, condition: Space | None, family: str) -> None:
        super().__init__()
        columns = condition.columns if isinstance(condition, Vector) else () if condition is None else (None,)
        sizes = [column.k for column in columns if isinstance(column, Category)]
        if len(sizes) < len(columns):
            raise ConditionError(
                f"{family} is conditioned on classes only",
                expected="categorical columns as condition",
                remedy="fit without this condition and give its columns to `sample(given=...)`, or another family",
            )
        self.sizes, self.K = tuple(sizes), math.prod(sizes)
        if self.K > MOST_CLASSES:
            raise ConditionError(f"{family} counts every class apart; {self.K} are too many", expected="10,000 at most")
        digits = torch.cartesian_prod(*(torch.arange(k) for k in sizes)) if sizes else torch.zeros(1, 0)
        self.register_buffer("digits", digits.reshape(self.K, len(sizes)).long(), persistent=False)

    def index(self, c: Tensor | None, rows: int) -> Tensor:
        """The class of each row (B,), -1 where a column of the condition is missing."""
        if c is None or not self.sizes:
            return torch.full((rows,), NOT_ASKED if self.sizes else 0, device=self.digits.device)
        index = torch.zeros(rows, dtype=torch.int64, device=c.device)
        for place, k in enumerate(self.sizes):
            index = index * k + c[:, place].nan_to_num(0.0).long()
        return index.masked_fill(torch.isnan(c).any(1), NOT_ASKED)

    def log_law(self, c: Tensor | None, rows: int, log_prior: Tensor) -> Tensor:
        """log p(class | what c says): (B, K); all of the prior where c is missing."""
        if c is None or not self.sizes:
            return log_prior.expand(rows, -1)
        fits = ((self.digits == c[:, None]) | torch.isnan(c)[:, None]).all(2)
        return torch.where(fits, log_prior, -math.inf).log_softmax(1)


def classes_told(condition: Space | None, most: int, family: str) -> Classes | None:
    """The classes that a condition says, where it says classes and at most so many; no condition is one."""
    columns = condition.columns if isinstance(condition, Vector) else ()
    sizes = [column.k for column in columns if isinstance(column, Category)]
    if condition is not None and (not sizes or len(sizes) < len(columns) or math.prod(sizes) > most):
        return None
    return Classes(condition, family)


def draw_class(log_weights: Tensor, *, rng: Rng) -> Tensor:
    """One index per row (B,) from log-weights (B, K), not normalised; where all are impossible, any."""
    possible = torch.isfinite(log_weights).any(1, keepdim=True)
    return rng.categorical(torch.where(possible, log_weights, 0.0))
