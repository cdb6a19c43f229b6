"""What the critic of a game still tells apart, on rows that it never learned from.

Where the two laws are equal the best critic says 1/2 of every row; so does a dead one. What tells the two apart is
another judge: where a line and a parabola in every feature see a difference that the critic does not, the critic is
blind. A critic that takes the rows it learned from for more real than unseen ones of the same law remembers them.
"""

# scikit-learn's hints are narrower than what it takes
# pyright: reportArgumentType=false

from typing import Any

import numpy as np

from likely.doctor.calibrated import Told, told_apart
from likely.doctor.finding import Finding
from likely.doctor.gradients import AGAIN, DEAD
from likely.doctor.health import Health, Reading
from likely.metrics.thread import one_thread

Array = np.ndarray[Any, Any]
SURE = 3.3  # standard errors: once in a thousand by chance
BLIND, SEEN = 0.6, 0.7  # the critic tells at most, and another judge at least, so many rows apart
REMEMBERED = 0.6  # of the pairs of a learned and an unseen row, ranked by the critic
FLAT = 1e-6  # of a score's size: what rounding does
REMEDIES = {
    "blind": "a faster critic (--critic-rate), more of its turns (--turns 5), or a wider one (--width)",
    "remembers": "differentiable augmentation (--augmentation Differentiable), a price on its slope (--game.penalty "
    "ZeroCentred), a smaller critic (--width), or more rows",
}
BLIND_NAME, REMEMBERS = "blind critic", "critic that remembers its rows"


def critic(real: Array, fake: Array, learned: Array, told: Told | None, *, beside: Told | None) -> Health:
    """From its scores of unseen, generated and learned rows; `told` by these, `beside` by another judge."""
    if (constant := _constant(np.concatenate([real, fake]))) is not None:
        seen = f"its score of {len(real):,} real and {len(fake):,} generated rows is always {constant:.3g}"
        return Health((Finding(DEAD, seen, AGAIN),))
    if told is None:
        return Health(left_out=(f"the critic: {len(real)} held-out rows are too few to judge it by",))
    return Health(_blind(told, beside), _readings(told)) + _remembers(learned, real)


def _constant(scores: Array) -> float | None:
    """The score that stands for all, where all are the same but for rounding."""
    largest = float(np.abs(scores).max())
    return float(scores.mean()) if np.ptp(scores) <= FLAT * largest else None


def _readings(told: Told) -> tuple[Reading, ...]:
    of = f"{told.rows[0]:,} held-out and {told.rows[1]:,} generated rows"
    bound = max(0.0, told.divergence)
    return (
        Reading("critic's accuracy, calibrated", told.accuracy, *told.accuracy_within(1.96), of, "0.5 at equality"),
        Reading("Jensen-Shannon divergence, at least", bound, *told.divergence_within(1.96), of,
                "0 at equality, 0.693 nats where nothing overlaps; a lower bound up to sampling error"),
    )  # fmt: skip


def _blind(told: Told, beside: Told | None) -> tuple[Finding, ...]:
    if beside is None:
        return ()
    most, least = told.accuracy_within(SURE)[1], beside.accuracy_within(SURE)[0]
    if most > BLIND or least < SEEN:
        return ()
    seen = (
        f"it tells {told.accuracy:.1%} of held-out and generated rows apart, where a line and a parabola in each "
        f"feature tell {beside.accuracy:.1%}"
    )
    return (Finding(BLIND_NAME, seen, REMEDIES["blind"]),)


def _remembers(learned: Array, unseen: Array) -> Health:
    """Whether rows it learned from look more real to it than unseen ones: the area under the curve of the two."""
    if min(len(learned), len(unseen)) < 2:
        return Health()
    area, error = ranked(learned, unseen)
    low, high = area - 1.96 * error, area + 1.96 * error
    of = f"{len(learned):,} learned and {len(unseen):,} held-out rows"
    reading = Reading("critic ranks learned above held-out", area, max(0.0, low), min(1.0, high), of, "0.5")
    if area - SURE * error < REMEMBERED:
        return Health(readings=(reading,))
    seen = f"of a row that it learned from and an unseen one, it takes the first for more real in {area:.0%} of pairs"
    return Health((Finding(REMEMBERS, seen, REMEDIES["remembers"]),), (reading,))


def ranked(first: Array, second: Array) -> tuple[float, float]:
    """How often a score of the first is above one of the second, with DeLong's standard error."""
    above = np.searchsorted(np.sort(second), first, "left"), np.searchsorted(np.sort(second), first, "right")
    below = np.searchsorted(np.sort(first), second, "left"), np.searchsorted(np.sort(first), second, "right")
    of_first, of_second = (above[0] + above[1]) / 2 / len(second), 1 - (below[0] + below[1]) / 2 / len(first)
    spread = of_first.var(ddof=1) / len(first) + of_second.var(ddof=1) / len(second)
    return float(of_first.mean()), float(np.sqrt(spread))


def another_judge(real: Array, fake: Array, *, seed: int = 0) -> Told | None:
    """Points (N, D), told apart by a line and a parabola in each feature; each by such that never saw it."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    size = min(len(real), len(fake))
    if size < 20:
        return None
    rng = np.random.default_rng(seed)
    x = np.concatenate([rng.permutation(each)[:size] for each in (real, fake)])
    sides = np.repeat([1, 0], size)
    judge = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=200))
    with one_thread():
        scores = cross_val_predict(judge, np.concatenate([x, x**2], 1), sides, cv=2, method="decision_function")
    return told_apart(scores[:size], scores[size:], seed=seed)
