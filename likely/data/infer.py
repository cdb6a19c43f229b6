"""A frame's schema: what each column is, with what the person declares taking precedence."""

# pandas' own types are unions that no check narrows
# pyright: reportArgumentType=false, reportReturnType=false, reportAttributeAccessIssue=false

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from likely.data.column import (
    EXACT,
    LEVELS,
    Guess,
    Numbers,
    atoms_of,
    decimals_of,
    guess_numbers,
    guess_text,
    numbers,
    plain_levels,
)
from likely.data.date import date_format
from likely.data.declaration import Declaration
from likely.data.identifier import code_pattern
from likely.data.missing import TEXT, as_text, is_text
from likely.data.schema import ColumnSchema, Kind, Schema, TextFile
from likely.data.suggestion import shown
from likely.data.text_table import unique_names
from likely.errors import EmptyData, WrongRows

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
    columns: dict[str, Series] = {}
    schemas: list[ColumnSchema] = []
    for name in frame.columns:
        stated = dict(said.columns.get(name, {}))
        if name == said.group:
            stated.setdefault("kind", "id")
        column = conformed(frame[name], name, stated)
        columns[name] = column
        schemas.append(column_schema(column, name, stated, markers.get(name, "")))
    kept = tuple(rule for rule in said.constraints if set(rule.columns) <= set(columns))
    group = said.group if said.group in columns else None
    return pd.DataFrame(columns), Schema(tuple(schemas), kept, group, file, notes)


def column_schema(column: Series, name: str, stated: Mapping[str, Any], missing_as: str = "") -> ColumnSchema:
    """What one column is; stated fields stand as they are."""
    kind, why = (stated["kind"], "declared") if "kind" in stated else guess(column, name)
    missing = bool(column.isna().any())
    plain = ColumnSchema(name, kind, dtype_name(column), missing, missing_as, why=why)
    described = plain if "kind" in stated and "levels" in stated else _described(column, plain)
    return replace(
        described, **{key: value for key, value in stated.items() if key != "kind"} | _still(missing, stated)
    )


def _still(missing: bool, stated: Mapping[str, Any]) -> dict[str, Any]:
    """A column that has missing cells can be missing, whatever was stated."""
    return {"missing": missing or stated["missing"]} if "missing" in stated else {}


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


def dtype_name(column: Series) -> str:
    """The dtype to give back; text is 'str' in every version of pandas."""
    return "str" if is_text(column) and str(column.dtype) == TEXT else str(column.dtype)


# Making a column what it is declared to be ----------------------------------------------------------------------------


def conformed(column: Series, name: str, stated: Mapping[str, Any]) -> Series:
    """The column as its declared kind needs it, in its declared dtype."""
    column = _plain_column(column, name)
    word = stated.get("missing_as", "")
    if word and is_text(column):
        column = column.mask(column == word)
    if stated.get("kind") in ("real", "count") and not _numeric(column):
        column = to_numbers(column, name)
    return restored(column, stated["dtype"], name) if "dtype" in stated else column


def restored(column: Series, dtype: str, name: str = "") -> Series:
    """The column in this dtype, whatever the version of pandas; missing cells stay missing."""
    if dtype == dtype_name(column):
        return column
    if dtype == "str":
        return as_text(column)
    kind = pd.api.types.pandas_dtype(dtype)
    if pd.api.types.is_bool_dtype(kind) and is_text(column):
        column = column.map({"True": True, "true": True, "False": False, "false": False}).astype("boolean")
    if pd.api.types.is_numeric_dtype(kind) and is_text(column):
        column = to_numbers(column, name)
    if pd.api.types.is_integer_dtype(kind) or pd.api.types.is_bool_dtype(kind):
        dtype = _nullable(dtype) if column.isna().any() else dtype
    try:
        return column.astype(dtype)  # pyright: ignore[reportArgumentType, reportCallIssue]
    except (TypeError, ValueError) as error:
        raise WrongRows(
            f"column '{name}' cannot be read as {dtype}: {error}", expected=f"cells of type {dtype}"
        ) from error


def _nullable(dtype: str) -> str:
    """int64 with missing cells is Int64, bool is boolean."""
    return {"bool": "boolean"}.get(
        dtype, dtype.replace("uint", "UInt").replace("int", "Int") if "I" not in dtype else dtype
    )


def _numeric(column: Series) -> bool:
    return pd.api.types.is_numeric_dtype(column.dtype) and not pd.api.types.is_bool_dtype(column.dtype)


def to_numbers(column: Series, name: str) -> Series:
    """A column of text as numbers; an error names the first cell that is none."""
    parsed = pd.to_numeric(column, errors="coerce")
    wrong = parsed.isna() & column.notna()
    if wrong.any():
        row = int(np.flatnonzero(wrong.to_numpy())[0])
        what = f"column '{name}', row {row + 1}: '{column.iloc[row]}' is not a number ({int(wrong.sum())} such cells)"
        raise WrongRows(what, expected="a number or a missing cell", remedy="mend the cells or leave them empty")
    return parsed


def _plain_column(column: Series, name: str) -> Series:
    """Kinds of pandas columns that nothing below needs to know: objects, dates of datetime, durations, Decimals."""
    if pd.api.types.is_complex_dtype(column.dtype) or pd.api.types.is_timedelta64_dtype(column.dtype):
        raise WrongRows(
            f"column '{name}' has dtype {column.dtype}", expected="real numbers", remedy="convert it to floats"
        )
    if isinstance(column.dtype, pd.CategoricalDtype | pd.DatetimeTZDtype) or not pd.api.types.is_object_dtype(
        column.dtype
    ):
        return column
    held = pd.api.types.infer_dtype(column, skipna=True)
    if held in ("string", "empty"):
        return column
    if held in ("integer", "floating", "mixed-integer-float", "decimal"):
        return pd.to_numeric(column.astype("float64") if held == "decimal" else column)
    if held == "boolean":
        return column.astype("boolean")
    if held in ("date", "datetime", "datetime64"):
        return pd.to_datetime(column)
    if all(isinstance(each, str | int | float | bool) for each in column.dropna()):
        return as_text(column)
    what = f"column '{name}' holds {type(column.dropna().iloc[0]).__name__} objects"
    raise WrongRows(what, expected="numbers, texts, truth values or dates", remedy="drop the column or convert it")


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


__all__ = ["EXACT", "Kind", "Numbers", "column_schema", "conformed", "guess", "infer", "restored"]
