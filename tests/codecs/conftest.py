"""Tables built by hand, of every kind of column."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from likely.data.rows import Table
from likely.data.schema import ColumnSchema, Constraint, Schema


def build(
    frame: pd.DataFrame, kinds: dict[str, str], constraints: tuple[Constraint, ...] = (), **extra: dict[str, object]
) -> Table:
    """A table of this frame; `extra` holds more of a column's schema by name."""
    columns = tuple(
        ColumnSchema(
            name=name,
            kind=kinds[name],  # type: ignore[arg-type]
            dtype=str(frame[name].dtype),
            missing=bool(frame[name].isna().any()),
            **extra.get(name, {}),  # type: ignore[arg-type]
        )
        for name in frame.columns
    )
    return Table(frame, Schema(columns, constraints))


@pytest.fixture(scope="session")
def table() -> Callable[..., Table]:
    return build


@pytest.fixture(scope="session")
def mixed() -> Table:
    """A column of every kind, with missing cells and atoms."""
    rng = np.random.default_rng(0)
    rows = 400
    gain = np.where(rng.random(rows) < 0.6, 0.0, np.round(np.exp(rng.normal(8, 1, rows)), 2))
    day = pd.to_datetime("2020-01-01") + pd.to_timedelta(rng.integers(0, 900, rows), unit="D")
    frame = pd.DataFrame(
        {
            "key": [f"N{i}A1" for i in range(1, rows + 1)],
            "height": np.round(rng.normal(170, 10, rows), 1),
            "gain": gain,
            "weight": np.where(rng.random(rows) < 0.2, np.nan, rng.normal(70, 8, rows)),
            "children": rng.poisson(2, rows),
            "visits": np.where(rng.random(rows) < 0.1, np.nan, rng.poisson(5, rows)),
            "people": rng.integers(0, 10**9, rows),
            "colour": rng.choice(["red", "green", "blue"], rows, p=[0.5, 0.45, 0.05]),
            "size": pd.Categorical(rng.choice(["S", "M", "L"], rows), ["S", "M", "L"], ordered=True),
            "grade": rng.choice([1, 2, 5], rows),
            "alive": rng.random(rows) < 0.5,
            "born": day.strftime("%d.%m.%Y"),
            "seen": day + pd.to_timedelta(rng.integers(0, 86400, rows), unit="s"),
            "planet": "Earth",
            "remark": [f"remark {i} of some length" for i in range(rows)],
        }
    )
    frame.loc[frame.index % 17 == 3, "colour"] = np.nan
    kinds = ["id", *["real"] * 3, *["count"] * 3, *["category"] * 3, "boolean", "date", "date", "constant", "text"]
    return build(
        frame,
        dict(zip(frame.columns, kinds)),
        key={"pattern": "N{}A1"},
        height={"decimals": 1},
        gain={"decimals": 2, "atoms": (0.0,)},
        colour={"levels": ("blue", "green", "red")},
        size={"levels": ("S", "M", "L"), "ordered": True},
        grade={"levels": (1, 2, 5)},
        alive={"levels": (False, True)},
        born={"date_format": "%d.%m.%Y"},
        planet={"value": "Earth", "why": "declared"},
    )
