r"""A sweep of truncation: the same codes drawn in to the middle of their law, step by step.

    z' = Phi^-1(1/2 + psi (Phi(z) - 1/2)),   |z'| <= a = Phi^-1((1 + psi) / 2)                                      (1)
    var z' = 1 - 2 a phi(a) / psi                                                                                   (2)
    spread(psi) = total variance of the rows' numbers at psi, over that of rows at 1                                (3)

(1) takes a normal number to the truncated normal with the middle share psi of its mass. Less of it gives rows that are
nearer to the common, and fewer kinds of them: (3) says how much variety is left, and (2) what is left of a code's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import norm

from likely.contracts import Truncates
from likely.data import Pieces, Rows
from likely.errors import FieldError
from likely.fitted import Fitted
from likely.metrics.features import features
from likely.promises import promised

Array = np.ndarray[Any, Any]
LEVELS = (0.2, 0.4, 0.6, 0.8, 1.0)


@dataclass(frozen=True)
class Truncated:
    """Rows at one truncation."""

    truncation: float
    rows: Rows
    of_codes: float  # (2)
    spread: float  # (3)


@dataclass(frozen=True)
class Sweep:
    """The same codes at several truncations."""

    fitted: Fitted[Any]
    steps: tuple[Truncated, ...]
    whole: Rows  # not truncated, by which spreads are judged


def swept(
    fitted: Fitted[Any], levels: Sequence[float] = LEVELS, *,
    n: int = 8, judged: int = 500, given: Any = None, seed: int = 0,
) -> Sweep:  # fmt: skip
    """n rows at each level, of the same codes; spreads are those of `judged` rows."""
    promised(fitted.model, fitted.name, Truncates)
    if not levels or n < 1 or judged < 2:
        told = f"{len(levels)} truncations of {n} rows, judged by {judged}"
        raise FieldError(told, expected="at least one of one row, judged by two")
    most = max(n, judged)
    whole = fitted.sample_rows(most, given, seed=seed)
    drawn = ((psi, fitted.sample_rows(most, given, truncation=psi, seed=seed)) for psi in levels)
    steps = (Truncated(psi, rows.take(range(n)), variance(psi), spread_of(rows, whole)) for psi, rows in drawn)
    return Sweep(fitted, tuple(steps), whole)


def variance(psi: float) -> float:
    """(2): of a normal number that keeps to the middle `psi` of its mass."""
    if psi >= 1:
        return 1.0
    a = norm.ppf((1 + psi) / 2)
    return float(1 - 2 * a * norm.pdf(a) / psi)


def spread_of(rows: Rows, whole: Rows) -> float:
    """(3); 0 where the whole does not vary."""
    if isinstance(whole, Pieces) and isinstance(rows, Pieces):
        numbers = [whole.points(), rows.points()]
    else:
        numbers = features(whole, rows)
    total, left = (float(np.nansum(np.nanvar(each.astype(np.float64), axis=0))) for each in numbers)
    return left / total if total > 0 else 0.0
