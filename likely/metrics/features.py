"""Rows as plain numbers for trees, neighbours and correlations; and the ways to see rows as points, by name."""

# pandas' own types are unions that no check narrows
# pyright: reportArgumentType=false, reportReturnType=false, reportAttributeAccessIssue=false, reportCallIssue=false

from abc import ABC, abstractmethod
from typing import Any, TypeVar, final

import numpy as np
import pandas as pd

from likely.data import Pieces, Rows, Table
from likely.errors import WrongRows

Array = np.ndarray[Any, Any]
Some = TypeVar("Some", bound=Rows)
UNMODELLED = ("id", "text", "constant")
NUMERIC = ("real", "count", "date")
LEVELS = 50  # categories that get an axis of their own: the most frequent real ones
FAR = 5.0  # spreads from the median beyond which a number counts as this far
EXACT = 500  # pixels up to which principal directions are exact
ROUNDING = 1e-9  # squared distances below are rounding, which trees would learn
DAY = 86_400.0


def sampled(rows: Some, most: int, seed: int) -> Some:
    """At most so many of the rows, drawn without replacement, in their order."""
    if len(rows) <= most:
        return rows
    return rows.take(np.sort(np.random.default_rng(seed).permutation(len(rows))[:most]))


def measurable(rows: Table) -> list[str]:
    """A table's modelled columns by name."""
    return [c.name for c in rows.schema.columns if c.kind not in UNMODELLED and c.name in rows.frame]


def frame_of(rows: Table) -> pd.DataFrame:
    """A table's modelled columns."""
    names = measurable(rows)
    if not names:
        raise WrongRows("no column can be measured", expected="numbers, categories or dates that vary")
    return rows.frame[names]


def keys(rows: Rows) -> Array:
    """One uint64 a row, equal where all modelled cells are."""
    return (Table(frame_of(rows), rows.schema) if isinstance(rows, Table) else rows).hashes()


def is_numeric(rows: Table, name: str) -> bool:
    """Whether a column is measured in numbers (dates count as numbers)."""
    return rows.schema[name].kind in NUMERIC


def named(real: Rows) -> list[str]:
    """The columns of `codes`: a table's modelled ones, or the numbers of a piece."""
    if isinstance(real, Table):
        return list(frame_of(real))
    return [f"{real.word} at {place}" for place in range(_points(real.take([0])).shape[1])]


def categorical(real: Rows) -> list[bool]:
    """Which columns of `codes` are categories."""
    if isinstance(real, Table):
        return [not is_numeric(real, name) for name in named(real)]
    return [False] * len(named(real))


# A column a number ---------------------------------------------------------------------------------------------------


def codes(real: Rows, *others: Rows) -> list[Array]:
    """Each set of rows as a float matrix: numbers as they are, categories as codes shared by all, missing as NaN."""
    if not isinstance(real, Table):
        return [_points(rows) for rows in (real, *others)]
    frames = [frame_of(real), *(_alike(rows.said, real) for rows in others)]
    columns = [_coded([frame[name] for frame in frames], real, name) for name in frames[0]]
    return [np.stack([column[i] for column in columns], 1) for i in range(len(frames))]


def _points(rows: Rows) -> Array:
    if not isinstance(rows, Pieces):
        raise WrongRows(f"these rows are {rows.word}", expected="rows of the same kind as the real ones")
    return rows.points()


def _alike(rows: Table | None, real: Table) -> pd.DataFrame:
    """The same columns of other rows."""
    names, known = list(frame_of(real)), pd.DataFrame() if rows is None else rows.frame
    if lacking := [name for name in names if name not in known]:
        raise WrongRows(f"the rows lack the columns {lacking}", expected=f"the columns {names}")
    return known[names]


def _coded(columns: list[pd.Series], real: Table, name: str) -> list[Array]:
    if is_numeric(real, name):
        return [_numbers(column, real.schema[name].date_format) for column in columns]
    said = pd.concat([column.astype("object") for column in columns], ignore_index=True)
    places, _ = pd.factorize(said.map(_spelled, na_action="ignore"))
    numbers = np.where(places < 0, np.nan, places)
    return np.split(numbers, np.cumsum([len(column) for column in columns])[:-1])


