r"""Odd rows in a table that nobody has fitted or labelled: a committee of densities, each of few columns or few rows.

    p_t(x) = mean_{i in R_t} N(x_S; x_iS, h_t^2 I)    R_t a few rows and S a few columns, drawn for member t         (1)
    h_t = argmax_h sum_{i in H} log p_t(x_i)          H rows held out, up to a few hundred                           (2)
    u_t(x) = (-log p_t(x) - median_H) / (90 % - 50 % quantile over H)                                                (3)
    s(x) = mean of u_t over members; then the mean of that and of u_e over experts e, families that learned all rows (4)

Small samples hold few of the odd rows, so that a density of them does not learn what it should find; small sets of
columns see what all columns together drown (a composite likelihood). Where the rows are known to be as they should be,
members may be larger and experts may join (`CLEAN`). Nothing is chosen by labels.

Theoretical Foundations and Algorithms for Outlier Ensembles (Aggarwal & Sathe, 2015), SIGKDD Explorations 17(1)
"""

from dataclasses import dataclass
from typing import Any, final

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from likely import frames
from likely.apps.anomalies import q_values
from likely.apps.strange import p_values, scores_of
from likely.contracts import Family
from likely.data import Rows, Table, read
from likely.errors import EmptyData, FieldError, WrongRows
from likely.families.kde import KDE
from likely.fitted import Fitted
from likely.fitting import fit
from likely.metrics import features
from likely.metrics.features import measurable

Array = np.ndarray[Any, Any]
WIDTHS = torch.logspace(-1.3, 0.5, 10).tolist()  # tried, in standard deviations of a column
HELD, MOST, FEWEST = 0.2, 500, 5  # rows held out: their share, most and fewest
LEARNED = 5000  # rows that experts learn from, at most
NARROWEST = 0.05  # nats: a member for which all rows are alike does not shout
BLOCK = 1 << 22  # pairs of rows at a time


