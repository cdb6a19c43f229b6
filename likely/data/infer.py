"""A frame's schema: what each column is, with what the person declares taking precedence."""

# pandas' own types are unions that no check narrows
# pyright: reportArgumentType=false, reportReturnType=false, reportAttributeAccessIssue=false

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from likely.data.column import (
    LEVELS,
    Guess,
    atoms_of,
    decimals_of,
    guess_numbers,
    guess_text,
    numbers,
    plain_levels,
)
from likely.data.conform import conformed, dtype_name, with_columns
from likely.data.date import date_format, parsed_dates
from likely.data.declaration import Declaration
from likely.data.identifier import code_pattern
from likely.data.layout import unique_names
from likely.data.missing import is_text
from likely.data.schema import ColumnSchema, Schema, TextFile
from likely.errors import EmptyData, WrongRows
from likely.suggestion import shown

Series = pd.Series


def infer(
    frame: "pd.DataFrame",
    declared: Declaration | None = None,
    *,
    missing_as: Mapping[str, str] | None = None,
    file: TextFile | None = None,
    notes: tuple[str, ...] = (),
) -> tuple["pd.DataFrame", Schema]:
    """The frame as a `Table` holds it, and its schema."""
    said, markers = declared or Declaration(), missing_as or {}
    frame = _named(frame)
    said.check(tuple(frame.columns))
    changed: dict[str, Series] = {}
    schemas: list[ColumnSchema] = []
    for name in frame.columns:
        stated = dict(said.columns.get(name, {}))
        if name == said.group:
            stated.setdefault("kind", "id")
        if said.missing_at_random:
            stated.setdefault("missing_at_random", True)
        column = conformed(given := frame[name], name, stated)
        if column is not given:
            changed[name] = column
        schemas.append(column_schema(column, name, stated, markers.get(name, "")))
    kept = tuple(rule for rule in said.constraints if set(rule.columns) <= set(frame.columns))
    group = said.group if said.group in frame.columns else None
    return with_columns(frame, changed), Schema(tuple(schemas), kept, group, file, notes)


def column_schema(column: Series, name: str, stated: Mapping[str, Any], missing_as: str = "") -> ColumnSchema:
    """What one column is; stated fields stand as they are."""
    kind, why = (stated["kind"], "declared") if "kind" in stated else guess(column, name)
    missing = bool(column.isna().any())
    plain = ColumnSchema(name, kind, dtype_name(column), missing, missing_as, why=why)
    whole = "kind" in stated and "levels" in stated  # a fitted schema: there is nothing to infer
    facts = {"missing": missing or stated.get("missing", False), "dtype": dtype_name(column)}
    if kind not in ("category", "boolean"):
        facts["levels"] = ()  # left behind by a person who changed the kind alone
    described = plain if whole else _described(column, plain)
    return _readable(replace(described, **dict(stated) | facts), column)  # facts stand, whatever was stated


def _readable(schema: ColumnSchema, column: Series) -> ColumnSchema:
    """Dates of text must have their format."""
    if schema.kind != "date" or not is_text(column):
        return schema
    dates = parsed_dates(column, schema.date_format) if schema.date_format else column.mask(column.notna())
    unread = np.flatnonzero((dates.isna() & column.notna()).to_numpy())
    if not len(unread):
        return schema
    what = f"column '{schema.name}', row {unread[0] + 1}: '{column.iloc[unread[0]]}' is not a date"
    written = f" written {schema.date_format}" if schema.date_format else " in a known format"
    raise WrongRows(
        f"{what}{written}", expected="dates or missing cells", remedy='{"date_format": "%d.%m.%Y"} in a schema'
    )


def guess(column: Series, name: str) -> Guess:
    """The kind of a column, and why."""
    present = int(column.notna().sum())
    if present == 0:
        return "constant", "every cell is missing"
    if isinstance(column.dtype, pd.CategoricalDtype):
        return "category", "a categorical column"
    distinct = len(column.dropna().head(1000).unique())
    if distinct == 1 and len(column) > 1 and column.nunique() == 1:
        return _guess_single(column, present)
    if pd.api.types.is_bool_dtype(column.dtype):
        return "boolean", "true or false"
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return "date", "a column of dates"
    if pd.api.types.is_numeric_dtype(column.dtype):
        return guess_numbers(numbers(name, column))
    return guess_text(name, column)


