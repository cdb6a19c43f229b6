"""A table's first rows as a small table, with the cells marked that no real row has the like of."""

from math import isfinite
from typing import Any

import numpy as np
import pandas as pd
from markupsafe import Markup

from likely.data import Table
from likely.metrics.features import frame_of
from likely.report.drawing import shortened, signed

Array = np.ndarray[Any, Any]
ROWS, COLUMNS, LETTERS = 6, 12, 18
ODD = '<td><mark title="no real row has the like of it">{}<span class="unseen"> (odd)</span></mark></td>'


def sheet(rows: Table, odd: Array | None = None, *, name: str = "rows") -> Markup:
    """The first rows; `odd` (N, D) says which cells are marked."""
    frame = frame_of(rows)
    names = list(frame)[:COLUMNS]
    lines = []
    for at in range(min(ROWS, len(frame))):
        marked = [False] * len(names) if odd is None else odd[at, : len(names)].tolist()
        cells = (cell(frame[name].iloc[at], odd=mark) for name, mark in zip(names, marked, strict=True))
        lines.append(Markup("<tr>{}</tr>").format(Markup("").join(cells)))
    heads = Markup("").join(
        Markup('<th scope="col" title="{}">{}</th>').format(each, shortened(each, LETTERS)) for each in names
    )
    body = Markup('<caption class="unseen">{}</caption><thead><tr>{}</tr></thead><tbody>{}</tbody>')
    inside = body.format(f"the first {len(lines)} of {name}", heads, Markup("").join(lines))
    return Markup(
        '<div class="wide" tabindex="0" role="region" aria-label="{}"><table class="sheet">{}</table></div>'
    ).format(f"the first {name}", inside)


def cell(value: Any, *, odd: bool = False) -> Markup:
    """One cell as a person reads it."""
    missing = bool(pd.isna(value))  # None, NaN, NA and NaT
    if odd:
        return Markup(ODD).format("missing" if missing else spelled(value))
    return Markup('<td class="gap">–</td>') if missing else Markup("<td>{}</td>").format(spelled(value))


def spelled(value: Any) -> str:
    """A number to four digits, anything else cut short."""
    if isinstance(value, float | np.floating):
        if not isfinite(value):
            return signed("-∞" if value < 0 else "∞")
        return signed(
            f"{value:,.0f}" if abs(value) >= 1000 and float(value).is_integer() else f"{float(f'{value:.4g}'):g}"
        )
    return shortened(str(value), LETTERS)
