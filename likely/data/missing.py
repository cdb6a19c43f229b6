"""How a missing cell is written."""

# pandas' own types are unions that no check narrows
# pyright: reportAttributeAccessIssue=false

import pandas as pd

MARKERS = ("", "NA", "N/A", "n/a", "#N/A", "<NA>", "NaN", "nan", "-NaN", "null", "NULL", "Null", "None", "?")

# In a column of numbers or dates these words can only mean that the cell is missing; among categories they are levels.
NUMERIC_MARKERS = frozenset(
    [
        "-",
        "--",
        "---",
        ".",
        "..",
        "*",
        "na",
        "Na",
        "n.a.",
        "N.A.",
        "none",
        "NONE",
        "nil",
        "missing",
        "Missing",
        "MISSING",
        "unknown",
        "Unknown",
        "UNKNOWN",
        "nd",
        "ND",
        "#VALUE!",
        "#REF!",
        "#DIV/0!",
        "#NUM!",
        "1.#QNAN",
    ]
)


def is_text(column: "pd.Series") -> bool:
    """Strings, in pandas 2 (object) and 3 (str) alike."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        return False
    if pd.api.types.is_object_dtype(column.dtype):
        return pd.api.types.infer_dtype(column, skipna=True) in ("string", "empty")
    return pd.api.types.is_string_dtype(column.dtype)


def as_text(column: "pd.Series") -> "pd.Series":
    """The column as strings, its missing cells still missing (pandas 2 would write 'nan')."""
    if is_text(column):
        return column if str(column.dtype) == TEXT else column.astype(TEXT)
    there = column.notna()
    text = pd.Series([None] * len(column), index=column.index, dtype=TEXT)
    text[there] = column[there].map(str).astype(TEXT)
    return text


BEFORE_3 = int(pd.__version__.split(".")[0]) < 3
TEXT = "object" if BEFORE_3 else "str"  # the dtype that strings are read as
EXACTLY = {"float_precision": "round_trip"} if BEFORE_3 else {}  # pandas 3 reads floats to the last bit by itself
