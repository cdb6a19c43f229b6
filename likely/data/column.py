"""What one column is: its kind, and the clause that says why.

A quantity is told from a code by mass: whole numbers that start at 0 and thin out are counts, a handful of different
ones without a tail are categories. A value of a real column is an atom when it holds more than 5 % of the rows and
five times as many as the next value.
"""

# pandas' own types are unions that no check narrows
# pyright: reportAttributeAccessIssue=false

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NoReturn, final

import numpy as np
import pandas as pd

from likely.data.conform import EXACT
from likely.data.date import compact_date, date_format
from likely.data.identifier import code_pattern, named_like_id
from likely.data.missing import is_text
from likely.data.schema import Kind
from likely.errors import WrongRows
from likely.suggestion import shown

FEW = 10  # different numbers, at most, that may be codes
COUNTED = 1000  # counts lie below this; larger whole numbers are reals without decimals
LEVELS = 1000  # the most categories a column may have
SAMPLE = 100_000  # rows looked at for atoms, decimals and the number of different reals

Guess = tuple[Kind, str]


@final
@dataclass(frozen=True)
class Numbers:
    """The present cells of a column of numbers."""

    name: str
    values: np.ndarray  # float64, finite
    huge: bool = False  # whole numbers that float64 cannot hold
    different: bool = False  # huge numbers, each there once

    @cached_property
    def sample(self) -> np.ndarray:
        """At most SAMPLE cells, evenly spread."""
        return self.values[:: max(1, len(self.values) // SAMPLE)]

    @cached_property
    def whole(self) -> bool:
        return bool((self.sample == np.floor(self.sample)).all() and (self.values == np.floor(self.values)).all())

    @cached_property
    def tally(self) -> tuple[np.ndarray, np.ndarray]:
        """The different values of the sample, ascending, and how often each occurs."""
        return np.unique(self.sample, return_counts=True)

    @cached_property
    def levels(self) -> np.ndarray:
        """Every different value, ascending."""
        return self.tally[0] if len(self.sample) == len(self.values) else np.sort(pd.unique(self.values))

    @property
    def few(self) -> bool:
        """Whether there are few enough different values to look at them all."""
        return len(self.tally[0]) <= 3 * FEW and len(self.levels) <= 3 * FEW


def guess_numbers(seen: Numbers) -> Guess:
    """The kind of a column of numbers."""
    if seen.whole:
        return _guess_whole(seen)
    distinct = len(seen.levels) if seen.few else len(seen.tally[0])
    if distinct <= FEW and len(seen.values) >= 20 * distinct:
        return "category", f"only {distinct} different values"
    return "real", "numbers with a fractional part"


def _guess_whole(seen: Numbers) -> Guess:
    values = seen.values
    if not seen.huge and compact_date(seen.sample) and compact_date(values):
        return "date", "dates written %Y%m%d"
    identifier = _whole_identifier(seen)
    if identifier:
        return "id", identifier
    if seen.few:
        few = _guess_few(seen)
        if few is not None:
            return few
    if values.min() >= 0 and values.max() < COUNTED:
        return "count", f"whole numbers from {values.min():.0f} to {values.max():.0f}"
    return "real", f"whole numbers over a wide range, {values.min():.0f} to {values.max():.0f}"


def _whole_identifier(seen: Numbers) -> str:
    """Why these whole numbers are an identifier; empty where they are not."""
    values = seen.values
    if seen.huge:
        return "huge numbers, each different" if seen.different and len(values) >= 8 else ""
    if len(values) < 8 or len(seen.tally[0]) < len(seen.sample) or len(pd.unique(values)) < len(values):
        return ""
    if named_like_id(seen.name):
        return "named as an identifier, each different"
    span = values.max() - values.min() + 1
    if len(values) >= 20 and span <= 1.02 * len(values):
        return f"runs through {values.min():.0f} to {values.max():.0f}, each different"
    return ""


def _guess_few(seen: Numbers) -> Guess | None:
    """Codes or small counts."""
    levels, counts = seen.levels, seen.tally[1]
    rows = len(seen.values)
    if len(levels) <= 2 and rows >= 4:
        return "category", "only " + " and ".join(f"{level:.0f}" for level in levels)
    if rows < 3 * len(levels):
        return None
    if levels[0] == 0 and len(levels) >= 4 and _thins_out(counts):
        return "count", "whole numbers from 0 that thin out"
    if len(levels) <= FEW:
        return "category", f"only {len(levels)} different whole numbers, and no thinning tail"
    return None


def _thins_out(counts: np.ndarray) -> bool:
    """The mass lies at the start and the tail is rare, as in counts of events."""
    half = len(counts) // 2
    return bool(counts.argmax() <= 1 and counts[half:].sum() < 0.2 * counts.sum() and counts[-1] < 0.1 * counts.max())


def atoms_of(seen: Numbers) -> tuple[float, ...]:
    """Up to five values that stand apart in mass."""
    values, counts = seen.tally
    if len(values) <= FEW:
        return ()
    order = np.argsort(-counts, kind="stable")[:6]
    share = counts[order] / len(seen.sample)
    for kept in range(5, 0, -1):
        if share[kept - 1] > 0.05 and share[kept - 1] >= 5 * share[kept] and counts[order[kept - 1]] >= 5:
            return tuple(sorted(float(values[place]) for place in order[:kept]))
    return ()


def decimals_of(seen: Numbers, dtype: Any) -> int | None:
    """The decimals that the reals are recorded to; None for full precision."""
    narrow = np.float32 if str(dtype) in ("float32", "Float32", "float16") else np.float64
    for digits in range(9):
        if _recorded(seen.sample, digits, narrow) and _recorded(seen.values, digits, narrow):  # the sample is quick
            return digits
    return None


def _recorded(values: np.ndarray, digits: int, narrow: type) -> bool:
    if len(values) and np.abs(values).max() > (EXACT if narrow is np.float64 else 2.0**24) / 10.0**digits:
        return False
    return bool((np.round(values, digits).astype(narrow) == values.astype(narrow)).all())


def guess_text(name: str, column: "pd.Series") -> Guess:
    """The kind of a column of strings."""
    present = column.dropna()
    codes, unique = pd.factorize(present)
    dates = date_format(present)
    if dates is not None:
        return "date", dates[1]
    _no_stray_text(name, present, len(unique))
    counts = np.bincount(codes, minlength=len(unique))
    return _guess_strings(name, [str(each) for each in unique], counts)


def _guess_strings(name: str, unique: list[str], counts: np.ndarray) -> Guess:
    distinct, present = len(unique), int(counts.sum())
    looked = unique[:2000]
    words = float(np.mean([len(each.split()) for each in looked]))
    pattern = code_pattern(looked)
    if pattern and present >= 8 and 2 * distinct >= present:
        return "id", f"codes of one pattern, {distinct} different in {present}"
    if distinct == present and present >= 20:
        return ("id", "named as an identifier, each different") if named_like_id(name) else ("text", "each different")
    if words >= 3 and distinct > 50:
        return "text", f"{distinct} different phrases of {words:.0f} words"
    if distinct <= LEVELS and (present >= 3 * distinct or distinct <= 20):
        return "category", f"{distinct} different values in {present} cells"
    return "text", f"too many different values to be categories: {distinct} in {present} cells"


def _no_stray_text(name: str, present: "pd.Series", distinct: int) -> None:
    """Some words among numbers would turn the whole column into categories: an error, not a guess."""
    if distinct <= 20:
        return
    head = pd.to_numeric(present.head(1000), errors="coerce")
    if head.notna().mean() < 0.8:
        return
    strays = present[pd.to_numeric(present, errors="coerce").isna()]
    if 0 < len(strays) <= 0.1 * len(present):
        others = f" ({len(strays)} such cells: {shown(strays.unique()[:3])})"
        stray_text(name, str(strays.iloc[0]), int(strays.index[0]) + 1, others)


def stray_text(name: str, word: str, row: int, others: str) -> NoReturn:
    """The error about a word in a column of numbers."""
    raise WrongRows(
        f"column '{name}' holds numbers, but row {row} says '{word}'{others}",
        expected="a number or a missing marker (empty, NA, ?) in every cell",
        remedy=f'mend the cells, or say in a schema {{"columns": {{"{name}": {{"missing_as": "{word}"}}}}}} '
        '(the word means missing), or {"kind": "category"}',
    )


def numbers(name: str, column: "pd.Series") -> Numbers:
    """The present cells as float64; infinite ones are an error."""
    cells = column.to_numpy(dtype=np.float64, na_value=np.nan)
    there = ~np.isnan(cells)
    values = cells if there.all() else cells[there]
    if len(values) and not np.isfinite((values.min(), values.max())).all():
        infinite = np.flatnonzero(np.isinf(cells))
        raise WrongRows(
            f"column '{name}' holds an infinite number in row {infinite[0] + 1} ({len(infinite)} such cells)",
            expected="finite numbers, or missing cells",
            remedy="leave the cell empty if the value is unknown, or put a finite limit there",
        )
    huge = pd.api.types.is_integer_dtype(column.dtype) and len(values) > 0 and np.abs(values).max() >= EXACT
    return Numbers(name, values, bool(huge), bool(huge) and column.dropna().is_unique)


def plain_levels(column: "pd.Series") -> Iterator[str | int | float | bool]:
    """The different values, ascending, as plain Python values."""
    unique = column.dropna().unique()
    yield from sorted(unique.tolist() if not is_text(column) else map(str, unique))
