"""Which of two models gives held-out rows more probability? Decided only where the numbers' kinds allow it.

A beats B only when A is exact or a lower bound, B is exact, both have the same measure, and the 95 % interval of the
mean paired per-row difference excludes 0. A lower bound above an exact value is a proof; the reverse proves nothing.
"""

from dataclasses import dataclass
from enum import StrEnum
from math import inf, isfinite

from likely.contracts import Scores
from likely.metrics.measure import Z


class Outcome(StrEnum):
    """Who gives the rows more probability, as far as the numbers' kinds allow it."""

    FIRST = "first"
    SECOND = "second"
    UNDECIDED = "undecided"


@dataclass(frozen=True)
class Verdict:
    """A comparison of two scores, in words."""

    outcome: Outcome
    difference: float  # mean paired difference, nats a row; NaN where it has no meaning
    low: float
    high: float
    why: str


def compared(first: Scores, second: Scores) -> Verdict:
    """The verdict on two sets of scores of the same rows."""
    nothing = float("nan")
    if first.measure != second.measure:
        return Verdict(Outcome.UNDECIDED, nothing, nothing, nothing, "the numbers are over different measures")
    if len(first.nats) != len(second.nats):
        return Verdict(Outcome.UNDECIDED, nothing, nothing, nothing, "the numbers are of different rows")
    gap = first.nats - second.nats
    middle = float(gap.mean())
    if not isfinite(middle):
        return Verdict(Outcome.UNDECIDED, nothing, nothing, nothing, "some rows have no finite score")
    half = Z * float(gap.std()) / len(gap) ** 0.5 if len(gap) > 1 else inf
    outcome, why = _decided(first, second, middle - half, middle + half)
    return Verdict(outcome, middle, middle - half, middle + half, why)


def _decided(first: Scores, second: Scores, low: float, high: float) -> tuple[Outcome, str]:
    if low <= 0 <= high:
        return Outcome.UNDECIDED, "the interval of the paired difference holds 0"
    better, worse = (first, second) if low > 0 else (second, first)
    if not _is_exact(worse):
        return Outcome.UNDECIDED, "the lower number is not exact: the truth may lie above the other"
    if not (_is_exact(better) or better.bound):
        return Outcome.UNDECIDED, "the higher number is an estimate, which may lie above the truth"
    why = "a lower bound above an exact value" if better.bound else "both are exact"
    return (Outcome.FIRST if low > 0 else Outcome.SECOND), why


def _is_exact(scores: Scores) -> bool:
    return not scores.bound and scores.stderr is None
