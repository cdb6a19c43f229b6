"""Making a column what a schema says it is: its dtype, and numbers where words stand for them."""

# pandas' own types are unions that no check narrows
# pyright: reportArgumentType=false, reportReturnType=false, reportAttributeAccessIssue=false

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from likely.data.missing import TEXT, as_text, is_text
from likely.errors import WrongRows

EXACT = 2.0**53  # beyond this float64 skips whole numbers
Series = pd.Series


def conformed(column: Series, name: str, stated: Mapping[str, Any]) -> Series:
    """The column as its declared kind needs it, in its declared dtype."""
    column = _plain_column(column, name)
    word = stated.get("missing_as", "")
    if word and is_text(column):
        column = column.mask(column == word)
    if stated.get("kind") in ("real", "count") and not _numeric(column):
        column = to_numbers(column, name)
    return restored(column, stated["dtype"], name) if "dtype" in stated else column


def restored(column: Series, dtype: str, name: str = "", first: int = 0) -> Series:
    """The column in this dtype, whatever the version of pandas; missing cells stay missing.

    `first` is the number of rows before this piece, for errors.
    """
    if dtype == dtype_name(column):
        return column
    if dtype == "str":
        return as_text(column)
    kind = pd.api.types.pandas_dtype(dtype)
    if pd.api.types.is_bool_dtype(kind) and is_text(column):
        column = column.map({"True": True, "true": True, "False": False, "false": False}).astype("boolean")
    if pd.api.types.is_numeric_dtype(kind) and is_text(column):
        column = to_numbers(column, name, first)
    if pd.api.types.is_integer_dtype(kind) and pd.api.types.is_float_dtype(column.dtype) and not _all_whole(column):
        return column  # rounding would change the data: what reads the column says what it thinks of fractions
    if pd.api.types.is_integer_dtype(kind) or pd.api.types.is_bool_dtype(kind):
        dtype = nullable(dtype) if column.isna().any() else dtype
    try:
        return column.astype(dtype)  # pyright: ignore[reportArgumentType, reportCallIssue]
    except (TypeError, ValueError) as error:
        raise WrongRows(
            f"column '{name}' cannot be read as {dtype}: {error}", expected=f"cells of type {dtype}"
        ) from error


def _all_whole(column: Series) -> bool:
    present = column.dropna().to_numpy(dtype=np.float64)
    return bool((present == np.floor(present)).all())


def nullable(dtype: str) -> str:
    """int64 with missing cells is Int64, bool is boolean."""
    return {"bool": "boolean"}.get(
        dtype, dtype.replace("uint", "UInt").replace("int", "Int") if "I" not in dtype else dtype
    )


def _numeric(column: Series) -> bool:
    return pd.api.types.is_numeric_dtype(column.dtype) and not pd.api.types.is_bool_dtype(column.dtype)


def with_columns(frame: "pd.DataFrame", changed: Mapping[str, Series]) -> "pd.DataFrame":
    """The frame with some columns replaced; the others are not copied."""
    return frame.assign(**changed) if changed else frame  # type: ignore[arg-type]


def to_numbers(column: Series, name: str, first: int = 0) -> Series:
    """A column of text as numbers; an error names the first cell that is none."""
    parsed = pd.to_numeric(column, errors="coerce")
    wrong = parsed.isna() & column.notna()
    if wrong.any():
        row = int(np.flatnonzero(wrong.to_numpy())[0])
        where, others = f"column '{name}', row {first + row + 1}", f"{int(wrong.sum())} such cells"
        what = f"{where}: '{column.iloc[row]}' is not a number ({others})"
        raise WrongRows(what, expected="a number or a missing cell", remedy="mend the cells or leave them empty")
    return exact(column, parsed)


def exact(column: Series, parsed: Series) -> Series:
    """Numbers parsed from text, the whole ones to their last digit; as text where 64 bits do not hold them."""
    present = parsed.dropna()
    if not len(present) or not column[parsed.notna()].str.match(r"^[+-]?\d+$").all():
        return parsed
    low, high = float(present.min()), float(present.max())
    if max(-low, high) >= EXACT:
        return _long(column, parsed.notna())
    return parsed.astype("Int64") if parsed.isna().any() else parsed.astype("int64")


def _long(column: Series, there: Series) -> Series:
    values = [int(cell) for cell in column[there]]
    signed = min(values) >= -(2**63) and max(values) < 2**63
    if not signed and (min(values) < 0 or max(values) >= 2**64):
        return column
    whole = pd.Series(pd.NA, index=column.index, dtype="Int64" if signed else "UInt64")
    whole[there] = pd.array(values, dtype=whole.dtype)
    return whole.astype(str(whole.dtype).lower()) if there.all() else whole


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


def dtype_name(column: Series) -> str:
    """The dtype to give back; text is 'str' in every version of pandas."""
    return "str" if is_text(column) and str(column.dtype) == TEXT else str(column.dtype)
