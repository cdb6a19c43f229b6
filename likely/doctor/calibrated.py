r"""How well scores tell real rows from generated ones, whatever scale the scores have.

    V(D) = E_p log D + E_q log(1 - D)  <=  -log 4 + 2 JSD(p, q),   equality at D = p / (p + q), D = 1/2 at p = q     (1)
    JSD(p, q) >= (V(g . f) + log 4) / 2   for any g                                                                 (2)

The score f of a relativistic or Wasserstein critic is no logit, so g makes it one: a line (Platt, 1999) or steps that
only rise (isotonic; Zadrozny & Elkan, 2002), whichever does better within the rows it is fitted to. It is fitted on one
half of the rows and judged on the other, both ways, so that (2) is a mean over rows that g has never seen: a lower
bound on the divergence up to the sampling error told beside it, however bad f and g are.
"""

# scikit-learn's hints are narrower than what it takes
# pyright: reportArgumentType=false, reportReturnType=false, reportAttributeAccessIssue=false

from collections.abc import Callable
from dataclasses import dataclass
from math import log, sqrt
from typing import Any, final

import numpy as np

Array = np.ndarray[Any, Any]
Odds = Callable[[Array], Array]  # scores -> P(real), as if half of all rows were
FEWEST = 8  # rows a side below which nothing is calibrated
FEW = 100  # rows a side below which only the line is fitted
SAFE = 1e-6  # a probability is at least this
RIDGE = 1e-3  # on the standardised line's slope: separable rows would have it without end
ROUNDS = 25  # of Newton's method
STEEPEST = 30.0  # nats that a score one spread away may be worth
LARGEST = 1e30  # that a score is taken to be: squares are still numbers
FAR = 10.0  # spreads from the middle beyond which a score counts as this far


@final
@dataclass(frozen=True)
class Told:
    """Real and generated rows, told apart by calibrated scores."""

    accuracy: float  # of rows of which half are real
    accuracy_error: float  # standard errors
    divergence: float  # (2), in nats: an estimate of a lower bound on the JSD
    divergence_error: float
    rows: tuple[int, int]  # real, generated

    def accuracy_within(self, z: float) -> tuple[float, float]:
        """An interval of so many standard errors."""
        half = z * self.accuracy_error
        return max(0.0, self.accuracy - half), min(1.0, self.accuracy + half)

    def divergence_within(self, z: float) -> tuple[float, float]:
        """The same; a JSD lies between 0 and log 2."""
        half = z * self.divergence_error
        return min(max(0.0, self.divergence - half), log(2)), min(max(0.0, self.divergence + half), log(2))


def told_apart(real: Array, fake: Array, *, seed: int = 0) -> Told | None:
    """How well these scores tell the two apart; None where there are too few of them."""
    if min(len(real), len(fake)) < FEWEST:
        return None
    rng = np.random.default_rng(seed)
    a, b = (rng.permutation(np.clip(np.nan_to_num(each), -LARGEST, LARGEST)) for each in (real, fake))
    halves = [(a[::2], b[::2]), (a[1::2], b[1::2])]
    odds = [calibrated(*half, seed=seed) for half in halves]
    of_real = np.concatenate([odds[1](halves[0][0]), odds[0](halves[1][0])])
    of_fake = np.concatenate([odds[1](halves[0][1]), odds[0](halves[1][1])])
    return _told(of_real, of_fake)


def _told(of_real: Array, of_fake: Array) -> Told:
    """From P(real) of real and of generated rows, none of which was fitted to."""
    right = (of_real > 0.5) + 0.5 * (of_real == 0.5), (of_fake < 0.5) + 0.5 * (of_fake == 0.5)
    value = [np.log(of_real), np.log1p(-of_fake)]
    spread = [each.var(ddof=1) / len(each) for each in value]
    hit = [(float(each.sum()) + 0.5) / (len(each) + 1) for each in right]  # never quite 0 or 1: an error is left
    errors = [p * (1 - p) / len(each) for p, each in zip(hit, right, strict=True)]
    return Told(
        accuracy=float(np.mean([each.mean() for each in right])), accuracy_error=sqrt(sum(errors)) / 2,
        divergence=(float(sum(each.mean() for each in value)) + log(4)) / 2,  # (2)
        divergence_error=sqrt(float(sum(spread))) / 2, rows=(len(of_real), len(of_fake)),
    )  # fmt: skip


