"""Which of two models gives held-out rows more probability? Decided only where the numbers' kinds allow it.

A beats B only when A is exact or a lower bound, B is exact, both have the same measure, and the 95 % interval of the
mean paired per-row difference excludes 0. A lower bound above an exact value is a proof; the reverse proves nothing.
"""

from dataclasses import dataclass
from typing import Literal

import torch

from likely.contracts import Scores


@dataclass(frozen=True)
class Verdict:
    """A comparison of two scores, in words."""

    outcome: Literal["first", "second", "undecided"]
    difference: float  # mean paired difference, nats a row
    low: float
    high: float
    why: str


def compared(first: Scores, second: Scores) -> Verdict:
    """The verdict on two sets of scores of the same rows."""
    if first.measure != second.measure or len(first.nats) != len(second.nats):
        return Verdict("undecided", float("nan"), float("nan"), float("nan"), "the numbers are over different measures")
    gap = first.nats - second.nats
    middle = float(gap.mean())
    half = 1.96 * float(gap.std()) / len(gap) ** 0.5 if len(gap) > 1 else float("inf")
    outcome, why = _decided(first, second, middle - half, middle + half)
    return Verdict(outcome, middle, middle - half, middle + half, why)


def _decided(first: Scores, second: Scores, low: float, high: float) -> tuple[Literal["first", "second", "undecided"], str]:
    if not torch.isfinite(torch.tensor([low, high])).all():
        return "undecided", "too few rows"
    if low <= 0 <= high:
        return "undecided", "the interval of the paired difference holds 0"
    better, worse = (first, second) if low > 0 else (second, first)
    if _is_exact(worse) and (_is_exact(better) or better.bound):
        return ("first" if low > 0 else "second"), "a bound above an exact value" if better.bound else "both exact"
    return "undecided", "the lower number is not exact: the truth may lie above the other"


def _is_exact(scores: Scores) -> bool:
    return not scores.bound and scores.stderr is None
