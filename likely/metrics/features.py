"""Rows as plain numbers for trees, neighbours and correlations."""

# pandas' own types are unions that no check narrows
# pyright: reportArgumentType=false, reportReturnType=false, reportAttributeAccessIssue=false, reportCallIssue=false

from typing import Any

import numpy as np
import pandas as pd

from likely.data import Images, Rows, Table, row_hashes
from likely.errors import WrongRows

Array = np.ndarray[Any, Any]
UNMODELLED = ("id", "text", "constant")
NUMERIC = ("real", "count", "date")
LEVELS = 50  # categories that get an axis of their own: the most frequent real ones
FAR = 5.0  # spreads from the median beyond which a number counts as this far
EXACT = 500  # pixels up to which principal directions are exact
ROUNDING = 1e-9  # squared distances below are rounding, which trees would learn
DAY = 86_400.0


def sampled(rows: Rows, most: int, seed: int) -> Rows:
    """At most so many of the rows, drawn without replacement, in their order."""
    if len(rows) <= most:
        return rows
    return rows.take(np.sort(np.random.default_rng(seed).permutation(len(rows))[:most]))


def frame_of(rows: Rows) -> pd.DataFrame:
    """A table's modelled columns; a picture's pixels as columns."""
    if isinstance(rows, Images):
        flat = rows.pixels.reshape(len(rows), -1)
        return pd.DataFrame(flat, columns=[f"pixel {place}" for place in range(flat.shape[1])])
    names = [c.name for c in rows.schema.columns if c.kind not in UNMODELLED and c.name in rows.frame]
    if not names:
        raise WrongRows("no column can be measured", expected="numbers, categories or dates that vary")
    return rows.frame[names]


def keys(rows: Rows) -> Array:
    """One uint64 a row, equal where all modelled cells are."""
    return row_hashes(rows if isinstance(rows, Images) else Table(frame_of(rows), rows.schema))


def is_numeric(rows: Rows, name: str) -> bool:
    """Whether a column is measured in numbers (dates count as numbers)."""
    return isinstance(rows, Images) or rows.schema[name].kind in NUMERIC


def categorical(real: Rows) -> list[bool]:
    """Which columns of `codes` are categories."""
    return [not is_numeric(real, name) for name in frame_of(real)]


# A column a number ---------------------------------------------------------------------------------------------------


def codes(real: Rows, *others: Rows) -> list[Array]:
    """Each set of rows as a float matrix: numbers as they are, categories as codes shared by all, missing as NaN."""
    frames = [frame_of(real), *(_alike(rows, real) for rows in others)]
    if isinstance(real, Images):
        return [frame.to_numpy(np.float64) for frame in frames]
    columns = [_coded([frame[name] for frame in frames], real, name) for name in frames[0]]
    return [np.stack([column[i] for column in columns], 1) for i in range(len(frames))]


def _alike(rows: Rows, real: Rows) -> pd.DataFrame:
    """The same columns of other rows."""
    if isinstance(real, Images) or isinstance(rows, Images):
        return frame_of(rows)
    names = list(frame_of(real))
    if lacking := [name for name in names if name not in rows.frame]:
        raise WrongRows(f"the rows lack the columns {lacking}", expected=f"the columns {names}")
    return rows.frame[names]


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
    """Each set of rows in one Euclidean space: standardised numbers, one-hot categories; pixels by principal parts."""
    if isinstance(real, Images):
        return _principal([rows.pixels.reshape(len(rows), -1) / (rows.levels - 1) for rows in (real, *others)], width)
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
