"""What each column of a table is: inferred from the data, shown to the person, overridable by a JSON file."""

from dataclasses import dataclass
from typing import Literal

from likely.errors import WrongRows

Kind = Literal["real", "count", "category", "boolean", "date", "id", "constant", "text"]
Level = str | int | float | bool


@dataclass(frozen=True)
class ColumnSchema:
    """One column as the person's file has it.

    In a `Table` the frame's column has exactly this dtype, and a missing cell is pandas' own missing value. Dates that
    were read from text stay text, with their format here; "str" is the dtype of text in every version of pandas.
    """

    name: str
    kind: Kind
    dtype: str  # the pandas dtype to give back
    missing: bool = False  # some cells are missing
    missing_as: str = ""  # how a missing cell was written: "", "?", "NA"
    levels: tuple[Level, ...] = ()  # the categories, in their own type
    ordered: bool = False
    decimals: int | None = None  # reals recorded to this many decimals
    atoms: tuple[float, ...] = ()  # values that carry mass of their own (capital-gain = 0)
    transform: Literal["auto", "standard", "log", "quantile"] = "auto"
    low: float | None = None  # hard limits, where the person states them
    high: float | None = None
    date_format: str = ""  # strftime format of dates read from text
    pattern: str = ""  # ids: new ones are pattern.format(1), pattern.format(2), ...: "N{}A1", "C{:05d}"
    value: Level | None = None  # constants: the one value
    why: str = ""  # one clause that says why the kind was chosen
    missing_at_random: bool = False  # which cells are missing says nothing of a row: they are left out, not modelled


@dataclass(frozen=True)
class Constraint:
    """A relation between columns that every row keeps, and every sample too: `a <= b`, `c = a + b`."""

    kind: Literal["order", "formula"]
    columns: tuple[str, ...]  # order: ascending; formula: the first is computed from the others
    formula: str = ""  # e.g. "a + b", "total - a": sums and differences with constant factors


@dataclass(frozen=True)
class TextFile:
    """How a text table is written, so that samples can be written the same way."""

    delimiter: str = ","  # " " stands for any run of spaces, "" for one column of whole lines
    header: bool = True
    encoding: str = "utf-8"
    decimal: str = "."
    quoted: bool = True  # a cell may stand in double quotes


@dataclass(frozen=True)
class Schema:
    """The columns in file order, and the relations between them."""

    columns: tuple[ColumnSchema, ...]
    constraints: tuple[Constraint, ...] = ()
    group: str | None = None  # rows with one value here stay on one side of every split
    file: TextFile | None = None  # where the rows came from a text table
    notes: tuple[str, ...] = ()  # what the reader assumed and the person should know

    def __getitem__(self, name: str) -> ColumnSchema:
        for column in self.columns:
            if column.name == name:
                return column
        raise WrongRows(f"there is no column '{name}'", expected="one of " + ", ".join(self.names))

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    def only(self, names: "tuple[str, ...] | list[str]") -> "Schema":
        """The schema of these columns alone; a constraint stays where all of its columns do."""
        kept = tuple(rule for rule in self.constraints if set(rule.columns) <= set(names))
        group = self.group if self.group in names else None
        return Schema(tuple(self[name] for name in names), kept, group, self.file, self.notes)
