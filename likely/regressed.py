r"""A number told by all the rest of its row, with how sure one may be of it: p(y | x) as draws and their weights.

    y given to the model   p(y | x) ~ p(x | y) p(y), over the y that were seen when it was fitted    (1) Bayes' rule
    x given to the model   y ~ p(y | x)                                                              (2) its own draws
    neither                y ~ p(y | x), the unknown cell of a row                                   (3) completion

The way says what the weights or draws rest on: exact, model-exact, asymptotic or heuristic as a completion is; bounds
or estimates where (1) knows p(x | y) no better.
"""

# pandas' own types are unions that no check narrows
# pyright: reportArgumentType=false

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from likely import terms
from likely.classified import log_evidence
from likely.codecs import Codec, TableCodec
from likely.completing import whole_rows
from likely.contracts import Bound, Completes, Density, Estimated
from likely.data import Table
from likely.distributions import PLAIN
from likely.drawing import drawn
from likely.errors import CannotAnswer, FieldError, WrongRows
from likely.filling import Filling
from likely.frames import Known, index_of
from likely.predicted import resting_on
from likely.promises import promised
from likely.rng import Keyed
from likely.scoring import score_cells
from likely.suggestion import meant
from likely.terms import Subject

Array = np.ndarray[Any, Any]
LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
NUMBERS = ("real", "count")


@final
@dataclass(frozen=True)
class Regression:
    """What is known of one number of each row."""

    column: str
    draws: Array  # (B, L)
    weights: Array  # (B, L), a row adds up to 1
    way: str  # exact, model-exact, asymptotic or heuristic; or bound-based, estimated
    index: "pd.Index | None" = None

    @property
    def mean(self) -> Array:
        return (self.weights * self.draws).sum(1)

    @property
    def sd(self) -> Array:
        """Of y given x: how far a value may be from its mean."""
        return np.sqrt((self.weights * (self.draws - self.mean[:, None]) ** 2).sum(1))

    @property
    def share(self) -> Array:
        """(B,): the draws' effective number over their number; 1 where all weigh the same."""
        return 1 / (self.weights**2).sum(1) / self.draws.shape[1]

    @property
    def error(self) -> Array:
        """The standard error of the mean: what is left to the draws' chance."""
        return self.sd / np.sqrt(self.share * self.draws.shape[1])

    def quantiles(self, levels: Sequence[float] = LEVELS) -> Array:
        """(B, levels): values with so much of the weight at or below them."""
        order = np.argsort(self.draws, axis=1, kind="stable")
        below = np.take_along_axis(self.weights, order, 1).cumsum(1)
        places = [np.minimum((below < level - 1e-9).sum(1), self.draws.shape[1] - 1) for level in levels]
        return np.take_along_axis(np.take_along_axis(self.draws, order, 1), np.stack(places, 1), 1)

    def frame(self, levels: Sequence[float] = LEVELS) -> pd.DataFrame:
        """A line for each row."""
        told = {"mean": self.mean, "sd": self.sd}
        quantiles = dict(zip((f"q{100 * level:g}" for level in levels), self.quantiles(levels).T, strict=True))
        return pd.DataFrame(told | quantiles, index=self.index)


def regressed(fitted: Subject, data: Any, column: str | None = None, *, draws: int, seed: int) -> Regression:
    """p(column | the rest) of each row; what the rows say of the column itself is not looked at."""
    if draws < 2:
        raise FieldError(f"{draws} draws of each row were asked for", expected="at least 2")
    name = number_of(fitted, column)
    rows = terms.known_of(fitted, data, None).values.drop(columns=[name], errors="ignore")
    condition, modelled = fitted.card.condition, _modelled(fitted.codec)
    if name in condition:
        values, weights, way = _by_bayes(fitted, rows, name, seed)
        return Regression(name, values, weights, way, index_of(data))
    many = pd.concat([rows] * draws, ignore_index=True)
    told, way = (_sampled if condition and modelled == (name,) else _completed)(fitted, many, seed)
    values = told.frame[name].to_numpy(float).reshape(draws, -1).T
    return Regression(name, values, np.full(values.shape, 1 / draws), way, index_of(data))


