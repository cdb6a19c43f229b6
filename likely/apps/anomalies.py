r"""Which rows are strange, and how sure that is.

    s(x) = -log p(x), of whatever kind the model has, or the misfit of a row with its code                          (1)
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
import torch

from likely import frames
from likely.codecs import Cells
from likely.errors import CannotAnswer, EmptyData
from likely.fitted import Fitted
from likely.scoring import SCORED, STRANGE, strangeness
from likely.source import families_that

Array = np.ndarray[Any, Any]


def anomalies(fitted: Fitted[Any], data: Any, calibration: Any = None) -> pd.DataFrame:
    """Each row's `score` (more is stranger), `p_value` and `q_value`.

    p-values are against the held-out rows of the fit, or against `calibration`: rows that the model has not learned
    from and that are as they should be.
    """
    score = scores_of(fitted, data)
    held = _held_out(fitted) if calibration is None else np.sort(scores_of(fitted, calibration))
    if not len(held):
        raise EmptyData("there are no rows to calibrate on", expected="rows that are as they should be")
    p = p_values(score, held)
    told = {"score": score, "p_value": p, "q_value": q_values(p)}
    return pd.DataFrame(told, index=frames.index_of(data))


def scores_of(fitted: Fitted[Any], data: Any) -> Array:
    """(1) of each row, in the data's own units."""
    if not isinstance(fitted.model, STRANGE):
        able = families_that("Density", "Weighted", "Bound", "Estimated", "Reconstructs")
        raise CannotAnswer(f"{fitted.name} cannot say how strange a row is. Families that can: {', '.join(able)}.")
    x, ladj, c = fitted.cells(data)
    told = strangeness(fitted.model, fitted.lift, Cells(x, ladj), c, seed=fitted.card.seed)
    return torch.nan_to_num(told, torch.inf).numpy()


def kind_of(fitted: Fitted[Any]) -> str:
    """What (1) is of this model, in words."""
    return "minus log-likelihood" if isinstance(fitted.model, SCORED) else "misfit with the row's code"


def p_values(score: Array, held: Array) -> Array:
    """(2), where `held` is ascending."""
    at_least = len(held) - np.searchsorted(held, score, side="left")
    return (1 + at_least) / (len(held) + 1)


def q_values(p: Array) -> Array:
    """(3), in the order of the rows."""
    order = np.argsort(p, kind="stable")
    raised = len(p) * p[order] / np.arange(1, len(p) + 1)
    q = np.empty_like(p)
    q[order] = np.minimum.accumulate(raised[::-1])[::-1]
    return q


def _held_out(fitted: Fitted[Any]) -> Array:
    """The held-out rows' scores that the card keeps."""
    kept = fitted.card.measures.get("strangeness")
    if kept is None:
        raise CannotAnswer(
            f"this {fitted.name} has learned from every row: there are none to compare with",
            expected="rows that it has not seen and that are as they should be",
            remedy="calibration=ROWS (--calibration FILE), or fit again with validation=ROWS",
        )
    return np.sort(np.asarray(kept, dtype=np.float64))
