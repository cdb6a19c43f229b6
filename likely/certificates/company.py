"""Batch independence: a row scored alone, in another order or in a crowd has one score."""

from collections.abc import Callable

import torch
from torch import Tensor

from likely.certificates.certificate import Seen
from likely.certificates.clock import Clock
from likely.certificates.subject import Subject
from likely.scoring import score_cells

ROWS, ALONE = 24, 3


def score_alone(subject: Subject, clock: Clock) -> Seen:
    """By the very way in which `score` scores, on float64 weights: nothing but a leak can move a number."""
    model, n = subject.precise, min(len(subject.x), ROWS)

    def score(at: Tensor) -> Tensor:
        c = None if subject.c is None else subject.c[at]
        return score_cells(model, subject.lift, subject.x[at].float(), c, draws=2, seed=subject.seed)[0]

    value = widest_gap(score, n, clock)
    return Seen(value, subject.rounding, f"a score moves by at most {value:.1e} of its size with the row's company")


def widest_gap(score: Callable[[Tensor], Tensor], n: int, clock: Clock | None = None) -> float:
    """The largest change of any of n rows' scores, relative to one plus its size; fewer companies in a hurry."""
    every = torch.arange(n)
    companies = [every.flip(0), *(every[row : row + 1] for row in range(min(n, ALONE))), every[: n // 2]]
    whole, gaps = score(every), [0.0]
    for at in companies:
        if len(at) and (len(gaps) == 1 or clock is None or clock.left > 0):
            gaps.append(gap(score(at), whole[at]))
    return max(gaps)


def gap(seen: Tensor, wanted: Tensor) -> float:
    """The largest difference relative to one plus its size; NaN is infinitely far from anything."""
    seen, wanted = seen.double().flatten(), wanted.double().flatten()
    apart = (seen - wanted).abs() / (1 + wanted.abs())
    apart = torch.where(seen == wanted, 0.0, apart)  # infinities too
    return float(apart.nan_to_num(nan=torch.inf, posinf=torch.inf).max())
