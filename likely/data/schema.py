"""What each column of a table is: inferred from the data, shown to the person, overridable by a JSON file."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["real", "count", "category", "boolean", "date", "id", "constant", "text"]


@dataclass(frozen=True)
class ColumnSchema:
    """One column as the person's file has it."""

    name: str
    kind: Kind
    dtype: str  # the pandas dtype to give back
    missing: bool = False  # some cells are missing
    missing_as: str = ""  # how a missing cell was written: "", "?", "NA"
    levels: tuple[str | int | float | bool, ...] = ()  # the categories, in their own type
    ordered: bool = False
    decimals: int | None = None  # reals recorded to this many decimals
    atoms: tuple[float, ...] = ()  # values that carry mass of their own (capital-gain = 0)
    transform: Literal["auto", "standard", "log", "quantile"] = "auto"
    low: float | None = None  # hard limits, where the person states them
    high: float | None = None
    date_format: str = ""  # strftime format of dates read from text
    pattern: str = ""  # ids: how new ones are made, "N{}A1"
    value: str | int | float | bool | None = None  # constants: the one value
    why: str = ""  # one clause that says why the kind was chosen


@dataclass(frozen=True)
class Constraint:
    """A relation between columns that every row keeps, and every sample too: `a <= b`, `c = a + b`."""

    kind: Literal["order", "formula"]
    columns: tuple[str, ...]  # order: ascending; formula: the first is computed from the others
    formula: str = ""  # e.g. "a + b", "total - a": sums and differences with constant factors


@dataclass(frozen=True)
class Schema:
    """The columns in file order, and the relations between them."""

    columns: tuple[ColumnSchema, ...]
    constraints: tuple[Constraint, ...] = ()
    group: str | None = None  # rows with one value here stay on one side of every split

    def __getitem__(self, name: str) -> ColumnSchema:
        return next(column for column in self.columns if column.name == name)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)