def number_of(fitted: Subject, column: str | None) -> str:
    """The column that is told: the one asked for, or the only number that a model given others models."""
    tables = [codec for codec in (fitted.codec, fitted.condition_codec) if isinstance(codec, TableCodec)]
    kinds = {each.name: each.kind for codec in tables for each in codec.schema.columns}
    numbers = [name for name, kind in kinds.items() if kind in NUMBERS]
    if column is None:
        own = [name for name in numbers if fitted.card.condition and name in _modelled(fitted.codec)]
        if len(own) != 1:
            raise FieldError("it was not said which number is to be told", expected=f"one of {numbers}",
                             remedy="its column's name (--target COLUMN)")  # fmt: skip
        return own[0]
    if column not in kinds:
        raise WrongRows(f"there is no column '{column}'", expected=f"one of {numbers}", remedy=meant(column, numbers))
    if column not in numbers:
        raise CannotAnswer(f"'{column}' is of kind {kinds[column]}, and no number", expected=f"one of {numbers}",
                           remedy="classify, which tells classes")  # fmt: skip
    return column


def _modelled(codec: Codec[Any]) -> tuple[str, ...]:
    return codec.names if isinstance(codec, TableCodec) else ()


def _sampled(fitted: Subject, rows: pd.DataFrame, seed: int) -> tuple[Table, str]:
    """(2), one draw a row."""
    c = terms.condition(fitted, Known(rows), Keyed(seed)).c
    return fitted.codec.decode(drawn(fitted.model, fitted.lift, len(rows), c, seed, PLAIN)), "exact"


def _completed(fitted: Subject, rows: pd.DataFrame, seed: int) -> tuple[Table, str]:
    """(3), one draw a row."""
    told = whole_rows(fitted, Known(rows), Filling(seed=seed), filled=True)
    assert isinstance(told.rows, Table)
    return told.rows, told.way


def _by_bayes(fitted: Subject, rows: pd.DataFrame, name: str, seed: int) -> tuple[Array, Array, str]:
    """(1): the values that were kept of the condition, weighed by how well each explains the row."""
    promised(fitted.model, fitted.name, Density, Bound, Estimated, Completes)
    law, codec = fitted.conditions, fitted.condition_codec
    assert law is not None
    assert codec is not None
    if len(fitted.card.condition) > 1:
        told = f"this {fitted.name} is given {list(fitted.card.condition)} together"
        raise CannotAnswer(
            told, expected="a model given only the number that is told", remedy="fit with condition=[it]"
        )
    if not isinstance(fitted.codec, TableCodec):
        raise CannotAnswer(f"a number is told from columns, and not from {fitted.codec.reads.word}")
    each = torch.stack([_score(fitted, fitted.codec, rows, c, seed) for c in law.cells], 1)
    weights = (each + law.weights.log()).softmax(1).numpy()
    values = codec.decode(law.cells).frame[name].to_numpy(float)
    how = Filling(seed=seed).word(fitted.model) if isinstance(fitted.model, Completes) else None
    return np.tile(values, (len(rows), 1)), weights, how or resting_on(fitted.model, fitted.lift)


def _score(fitted: Subject, codec: TableCodec, rows: pd.DataFrame, c: Tensor, seed: int) -> Tensor:
    """log p(x | c), one condition for all rows; of what is known of x, where a model knows what that weighs."""
    if isinstance(fitted.model, Completes):
        return log_evidence(fitted.model, *codec.encode_partial(rows), c.expand(len(rows), *c.shape))
    x = codec.encode(Table(rows, codec.schema)).x
    return score_cells(fitted.model, fitted.lift, x, c.expand(len(x), *c.shape), draws=None, seed=seed).value
