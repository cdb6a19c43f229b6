"""Batch independence: a row scored alone, in another order or in a crowd has one score."""

from collections.abc import Callable

import torch
from torch import Tensor

from likely.certificates.certificate import Seen
from likely.certificates.clock import Clock
from likely.certificates.subject import Subject
from likely.scoring import score_cells

ROWS, ALONE = 32, 4


def score_alone(subject: Subject, clock: Clock) -> Seen:
    """By the very way in which `score` scores, on float64 weights: nothing but a leak can move a number."""
    model, n = subject.precise, min(len(subject.x), ROWS)

    def score(at: Tensor) -> Tensor:
        c = None if subject.c is None else subject.c[at]
        return score_cells(model, subject.lift, subject.x[at].float(), c, draws=2, seed=subject.seed)[0]

    value = widest_gap(score, n)
    return Seen(value, subject.rounding, f"a score moves by at most {value:.1e} of its size with the row's company")


def widest_gap(score: Callable[[Tensor], Tensor], n: int) -> float:
    """The largest change of any of n rows' scores, relative to one plus its size."""
    whole = score(torch.arange(n))
    others = [(score(torch.arange(n).flip(0)).flip(0), whole)]
    others += [(score(torch.tensor([row])), whole[row : row + 1]) for row in range(min(n, ALONE))]
    others.append((score(torch.arange(n // 2)), whole[: n // 2]))
    return max(gap(seen, wanted) for seen, wanted in others if len(seen))


def gap(seen: Tensor, wanted: Tensor) -> float:
    """The largest difference relative to one plus its size; NaN is infinitely far from anything."""
    seen, wanted = seen.double().flatten(), wanted.double().flatten()
    apart = (seen - wanted).abs() / (1 + wanted.abs())
    apart = torch.where(seen == wanted, 0.0, apart)  # infinities too
    return float(apart.nan_to_num(nan=torch.inf, posinf=torch.inf).max())
