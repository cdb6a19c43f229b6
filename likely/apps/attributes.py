"""What is said of rows, as numbers: which attributes there are, and which of them a person wants changed."""

# pandas' own types are unions that no check narrows
# pyright: reportArgumentType=false, reportCallIssue=false, reportAttributeAccessIssue=false

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from likely.apps.labelled import key_of
from likely.data import Table
from likely.data.schema import ColumnSchema
from likely.errors import FieldError, WrongRows
from likely.suggestion import meant, shown

Array = np.ndarray[Any, Any]
LEFT_OUT = ("id", "text", "date")
MOST = 50  # different values that an attribute may have, unless they are numbers
YES, NO = ("1", "true", "yes", "y", "on", "t"), ("0", "-1", "false", "no", "n", "off", "f")
MISSING = -1.0  # of a category, which is a value like any other; a missing number is NaN


@dataclass(frozen=True)
class Attribute:
    """One column that says something of every row: a category by its places among the levels, or a number."""

    name: str
    levels: tuple[Any, ...]  # in their own type; none of numbers
    typical: float = 0.0  # of a number, to show how one is asked for

    @property
    def numeric(self) -> bool:
        return not self.levels

    @property
    def keys(self) -> list[str]:
        return [key_of(level) for level in self.levels]

    @property
    def example(self) -> str:
        """A value that can be asked for."""
        return f"{float(f'{self.typical:.3g}'):g}" if self.numeric else self.keys[-1]

    @property
    def truth(self) -> int | None:
        """Which of two levels says yes, where one does."""
        keys = [key.casefold() for key in self.keys]
        yes = [at for at, key in enumerate(keys) if key in YES]
        return yes[0] if len(keys) == 2 and len(yes) == 1 and keys[1 - yes[0]] in NO else None

    def coded(self, cells: pd.Series) -> Array:
        """Cells as numbers; what was never seen counts as missing."""
        if self.numeric:
            return pd.to_numeric(cells, errors="coerce").to_numpy(np.float64, na_value=np.nan)
        places = {key: float(at) for at, key in enumerate(self.keys)}
        return np.array([MISSING if pd.isna(cell) else places.get(key_of(cell), MISSING) for cell in cells])

    def told(self, value: float) -> Any:
        """A number's value, or a category's level; None where it is missing."""
        if self.numeric:
            return None if np.isnan(value) else float(value)
        return None if value < 0 else self.levels[int(value)]


def attributes_of(labels: Table | None) -> dict[str, Attribute]:
    """Every column that tells rows apart by a number or by a few categories."""
    found = {}
    for column in () if labels is None else labels.schema.columns:
        cells = labels.frame[column.name] if labels is not None and column.name in labels.frame else None
        if cells is None or column.kind in LEFT_OUT or (made := _attribute(column, cells)) is None:
            continue
        found[column.name] = made
    return found


def _attribute(column: ColumnSchema, cells: pd.Series) -> Attribute | None:
    present = cells.dropna()
    if column.kind in ("real", "count"):
        if present.nunique() < 2:
            return None
        typical = pd.to_numeric(present, errors="coerce").quantile(0.5, interpolation="lower")
        return Attribute(column.name, (), float(typical))
    seen = {key_of(cell): cell for cell in present.unique()}
    levels = tuple(seen[key] for key in sorted(seen, key=lambda key: (len(key) if key.isdigit() else 0, key)))
    return Attribute(column.name, levels) if 1 < len(levels) <= MOST else None


def coded_cells(attributes: Mapping[str, Attribute], labels: Table | None, rows: int) -> Array:
    """(rows, K): every attribute of every row; missing where nothing is said."""
    frame = pd.DataFrame(index=range(rows)) if labels is None else labels.frame
    blank = {True: np.nan, False: MISSING}
    columns = [
        each.coded(frame[each.name]) if each.name in frame else np.full(rows, blank[each.numeric])
        for each in attributes.values()
    ]
    return np.stack(columns, 1) if columns else np.zeros((rows, 0))


# What is wanted ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Wish:
    """What one attribute shall become: a value, or anything but some."""

    name: str
    value: float | None = None
    without: tuple[int, ...] = ()


