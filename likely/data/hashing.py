"""Hashes of rows and of whole data sets: the same for the same cells, in any version and from any kind of file.

A row's hash joins its cells' hashes in column order. Numbers hash by their value as float64 (what it drops of huge
whole numbers is mixed in), so that 1, 1.0 and True agree and a column that gains a gap keeps its hashes.
"""

# pandas' own types are unions that no check narrows
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false

import hashlib
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from likely.data.rows import Rows

Array = np.ndarray[Any, Any]
KEY = "likely-row-hash0"  # siphash takes 16 bytes; never change it
MISSING = np.uint64(0x9E3779B97F4A7C15)
MIX_1, MIX_2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)  # splitmix64's multipliers


def piece_hashes(pieces: Iterable[bytes]) -> Array:
    """One uint64 a piece (a picture, a text) by its bytes."""
    digests = (hashlib.blake2b(each, digest_size=8).digest() for each in pieces)
    return np.array([int.from_bytes(digest, "little") for digest in digests], dtype=np.uint64)


def frame_hashes(frame: "pd.DataFrame") -> Array:
    """One uint64 a row of the frame."""
    joined = np.zeros(len(frame), np.uint64)
    for name in frame.columns:
        joined = mixed(joined + column_hashes(frame[name]))
    return joined


def column_hashes(column: "pd.Series") -> Array:
    """One uint64 a cell."""
    if isinstance(column.dtype, pd.CategoricalDtype) or not pd.api.types.is_numeric_dtype(column.dtype):
        if pd.api.types.is_datetime64_any_dtype(column.dtype):
            return _hashed_dates(column)
        return _hashed_levels(column)
    return _hashed_numbers(column)


def content_hash(rows: "Rows") -> str:
    """sha256 of the columns' names and every row, in order (pieces with what is said about them)."""
    digest = hashlib.sha256(rows.heading())
    if rows.said is not None and rows.said is not rows:
        digest.update(content_hash(rows.said).encode())
    digest.update(rows.hashes().astype("<u8").tobytes())
    return digest.hexdigest()


def occurrences(hashes: Array) -> Array:
    """How often each hash has come before: 0 for the first of its kind."""
    order = np.argsort(hashes, kind="stable")
    ordered = hashes[order]
    starts = np.r_[True, ordered[1:] != ordered[:-1]]
    first = np.maximum.accumulate(np.where(starts, np.arange(len(hashes)), 0)) if len(hashes) else np.zeros(0, int)
    before = np.empty(len(hashes), np.uint64)
    before[order] = np.arange(len(hashes)) - first
    return before


def share_of_copies(hashes: Array) -> float:
    """The share of rows that repeat an earlier one."""
    ordered = np.sort(hashes)
    return float((ordered[1:] == ordered[:-1]).sum() / max(len(hashes), 1))


def mixed(z: Array) -> Array:
    """splitmix64's finaliser."""
    z = z + MISSING
    z = (z ^ (z >> np.uint64(30))) * MIX_1
    z = (z ^ (z >> np.uint64(27))) * MIX_2
    return z ^ (z >> np.uint64(31))


def _hashed_numbers(column: "pd.Series") -> Array:
    values = column.to_numpy(dtype=np.float64, na_value=np.nan)
    bits = np.where(values == 0, 0.0, values).view(np.uint64)  # -0.0 is 0.0
    if pd.api.types.is_integer_dtype(column.dtype) and len(values) and np.nanmax(np.abs(values), initial=0) >= 2.0**53:
        bits = bits + mixed(column.fillna(0).to_numpy().astype(np.uint64))
    return np.where(np.isnan(values), MISSING, mixed(bits))


def _hashed_dates(column: "pd.Series") -> Array:
    """By the moment itself, whatever unit it is stored in."""
    moments = column.dt.tz_convert("UTC").dt.tz_localize(None) if column.dt.tz is not None else column
    ticks = moments.to_numpy().astype("datetime64[us]").view(np.int64).view(np.uint64)
    return np.where(column.isna().to_numpy(), MISSING, mixed(ticks))


def _hashed_levels(column: "pd.Series") -> Array:
    """Each different value once."""
    codes, unique = pd.factorize(column)
    texts = np.array([str(each) for each in unique], dtype=object)
    hashed = pd.util.hash_array(texts, hash_key=KEY, categorize=False) if len(texts) else np.zeros(0, np.uint64)
    return np.where(codes < 0, MISSING, np.append(hashed, MISSING)[codes])
