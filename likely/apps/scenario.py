"""What if a column rises: a change of a channel's future, beside the forecast in which nobody touches it.

A change is of what the column would be expected to do: of its known future where that is given, else of its median in
the forecast without the change. The answer is conditional, not causal: draws of the other channels as they go with such
a future in the record.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import pandas as pd

from likely.apps.forecast import Forecast, foreseen
from likely.codecs import SeriesCodec
from likely.contracts import Sharpness
from likely.distributions import PLAIN
from likely.errors import FieldError, WrongRows
from likely.filling import Filling
from likely.fitted import Fitted
from likely.suggestion import meant, shown

SPELLED = re.compile(r"(?P<sign>[+-]?)(?P<size>\d+(\.\d*)?|\.\d+)(?P<share>%?)")


@final
@dataclass(frozen=True)
class Change:
    """Of one column: a share or an amount more, or a value that it is set to."""

    column: str
    amount: float
    share: bool = False  # the amount is one of what the column would be
    level: bool = False  # the amount is what the column is to be

    @classmethod
    def parsed(cls, said: str) -> "Change":
        """`load=+10%`, `load=-2.5`, `load=40`."""
        name, equals, value = said.rpartition("=")
        told = SPELLED.fullmatch(value.strip())
        if not equals or not name.strip() or told is None or (told["share"] and not told["sign"]):
            expected = "COLUMN=+10% or COLUMN=-2.5 (from what it would be), COLUMN=40 (a value)"
            raise FieldError(f"'{said}' is no change of a column", expected=expected)
        size = float(told["size"]) * (-1 if told["sign"] == "-" else 1)
        share = bool(told["share"])
        return cls(name.strip(), size / 100 if share else size, share, not told["sign"])

    def of(self, would: "np.ndarray[Any, Any]") -> "np.ndarray[Any, Any]":
        """The column's future, where it would be this."""
        if self.level:
            return np.full_like(would, self.amount)
        return would * (1 + self.amount) if self.share else would + self.amount


@final
@dataclass(frozen=True)
class Scenario:
    """The forecast with the changes, and the one without."""

    told: Forecast
    untouched: Forecast
    changes: tuple[Change, ...]


def what_if(
    fitted: Fitted[Any], history: Any, steps: int, changes: Sequence[Change], *,
    draws: int = 1, known: pd.DataFrame | None = None, sharpness: Sharpness = PLAIN, how: Filling = Filling(),
    seed: int = 0,
) -> Scenario:  # fmt: skip
    """The future of a record where some columns change; both forecasts have the same noise."""
    names = [change.column for change in changes]
    channels = fitted.codec.channels if isinstance(fitted.codec, SeriesCodec) else ()
    if odd := [name for name in names if channels and name not in channels]:
        raise WrongRows(f"there is no channel {shown(odd)} to change", expected=f"some of {shown(channels)}",
                        remedy=meant(odd[0], channels))  # fmt: skip
    if len(set(names)) < len(names):
        raise WrongRows(f"{shown(names)} are changed, one of them twice", expected="one change a column")
    untouched = foreseen(fitted, history, steps, draws=draws, known=known, sharpness=sharpness, how=how, seed=seed)
    would = untouched.at((0.5,))[0, 0]
    future = pd.DataFrame() if known is None else known.head(steps).reset_index(drop=True)
    future = future.assign(**{each.column: each.of(would[:, channels.index(each.column)]) for each in changes})
    told = foreseen(fitted, history, steps, draws=draws, known=future, sharpness=sharpness, how=how, seed=seed)
    return Scenario(told, untouched, tuple(changes))
