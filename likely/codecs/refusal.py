"""A column of a frame, and how it is refused: the first bad rows, what stands there, what was expected, what to do."""

from typing import Any, NoReturn, cast

import numpy as np
import pandas as pd

from likely.errors import WrongRows


def refuse(
    name: str, bad: "np.ndarray[Any, Any]", what: str, *, expected: str, remedy: str, cells: pd.Series | None = None
) -> NoReturn:
    """Rows are numbered from 1, as a person counts them."""
    rows = np.flatnonzero(bad)
    shown = "" if cells is None else ": " + ", ".join(f"'{cell}'" for cell in pd.unique(cells.iloc[rows[:50]])[:3])
    raise WrongRows(f"column '{name}', {_rows(rows)}: {what}{shown}", expected=expected, remedy=remedy)


def cells_of(frame: pd.DataFrame, name: str) -> pd.Series:
    """One column of a frame whose names all differ."""
    return cast(pd.Series, frame[name])


def _rows(rows: "np.ndarray[Any, Any]") -> str:
    first = ", ".join(str(row + 1) for row in rows[:3])
    more = f" and {len(rows) - 3} more" if len(rows) > 3 else ""
    return f"row{'s' * (len(rows) > 1)} {first}{more}"
