r"""Which rows are strange, and how sure that is.

    s(x), more is stranger: `likely.apps.strange` says which                                                         (1)
    p = (1 + #{held-out rows with s >= s(x)}) / (n + 1)                                                              (2)
    q_(i) = min_{j >= i} m p_(j) / j,   p ascending over the m rows asked about                                      (3)

A row of the held-out rows' law has a p-value of at most a with a probability of at most a, whatever the model is
worth: that is all (2) says, and it needs rows that the model has not learned from. (3) is the share of false alarms
that one accepts by raising all rows up to this one.

Testing for Outliers with Conformal p-values (Bates, Candès, Lei, Romano & Sesia, 2023), Annals of Statistics 51
"""

from typing import Any

import numpy as np
import pandas as pd

from likely import frames
from likely.apps.strange import Likelihood, Strangeness
from likely.errors import CannotAnswer, EmptyData
from likely.fitted import Fitted

Array = np.ndarray[Any, Any]


def anomalies(
    fitted: Fitted[Any], data: Any, calibration: Any = None, *, by: Strangeness = Likelihood()
) -> pd.DataFrame:
    """Each row's `score` (more is stranger), `p_value` and `q_value`.

    p-values are against the held-out rows of the fit, or against `calibration`: rows that the model has not learned
    from and that are as they should be.
    """
    score, p = by.judged(by.scores(fitted, data), held_out(fitted, calibration, by=by))
    told = {"score": score, "p_value": p, "q_value": q_values(p)}
    return pd.DataFrame(told, index=frames.index_of(data))


def q_values(p: Array) -> Array:
    """(3), in the order of the rows."""
    order = np.argsort(p, kind="stable")
    raised = len(p) * p[order] / np.arange(1, len(p) + 1)
    q = np.empty_like(p)
    q[order] = np.minimum.accumulate(raised[::-1])[::-1]
    return q


def held_out(fitted: Fitted[Any], calibration: Any = None, *, by: Strangeness = Likelihood()) -> Array:
    """The scores, ascending, of rows as they should be: those given, or the held-out ones that the card tells of."""
    if calibration is not None:
        held = np.sort(by.scores(fitted, calibration))
        if not len(held):
            raise EmptyData("there are no rows to calibrate on", expected="rows that are as they should be")
        return held
    kept = fitted.card.measures.get("strangeness")
    if kept is None:
        raise CannotAnswer(
            f"this {fitted.name} has learned from every row: there are none to compare with",
            expected="rows that it has not seen and that are as they should be",
            remedy="calibration=ROWS (--calibration FILE), or fit again with validation=ROWS",
        )
    if not by.kept:
        raise CannotAnswer(
            f"a card does not keep the {type(by).__name__.lower()} of held-out rows",
            expected="rows that the model has not learned from and that are as they should be",
            remedy="calibration=ROWS (--calibration FILE)",
        )
    return np.sort(np.asarray(kept, dtype=np.float64))
