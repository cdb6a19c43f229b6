r"""Whether the rows themselves show that columns hang together: a test of independence of two columns' bins.

G = 2 sum_{ab} n_ab log(n_ab n / (n_a n_b)),   chi-squared with (A - 1)(B - 1) degrees           (1)
V^2 = G / (n (min(A, B) - 1)), about Cramér's                                                  (2)
"""

import math
from collections.abc import Iterable
from typing import NamedTuple

import torch
from scipy.stats import chi2
from torch import Tensor

BINS = 5
CHANCE, LIKELY = 1e-9, 1e-3  # that independent columns look this dependent: beyond doubt, and probably
WEAK = 0.2  # of V: less may well be left out by a good model


class Partner(NamedTuple):
    """The column that another one depends on most."""

    column: int
    strength: float  # V


def binned(values: Tensor) -> Tensor:
    """(N,) codes of a column: its values where they are few, else fifths of them; missing ones are one more."""
    missing = torch.isnan(values)
    kept = values[~missing]
    distinct = kept.unique()
    if len(distinct) > BINS:
        distinct = kept.quantile(torch.linspace(0, 1, BINS + 1, dtype=kept.dtype)[1:-1]).unique()
        return torch.bucketize(values.nan_to_num(0.0), distinct).masked_fill(missing, BINS)
    return torch.searchsorted(distinct, values.nan_to_num(0.0)).clamp(max=BINS - 1).masked_fill(missing, BINS)


def strength(a: Tensor, b: Tensor, chance: float = CHANCE) -> float:
    """V of two columns' codes where chance seldom makes (1) as large, else 0."""
    table = torch.zeros(BINS + 1, BINS + 1, dtype=torch.float64)
    table.index_put_((a, b), torch.ones(len(a), dtype=torch.float64), accumulate=True)
    table = table[table.sum(1) > 0][:, table.sum(0) > 0]
    n, degrees = table.sum(), (table.shape[0] - 1) * (table.shape[1] - 1)
    if degrees < 1:
        return 0.0
    expected = table.sum(1, keepdim=True) * table.sum(0, keepdim=True) / n
    g = float(2 * torch.special.xlogy(table, table / expected).sum())  # (1)
    squares = float(((table - expected) ** 2 / expected).sum() / n)
    return math.sqrt(squares / (min(table.shape) - 1)) if float(chi2.sf(g, degrees)) < chance else 0.0  # (2)


def partner(columns: Tensor, place: int, among: Iterable[int]) -> Partner | None:
    """Which of these columns of (N, D) the one at this place depends on most, where there is no doubt that it does."""
    own, others = binned(columns[:, place]), [other for other in among if other != place]
    found = [Partner(other, strength(own, binned(columns[:, other]))) for other in others]
    best = max(found, key=lambda partner: partner.strength, default=None)
    return best if best is not None and best.strength > WEAK else None
