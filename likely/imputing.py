"""Multiple imputation: unknown cells drawn several times, points that sum the draws up, and estimates pooled over them.

Draw k of row i depends on the seed, i and k alone; the first is that of `complete`.
"""

# pandas' own types are unions that no check narrows
# pyright: reportArgumentType=false, reportReturnType=false, reportCallIssue=false, reportAttributeAccessIssue=false

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import pandas as pd
import torch

from likely import frames, terms
from likely.codecs import TableCodec
from likely.codecs.reader import LevelReader, Reader
from likely.completing import APART, whole_rows
from likely.data import Table
from likely.errors import CannotAnswer, FieldError
from likely.filling import Filling
from likely.pooling import Pooled, pooled
from likely.suggestion import meant, shown
from likely.terms import Subject

DRAWN = "imputation"  # the column that numbers draws in a long frame
Numbers = np.ndarray[Any, Any]
Analysis = Callable[[Any], tuple[float, float]]  # rows to an estimate and its variance


@final
@dataclass(frozen=True)
class Imputations:
    """Some rows, completed several times."""

    draws: tuple[pd.DataFrame, ...]
    unknown: pd.DataFrame  # (rows, columns) bool: what was drawn
    readers: dict[str, Reader]  # how the columns that were drawn are recorded
    way: str
    share: float | None = None
    acceptance: float | None = None

    def __len__(self) -> int:
        return len(self.draws)

    def __iter__(self) -> Iterator[pd.DataFrame]:
        return iter(self.draws)

    def __getitem__(self, k: int) -> pd.DataFrame:
        return self.draws[k]

    def long(self) -> pd.DataFrame:
        """All draws below each other, numbered in a first column."""
        parts = [draw.assign(**{DRAWN: k}) for k, draw in enumerate(self.draws, 1)]
        whole = pd.concat(parts)
        return whole[[DRAWN, *self.draws[0].columns]]

    def pooled(self, analysis: Analysis, *, freedom: float = math.inf) -> Pooled:
        """What an analysis (rows to an estimate and its variance) says of each draw, by Rubin's rules as one."""
        told = [analysis(draw) for draw in self.draws]
        return pooled([each for each, _ in told], [variance for _, variance in told], freedom=freedom)

    # One completion in place of several ------------------------------------------------------------------------------

    def point(self, name: str) -> pd.DataFrame:
        """By name: mean, median or mode."""
        points = {"mean": self.mean, "median": self.median, "mode": self.mode}
        if name not in points:
            raise FieldError(f"there is no point '{name}'", expected=shown(points), remedy=meant(name, points))
        return points[name]()

    def mean(self) -> pd.DataFrame:
        """Every unknown number as expected, as far as it can be recorded; of choices the most frequent."""
        return self._summed(lambda numbers: numbers.mean(0))

    def median(self) -> pd.DataFrame:
        """Every unknown number in the middle of its draws; of choices the most frequent."""
        return self._summed(lambda numbers: np.median(numbers, 0))

    def mode(self) -> pd.DataFrame:
        """Every unknown cell where its draws are densest."""
        return self._summed(lambda numbers: np.array([densest(each) for each in numbers.T]))

    def _summed(self, number: Callable[[Numbers], Numbers]) -> pd.DataFrame:
        frame = self.draws[0].copy()
        for name, reader in self.readers.items():
            gone = self.unknown[name].to_numpy()
            if not gone.any():
                continue
            numbers = np.stack([reader.read(draw[name].iloc[np.flatnonzero(gone)]) for draw in self.draws])
            choice = isinstance(reader, LevelReader)
            told = np.array([_commonest(each) for each in numbers.T]) if choice else number(numbers)
            cells = reader.write(reader.settle(told)).set_axis(frame.index[gone])
            frame[name] = frame[name].where(~gone, cells.reindex(frame.index))
        return frame


def _commonest(values: Numbers) -> float:
    told, count = np.unique(values, return_counts=True)
    return float(told[count.argmax()])


def densest(values: Numbers) -> float:
    """The half-sample mode: the shortest half of the values, again and again; a value that repeats is one."""
    told, count = np.unique(values, return_counts=True)
    if count.max() > 1:
        return float(told[count.argmax()])
    while len(told) > 2:
        half = (len(told) + 1) // 2
        start = (told[half - 1 :] - told[: len(told) - half + 1]).argmin()
        told = told[start : start + half]
    return float(told.mean())


def imputed(fitted: Subject, data: Any, n: int, given: Any, how: Filling) -> Imputations:
    """The rows completed n times."""
    if n < 1:
        raise FieldError(f"{n} imputations were asked for", expected="at least 1")
    codec = fitted.codec
    if not isinstance(codec, TableCodec):
        raise CannotAnswer(f"{codec.reads.word} are not imputed several times", expected="a model of tables",
                           remedy="complete them with several seeds")  # fmt: skip
    known = terms.known_beside(fitted, terms.known_of(fitted, data, None), given)
    row, draw = np.tile(np.arange(len(known)), n), np.repeat(np.arange(n), len(known))
    told = whole_rows(fitted, known.take(row), how, filled=True, ids=torch.from_numpy(draw * APART + row))
    assert isinstance(told.rows, Table)
    index = frames.index_of(data)
    frame, values = told.rows.frame, known.values
    labels = pd.RangeIndex(len(known)) if index is None else index
    draws = tuple(frame.iloc[draw == k].set_axis(labels) for k in range(n))
    unknown = pd.DataFrame({name: values[name].isna().to_numpy() if name in values else True for name in frame.columns},
                           index=labels)  # fmt: skip
    codecs = (codec, fitted.condition_codec)
    readers = {
        name: reader for each in codecs if isinstance(each, TableCodec) for name, reader in each.layout.readers.items()
    }
    return Imputations(draws, unknown, readers, told.way, told.share, told.acceptance)