def _spelled(value: Any) -> str:
    """One spelling per category: 1, 1.0 and True are one."""
    whole = isinstance(value, bool | np.bool_) or (isinstance(value, float) and value.is_integer())
    return str(int(value)) if whole else str(value)


def _numbers(column: pd.Series, date_format: str) -> Array:
    """Numbers as they are, dates as days."""
    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
        return column.to_numpy(dtype=np.float64, na_value=np.nan)
    if (
        pd.api.types.is_datetime64_any_dtype(column)
        or date_format
        or pd.to_numeric(column, errors="coerce").isna().all()
    ):
        dates = pd.to_datetime(column, errors="coerce", format=date_format or None, utc=True)
        moments = dates.dt.tz_localize(None).to_numpy().astype("datetime64[s]").astype(np.int64)
        return np.where(dates.isna(), np.nan, moments / DAY)
    return pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)


# A row a point -------------------------------------------------------------------------------------------------------


def features(real: Rows, *others: Rows, width: int = 50) -> list[Array]:
    """Each set of rows in one Euclidean space: standardised numbers, one-hot categories; pieces by principal parts."""
    if not isinstance(real, Table):
        return _principal([_points(rows) for rows in (real, *others)], width)
    matrices = codes(real, *others)
    columns = [_embedded([m[:, j] for m in matrices], kind) for j, kind in enumerate(categorical(real))]
    return [np.concatenate([column[i] for column in columns], 1) for i in range(len(matrices))]


def _embedded(columns: list[Array], category: bool) -> list[Array]:
    """A column as axes; two different categories are as far apart as numbers one spread apart."""
    if category:
        seen, counts = np.unique(columns[0][~np.isnan(columns[0])], return_counts=True)
        levels = np.sort(seen[np.argsort(-counts, kind="stable")[:LEVELS]])
        return [(column[:, None] == levels) / np.sqrt(2.0) for column in columns]
    centre, spread = _centre_and_spread(columns[0][np.isfinite(columns[0])])
    scaled = [np.nan_to_num(np.clip((column - centre) / spread, -FAR, FAR)) for column in columns]
    gaps = [np.isnan(column) for column in columns]
    if not any(gap.any() for gap in gaps):
        return [values[:, None] for values in scaled]
    return [np.stack([values, gap], 1) for values, gap in zip(scaled, gaps, strict=True)]


def _centre_and_spread(present: Array) -> tuple[float, float]:
    if not len(present):
        return 0.0, 1.0
    return float(np.median(present)), float(np.std(present)) or 1.0


def _principal(matrices: list[Array], width: int) -> list[Array]:
    """Places along the principal directions of all rows together, and the distance from the plane that they span.

    A plane that was fitted to one side alone would lie nearer to it than to fresh rows of the same law.
    """
    from sklearn.decomposition import PCA

    pooled = np.concatenate(matrices)
    rows, pixels = pooled.shape
    way = "covariance_eigh" if pixels <= EXACT else "randomized"
    plane = PCA(min(width, rows, pixels), svd_solver=way, iterated_power=2, random_state=0).fit(pooled)
    return [_beside(matrix, plane) for matrix in matrices]


def _beside(matrix: Array, plane: Any) -> Array:
    along = plane.transform(matrix)
    far = ((matrix - plane.mean_) ** 2).sum(1) - (along**2).sum(1)
    return np.concatenate([along, np.sqrt(np.where(far < ROUNDING, 0.0, far))[:, None]], 1)


# Ways to see rows, by name -------------------------------------------------------------------------------------------


class Sight(ABC):
    """A way to see rows as points. A distance means little without the name of the features it was taken in."""

    name: str  # "plain features", "features of a classifier of label (3f9a1c2b)"

    @abstractmethod
    def points(self, real: Rows, *others: Rows) -> list[Array]:
        """Each set of rows as points (N, D) of one space."""


@final
class Plain(Sight):
    """`features`: nothing is learned but, of pieces, the principal directions of all rows together."""

    name = "plain features"

    def points(self, real: Rows, *others: Rows) -> list[Array]:
        return features(real, *others)


PLAIN = Plain()