def wishes_of(
    add: Sequence[str], remove: Sequence[str], attributes: Mapping[str, Attribute], labels: Table | None
) -> list[Wish]:
    """`--add glasses`, `--add shape=square`, `--add age=40`, `--remove colour=red` as wishes, one an attribute."""
    if not add and not remove:
        raise FieldError("nothing is to change", expected="--add or --remove", remedy=_known(attributes))
    wishes: dict[str, Wish] = {}
    for said in add:
        name, value = _read(said, attributes, labels, wanted=True)
        if wishes.get(name, Wish(name, value)).value != value:
            raise FieldError(f"'{name}' cannot become two things", expected="one --add for each attribute")
        wishes[name] = Wish(name, value)
    for said in remove:
        name, value = _read(said, attributes, labels, wanted=False)
        before = wishes.get(name, Wish(name))
        if before.value == value:
            raise FieldError(f"'{said}' is both added and removed", expected="one of them")
        wishes[name] = before if before.value is not None else Wish(name, None, (*before.without, int(value)))
    return list(wishes.values())


def _read(said: str, attributes: Mapping[str, Attribute], labels: Table | None, *, wanted: bool) -> tuple[str, float]:
    """An attribute and its value, from `name=value`, the name of a yes-or-no, or a value that only one has."""
    name, equals, value = (part.strip() for part in said.partition("="))
    if not equals and name not in attributes:
        owners = [each.name for each in attributes.values() if name in each.keys]
        if len(owners) == 1:
            name, equals, value = owners[0], "=", name
    attribute = _named(name, attributes, labels)
    if not equals:
        return name, _truth(attribute, said)
    if attribute.numeric:
        return name, _number(attribute, value, wanted=wanted)
    return name, _level(attribute, value)


def _named(name: str, attributes: Mapping[str, Attribute], labels: Table | None) -> Attribute:
    if name in attributes:
        return attributes[name]
    if labels is None:
        raise WrongRows(f"nothing is said of the rows, so that '{name}' is unknown", expected="labelled rows",
                        remedy="class folders or a metadata.csv with the pictures, or --labels TABLE")  # fmt: skip
    if name not in labels.schema.names:
        values = [f"{each.name}={key}" for each in attributes.values() for key in each.keys]
        remedy = meant(name, [*attributes, *values], _known(attributes))
        raise WrongRows(f"there is no attribute '{name}'", expected=_listed(attributes), remedy=remedy)
    present = labels.frame[name].dropna().unique()
    if len(present) < 2:
        what = f"'{name}' is {shown(map(str, present)) or 'missing'} in every row: nothing tells it from anything else"
        raise WrongRows(what, expected="rows of at least two kinds", remedy=_known(attributes))
    kind, most = labels.schema[name].kind, f"a number, or at most {MOST} categories"
    raise WrongRows(f"'{name}' is {kind} with {len(present)} values", expected=most, remedy=_known(attributes))


def _truth(attribute: Attribute, said: str) -> float:
    """Yes; of what is to go, it is what goes."""
    if attribute.truth is None:
        some = attribute.example
        raise FieldError(f"'{said}' does not say which {attribute.name}", expected=_values(attribute),
                         remedy=f"{attribute.name}={some}")  # fmt: skip
    return float(attribute.truth)


def _number(attribute: Attribute, value: str, *, wanted: bool) -> float:
    try:
        number = float(value)
    except ValueError:
        number = np.nan
    if not wanted or not np.isfinite(number):
        what = f"'{attribute.name}' is a number: it cannot {'become' if wanted else 'lose'} '{value}'"
        raise FieldError(what, expected=f"--add {attribute.name}={attribute.example}, for example")
    return number


def _level(attribute: Attribute, value: str) -> float:
    keys = attribute.keys
    alike = [at for at, key in enumerate(keys) if key.casefold() == value.casefold()]
    if value in keys or len(alike) == 1:
        return float(keys.index(value) if value in keys else alike[0])
    if attribute.truth is not None and value.casefold() in (*YES, *NO):
        return float(attribute.truth if value.casefold() in YES else 1 - attribute.truth)
    raise WrongRows(f"no row has {attribute.name} '{value}'", expected=_values(attribute), remedy=meant(value, keys))


def _values(attribute: Attribute) -> str:
    return "a number" if attribute.numeric else f"one of {shown(attribute.keys, most=20)}"


def _listed(attributes: Mapping[str, Attribute]) -> str:
    return f"one of {shown(attributes, most=20)}" if attributes else "rows with attributes that vary"


def _known(attributes: Mapping[str, Attribute]) -> str:
    """What there is to ask for, with some values."""
    told = [f"{each.name}={each.example}" for each in attributes.values()]
    return f"for example {', '.join(told[:4])}" if told else "class folders, metadata.csv or --labels TABLE"