def calibrated(real: Array, fake: Array, *, seed: int = 0) -> Odds:
    """P(real) as a function of the score: the line or the steps, whichever does better on rows it has not seen."""
    if min(len(real), len(fake)) < FEW:
        return line(real, fake)
    rng = np.random.default_rng(seed + 1)
    a, b = rng.permutation(real), rng.permutation(fake)
    values = {way: _value(way(a[::2], b[::2]), a[1::2], b[1::2]) for way in (line, steps)}
    return max(values, key=lambda way: values[way])(real, fake)


def _value(odds: Odds, real: Array, fake: Array) -> float:
    return float(np.log(odds(real)).mean() + np.log1p(-odds(fake)).mean())  # (1)


def line(real: Array, fake: Array) -> Odds:
    """Platt's: the logit is a line in the score. Each side weighs a half, and targets keep away from 0 and 1."""
    scores = np.concatenate([real, fake])
    centre, spread = float(np.median(scores)), float(np.std(scores)) or 1.0
    sides = np.repeat([1, 0], [len(real), len(fake)])
    targets = np.where(sides == 1, (len(real) + 1) / (len(real) + 2), 1 / (len(fake) + 2))
    weight = np.where(sides == 1, 0.5 / len(real), 0.5 / len(fake))
    slope, offset = _fitted(_scaled(scores, centre, spread), targets, weight)
    return lambda at: np.clip(_logistic(slope * _scaled(at, centre, spread) + offset), SAFE, 1 - SAFE)


def _scaled(scores: Array, centre: float, spread: float) -> Array:
    return np.clip((scores - centre) / spread, -FAR, FAR)


def _fitted(z: Array, targets: Array, weight: Array) -> tuple[float, float]:
    """Weighted logistic regression on one number, by Newton's method."""
    design, at = np.stack([z, np.ones_like(z)], 1), np.zeros(2)
    for _ in range(ROUNDS):
        p = _logistic(design @ at)
        slope = design.T @ (weight * (targets - p)) - [RIDGE * at[0], 0.0]
        curve = (design * (weight * p * (1 - p))[:, None]).T @ design + np.diag([RIDGE, 1e-9])
        at = np.clip(at + np.linalg.solve(curve, slope), -STEEPEST, STEEPEST)
    return float(at[0]), float(at[1])


def _logistic(x: Array) -> Array:
    return 0.5 * (1 + np.tanh(0.5 * x))


def steps(real: Array, fake: Array) -> Odds:
    """Isotonic: P(real) only rises with the score; each step is drawn towards 1/2 by one row of either side."""
    from sklearn.isotonic import IsotonicRegression

    scores, sides = np.concatenate([real, fake]), np.repeat([1.0, 0.0], [len(real), len(fake)])
    weight = np.repeat([0.5 / len(real), 0.5 / len(fake)], [len(real), len(fake)])
    fitted = IsotonicRegression(out_of_bounds="clip").fit(scores, sides, weight)
    levels, place = np.unique(fitted.predict(scores), return_inverse=True)
    of_real, of_all = (np.bincount(place, weights=w) for w in (weight * sides, weight))
    one = 0.25 / len(real) + 0.25 / len(fake)  # half a row of each side
    drawn = (of_real + one) / (of_all + 2 * one)
    shrunk = IsotonicRegression().fit(levels, drawn, of_all).predict(levels)  # a step of few rows may have moved far
    return lambda at: np.clip(np.interp(fitted.predict(at), levels, shrunk), SAFE, 1 - SAFE)
