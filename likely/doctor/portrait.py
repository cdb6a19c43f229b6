"""A few words for a kind of rows: what sets them apart from all the others."""

# pandas' own types are unions that no check narrows
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false

from typing import Any

import numpy as np
import pandas as pd

from likely.data import Rows, Table
from likely.metrics.features import codes, is_numeric, measurable

Array = np.ndarray[Any, Any]
NAMED = 2  # columns that are named
MOSTLY = 0.5  # of the rows say the same


def portrait(rows: Rows, inside: Array) -> str:
    """What is typical of the rows inside: near which numbers, mostly which categories; empty where nothing is known."""
    if isinstance(rows, Table):
        told = [_number(rows, name, inside) if is_numeric(rows, name) else _category(rows, name, inside)
                for name in measurable(rows)]  # fmt: skip
    else:
        said = rows.said
        names = [] if said is None else [name for name in measurable(said) if not is_numeric(said, name)]
        told = [] if said is None else [_category(said, name, inside) for name in names]
    strongest = sorted((each for each in told if each is not None), reverse=True)[:NAMED]
    return ", ".join(words for _, words in strongest)


def _number(rows: Table, name: str, inside: Array) -> tuple[float, str] | None:
    """How far these rows' median is from that of all, in spreads."""
    if rows.schema[name].kind == "date":
        return None
    values = codes(Table(rows.frame[[name]], rows.schema.only([name])))[0][:, 0]
    here, spread = values[inside & np.isfinite(values)], float(np.nanstd(values))
    if not len(here) or not spread:
        return None
    middle = float(np.median(here))
    return abs(middle - float(np.nanmedian(values))) / spread, f"{name} near {middle:.3g}"


def _category(rows: Table, name: str, inside: Array) -> tuple[float, str] | None:
    """How much more often these rows say what they mostly say."""
    cells = rows.frame[name].astype("object").reset_index(drop=True)
    counts = cells[pd.Series(inside)].value_counts(normalize=True)
    if not len(counts) or counts.iloc[0] < MOSTLY:
        return None
    level, share = counts.index[0], float(counts.iloc[0])
    overall = float((cells == level).mean())
    return 2 * (share - overall), f"{name} {level}"
