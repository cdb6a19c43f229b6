"""Rows as plain numbers for trees, neighbours and correlations."""

from typing import Any

import numpy as np
import pandas as pd

from likely.data import Images, Rows, Table

Array = np.ndarray[Any, Any]
UNMODELLED = ("id", "text", "constant")


def frame_of(rows: Rows) -> pd.DataFrame:
    """A table's modelled columns; a picture's pixels as columns."""
    if isinstance(rows, Images):
        flat = rows.pixels.reshape(len(rows), -1)
        return pd.DataFrame(flat, columns=[f"pixel {place}" for place in range(flat.shape[1])])
    return rows.frame[[c.name for c in rows.schema.columns if c.kind not in UNMODELLED and c.name in rows.frame]]


def is_numeric(rows: Rows, name: str) -> bool:
    """Whether a column is measured in numbers (dates count as numbers)."""
    return isinstance(rows, Images) or rows.schema[name].kind in ("real", "count", "date")


def codes(real: Rows, *others: Rows) -> list[Array]:
    """Each set of rows as a float matrix: numbers as they are, categories as codes shared by all, missing as NaN."""
    frames = [frame_of(rows) for rows in (real, *others)]
    columns = [_coded([frame[name] for frame in frames], is_numeric(real, name)) for name in frames[0]]
    return [np.stack([column[i] for column in columns], 1) for i in range(len(frames))]


def _coded(columns: list[pd.Series], numeric: bool) -> list[Array]:
    if numeric:
        return [_numbers(column) for column in columns]
    everything = pd.Categorical(pd.concat([column.astype("object") for column in columns], ignore_index=True).map(_said))
    numbers = np.where(everything.codes < 0, np.nan, everything.codes)
    return np.split(numbers, np.cumsum([len(column) for column in columns])[:-1])


def _said(value: Any) -> Any:
    """One spelling per category: 1, 1.0 and True differ only in type."""
    return value if pd.isna(value) else str(value)


def _numbers(column: pd.Series) -> Array:
    if pd.api.types.is_numeric_dtype(column):
        return column.to_numpy(dtype=np.float64, na_value=np.nan)
    numbers = pd.to_numeric(column, errors="coerce")
    if numbers.notna().any() or column.isna().all():
        return numbers.to_numpy(dtype=np.float64, na_value=np.nan)
    dates = pd.to_datetime(column, errors="coerce", format="mixed")
    return np.where(dates.isna(), np.nan, dates.astype("int64") / 8.64e13)


def categorical(real: Rows) -> list[bool]:
    """Which columns of `codes` are categories."""
    return [not is_numeric(real, name) for name in frame_of(real)]


def features(real: Rows, *others: Rows, width: int = 50) -> list[Array]:
    """Each set of rows in one Euclidean space: standardised numbers and one-hot categories; pixels by principal parts."""
    if isinstance(real, Images):
        return _principal([rows.pixels.reshape(len(rows), -1) / (rows.levels - 1) for rows in (real, *others)], width)
    matrices, kinds = codes(real, *others), categorical(real)
    columns = [_embedded([m[:, j] for m in matrices], kind) for j, kind in enumerate(kinds)]
    return [np.concatenate([column[i] for column in columns], 1) for i in range(len(matrices))]


def _embedded(columns: list[Array], category: bool) -> list[Array]:
    if category:
        levels = np.unique(columns[0][~np.isnan(columns[0])])
        return [(column[:, None] == levels) / np.sqrt(2.0) for column in columns]
    centre, spread = np.nanmedian(columns[0]) if np.isfinite(columns[0]).any() else 0.0, np.nanstd(columns[0]) or 1.0
    scaled = [np.clip((column - centre) / spread, -5, 5) for column in columns]
    gaps = [np.isnan(column) for column in columns]
    if not gaps[0].any():
        return [np.nan_to_num(values)[:, None] for values in scaled]
    return [np.stack([np.nan_to_num(values), gap], 1) for values, gap in zip(scaled, gaps, strict=True)]


def _principal(matrices: list[Array], width: int) -> list[Array]:
    """Projected on the real rows' principal directions."""
    centre = matrices[0].mean(0)
    _, _, directions = np.linalg.svd(matrices[0][:4000] - centre, full_matrices=False)
    return [(matrix - centre) @ directions[:width].T for matrix in matrices]
