"""Cells as a text table writes them: spaces around them, missing markers, whole numbers with gaps."""

# pandas' own types are unions that no check narrows
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportGeneralTypeIssues=false

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from likely.data.conform import exact, with_columns
from likely.data.layout import Layout
from likely.data.missing import MARKERS, NUMERIC_MARKERS, is_text
from likely.data.text_table import raw_cells

THOUSANDS = r"^[+-]?\d{1,3}(?:,\d{3})+(?:\.\d*)?$"
PLAIN = r"^[+-]?\d{1,3}(?:\.\d*)?$"
LOOKED = 100_000  # rows read again to see how missing cells are written


def tidied(
    frame: "pd.DataFrame", found: Layout, stated: Mapping[str, Mapping[str, Any]]
) -> tuple["pd.DataFrame", dict[str, str]]:
    """The frame with clean cells, and how each column writes a missing one."""
    markers: dict[str, str] = {}
    clean = tidy_frame(frame, stated, markers)
    gaps = [name for name in clean.columns if clean[name].isna().any() and name not in markers]
    if not gaps:
        return clean, markers
    raw, whole = raw_cells(found.path, found, gaps, LOOKED), {}
    for name in gaps:
        missing = clean[name].isna().to_numpy()[: len(raw)]
        markers[name] = _usual(raw[name].iloc[: len(missing)][missing])
        whole[name] = _whole(clean[name], raw[name])
    return with_columns(clean, whole), markers


def tidy_frame(
    frame: "pd.DataFrame", stated: Mapping[str, Mapping[str, Any]], markers: dict[str, str]
) -> "pd.DataFrame":
    """The frame with its words tidied; words that turn out to mean missing are added to the markers."""
    texts = [name for name in frame.columns if is_text(frame[name])]
    return with_columns(frame, {name: tidy_text(frame[name], stated.get(name, {}), name, markers) for name in texts})


def markers_of(stated: Mapping[str, Any]) -> tuple[str, ...]:
    """What says 'missing' in a column: the declared word alone, else every known marker that is not a level."""
    if "missing_as" in stated and "why" not in stated:
        return (stated["missing_as"], "")
    return tuple(word for word in (*MARKERS, stated.get("missing_as", "")) if word not in stated.get("levels", ()))


def _usual(cells: "pd.Series") -> str:
    """The most common way a missing cell is written."""
    return "" if not len(cells) else str(cells.str.strip().mode().iloc[0])


def _whole(column: "pd.Series", raw: "pd.Series") -> "pd.Series":
    """Whole numbers with gaps, which pandas reads as floats: Int64, if they were written without a point."""
    if not pd.api.types.is_float_dtype(column.dtype):
        return column.astype("boolean") if _truths(column) else column
    present = column.dropna().to_numpy()
    if not len(present) or (present != np.floor(present)).any() or np.abs(present).max() > 2.0**53:
        return column
    return column if raw.str.contains("[.eE]", regex=True).any() and _pointed(raw) else column.astype("Int64")


def _pointed(raw: "pd.Series") -> bool:
    numbers = raw[~raw.str.strip().isin([*MARKERS, *NUMERIC_MARKERS])]
    return bool(numbers.str.contains("[.eE]", regex=True).any())


def _truths(column: "pd.Series") -> bool:
    return pd.api.types.is_object_dtype(column.dtype) and pd.api.types.infer_dtype(column, skipna=True) == "boolean"


def tidy_text(column: "pd.Series", stated: Mapping[str, Any], name: str, markers: dict[str, str]) -> "pd.Series":
    """A column of words without the spaces around them; numbers, where all that is not missing are."""
    if not is_text(column) or not column.notna().any():
        return column
    column = column.str.strip()
    column = column.mask(column.isin(markers_of(stated)))
    if stated.get("kind") in ("category", "text", "id") or stated.get("dtype") == "str":
        return column
    return _as_numbers(column, name, markers)


def _as_numbers(column: "pd.Series", name: str, markers: dict[str, str]) -> "pd.Series":
    """Numbers that stood among words for 'missing', or that are too long for pandas to read by itself."""
    head = column.dropna().head(1000)
    if len(head) and head.str.match(THOUSANDS).any() and head.str.match(f"{THOUSANDS}|{PLAIN}").all():
        return _as_numbers(column.str.replace(",", ""), name, markers)
    if not len(head) or pd.to_numeric(head, errors="coerce").notna().mean() < 0.5:
        return column
    if head.str.match(r"^[+-]?0\d+$").any():
        return column  # 007: the zeros belong to it
    parsed = pd.to_numeric(column, errors="coerce")
    strays = column[parsed.isna()].dropna().unique()
    if not set(strays) <= NUMERIC_MARKERS:
        return column
    if len(strays):
        markers[name] = str(strays[0])
    return exact(column, parsed)