@final
@dataclass(frozen=True, kw_only=True)
class Detector:
    """How a table is looked through."""

    members: int = 100  # densities of few rows and columns: more are steadier
    rows: int = 16  # of each member: fewer do not learn what is rare, more follow the rows closer
    experts: tuple[Family[Any], ...] = ()  # families that learn all rows, where these are as they should be

    def __post_init__(self) -> None:
        if self.members < 1 or self.rows < 1:
            told = f"Detector has members={self.members} and rows={self.rows}"
            raise FieldError(told, expected="at least 1 of each")

    def fit(self, data: Any, *, seed: int = 0) -> "Detected":
        """What is usual in these rows, odd ones among them or not."""
        rows = _table(data)
        if not isinstance(rows, Table) or not measurable(rows):
            raise WrongRows(f"these rows are {rows.word}", expected="a table with numbers or categories",
                            remedy="fit a family to them (likely fit), then likely anomalies RUN DATA")  # fmt: skip
        if len(rows) < 4 * FEWEST:
            raise EmptyData(f"{len(rows)} rows do not say what is usual", expected=f"at least {4 * FEWEST}")
        chance = np.random.default_rng(seed)
        points = features(rows)[0]
        order = chance.permutation(len(rows))
        held, learned = np.split(order, [int(np.clip(HELD * len(rows), FEWEST, MOST))])
        shown = torch.from_numpy(points[held])
        members = tuple(self._member(points[learned], shown, chance) for _ in range(self.members))
        experts = tuple(expert(each, points, learned[:LEARNED], held, seed) for each in self.experts)
        return Detected(rows, held, members, experts)

    def _member(self, points: Array, held: Tensor, chance: np.random.Generator) -> "Member":
        """(1) to (3)"""
        count, width = points.shape
        columns = chance.choice(width, int(chance.integers(1, width + 1)), replace=False)
        rows = chance.choice(count, min(self.rows, max(2, count // 2)), replace=False)
        own = torch.from_numpy(points[np.ix_(rows, columns)])
        least = min(WIDTHS, key=lambda h: -float(log_kernels(own, held[:, columns], h).mean()))  # (2)
        return Member(torch.from_numpy(columns), own, least, *usual(-log_kernels(own, held[:, columns], least).numpy()))


@final
@dataclass(frozen=True)
class Member:
    """One density, and what it says of held-out rows."""

    columns: Tensor
    rows: Tensor
    width: float
    middle: float
    spread: float

    def scores(self, points: Tensor) -> Array:
        """(3)"""
        return (-log_kernels(self.rows, points[:, self.columns], self.width).numpy() - self.middle) / self.spread


@final
@dataclass(frozen=True)
class Expert:
    """A family that learned all rows, and what it says of held-out ones."""

    fitted: Fitted[Any]
    middle: float
    spread: float

    def scores(self, points: Tensor) -> Array:
        """(3)"""
        told = scores_of(self.fitted, _framed(points.numpy()))
        return (np.clip(told, -1e30, 1e30) - self.middle) / self.spread


@final
@dataclass(frozen=True)
class Detected:
    """What is usual in a table, and how odd rows are beside it."""

    learned: Table
    held: Array  # places of rows that no member has learned from
    members: tuple[Member, ...]
    experts: tuple[Expert, ...]

    def scores(self, data: Any) -> Array:
        """(4): how odd each row is; more is odder, around 0 is usual."""
        rows = self._rows(data)
        points = torch.from_numpy(features(self.learned, rows)[1])
        own = np.mean([each.scores(points) for each in self.members], 0)
        return np.mean([own, *(each.scores(points) for each in self.experts)], 0)

    def anomalies(self, data: Any = None) -> pd.DataFrame:
        """Each row's `score`, `p_value` and `q_value`, against the rows held out; none: the rows it was fitted on.

        p-values are valid where the held-out rows are as they should be, and cautious where odd rows are among them.
        """
        told = self.learned if data is None else data
        score = self.scores(told)
        held = np.sort(self.scores(self.learned.take(self.held)))
        p = p_values(score, held)
        if data is None:  # a held-out row is not its own comparison
            p[self.held] = (p[self.held] * (len(held) + 1) - 1) / len(held)
        return pd.DataFrame({"score": score, "p_value": p, "q_value": q_values(p)}, index=frames.index_of(data))

    def _rows(self, data: Any) -> Rows:
        """Rows with the columns that were learned."""
        if isinstance(data, np.ndarray):
            data = _framed(data)
        return data if isinstance(data, Table) else read(data, schema=self.learned.schema)


CLEAN = Detector(members=40, rows=256, experts=(KDE(),))  # where the rows are as they should be


def log_kernels(rows: Tensor, points: Tensor, width: float) -> Tensor:
    """(1), in float64."""
    parts = []
    for part in points.split(max(1, BLOCK // len(rows))):
        apart = (part.square().sum(1)[:, None] + rows.square().sum(1) - 2 * part @ rows.T).clamp(min=0)
        near = -apart / (2 * width**2)
        top = near.amax(1, keepdim=True)
        parts.append((near - top).clamp(min=-80).exp().mean(1).log() + top[:, 0])
    return torch.cat(parts) - rows.shape[1] * np.log(width * np.sqrt(2 * np.pi))


def usual(scores: Array) -> tuple[float, float]:
    """What (3) takes off and divides by."""
    middle, high = np.quantile(scores, [0.5, 0.9])
    return float(middle), float(max(high - middle, NARROWEST))


def _table(data: Any) -> Rows:
    """The rows; a matrix of numbers is taken as it is."""
    if not isinstance(data, np.ndarray) or data.ndim != 2:
        return data if isinstance(data, Table) else read(data)
    frame = _framed(data)
    return read(frame, schema={"columns": {name: {"kind": "real"} for name in frame.columns}})


def _framed(points: Array) -> pd.DataFrame:
    return pd.DataFrame(points, columns=[f"x{place}" for place in range(points.shape[1])])


def expert(family: Family[Any], points: Array, learned: Array, held: Array, seed: int) -> Expert:
    """A family that has learned these points as they are."""
    frame = _framed(points)
    plain = {name: {"kind": "real", "transform": "standard", "atoms": []} for name in frame.columns}
    fitted = fit(frame.iloc[learned], family, schema={"columns": plain}, seed=seed, certify=False)
    return Expert(fitted, *usual(np.clip(scores_of(fitted, frame.iloc[held]), -1e30, 1e30)))