def _guess_single(column: Series, present: int) -> Guess:
    if present == len(column):
        return "constant", "every cell is the same"
    return ("boolean" if pd.api.types.is_bool_dtype(column.dtype) else "category"), "one value, or missing"


def _described(column: Series, plain: ColumnSchema) -> ColumnSchema:
    """The details of a kind."""
    kinds = {
        "real": _real,
        "count": _count,
        "category": _category,
        "boolean": _boolean,
        "date": _date,
        "id": _identifier,
        "constant": _constant,
    }
    return kinds[plain.kind](column, plain) if plain.kind in kinds else plain


def _real(column: Series, plain: ColumnSchema) -> ColumnSchema:
    seen = numbers(plain.name, column)
    if not len(seen.values):
        return plain
    return replace(plain, decimals=decimals_of(seen, column.dtype), atoms=atoms_of(seen))


def _count(column: Series, plain: ColumnSchema) -> ColumnSchema:
    values = numbers(plain.name, column).values
    wrong = values[(values < 0) | (values != np.floor(values))]
    if len(wrong):
        what = f"column '{plain.name}' is declared a count, but holds {wrong[0]:g}"
        raise WrongRows(what, expected="whole numbers from 0", remedy='{"kind": "real"}')
    return replace(plain, decimals=0)


def _category(column: Series, plain: ColumnSchema) -> ColumnSchema:
    if isinstance(column.dtype, pd.CategoricalDtype):
        levels = tuple(plain_level(level) for level in column.cat.categories)
        return replace(plain, levels=levels, ordered=bool(column.cat.ordered))
    levels = tuple(plain_levels(column))
    if len(levels) > 10 * LEVELS:
        what = f"column '{plain.name}' has {len(levels)} different values"
        raise WrongRows(what, expected=f"at most {10 * LEVELS} categories", remedy='{"kind": "text"} leaves it out')
    number = pd.api.types.is_numeric_dtype(column.dtype) and not pd.api.types.is_bool_dtype(column.dtype)
    return replace(plain, levels=levels, ordered=number and len(levels) > 2)


def _boolean(column: Series, plain: ColumnSchema) -> ColumnSchema:
    if pd.api.types.is_bool_dtype(column.dtype):
        return replace(plain, levels=(False, True))
    levels = tuple(plain_levels(column))
    if len(levels) > 2:
        what = f"column '{plain.name}' is declared boolean, but holds {shown(map(str, levels))}"
        raise WrongRows(what, expected="two values", remedy='{"kind": "category"}')
    return replace(plain, levels=levels)


def _date(column: Series, plain: ColumnSchema) -> ColumnSchema:
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return plain
    if pd.api.types.is_numeric_dtype(column.dtype):
        return replace(plain, date_format="%Y%m%d")
    found = date_format(column)
    return plain if found is None else replace(plain, date_format=found[0])


def _identifier(column: Series, plain: ColumnSchema) -> ColumnSchema:
    if pd.api.types.is_numeric_dtype(column.dtype):
        return replace(plain, pattern="{}")
    codes = [str(each) for each in column.dropna().head(2000)]
    return replace(plain, pattern=(code_pattern(codes) if codes else "") or f"{plain.name}-{{}}")


def _constant(column: Series, plain: ColumnSchema) -> ColumnSchema:
    present = column.dropna()
    return replace(plain, value=plain_level(present.iloc[0]) if len(present) else None)


def plain_level(value: Any) -> str | int | float | bool:
    """A cell as a plain Python value."""
    plain = value.item() if isinstance(value, np.generic) else value
    return plain if isinstance(plain, str | int | float | bool) else str(plain)


def _named(frame: "pd.DataFrame") -> "pd.DataFrame":
    """The frame with names that are texts, each there once, and rows numbered from 0."""
    if isinstance(frame.columns, pd.MultiIndex):
        raise WrongRows("the columns have more than one level of names", expected="one name for each column")
    if not len(frame.columns):
        raise EmptyData("the table has no columns")
    if not len(frame):
        raise EmptyData(f"the table has no rows, only the columns {shown(map(str, frame.columns))}")
    names = unique_names(tuple(str(name) for name in frame.columns), "the table")
    plain = frame.reset_index(drop=True)
    plain.columns = pd.Index(names)
    return plain
