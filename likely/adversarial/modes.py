r"""The modes of numbers: for each column a mixture of normal laws, of as many as its rows bear out.

    p(t) = sum_k w_k N(t; m_k, s_k^2),     r_k(t) = w_k N(t; m_k, s_k^2) / p(t)                                  (1)
    w_k = E r_k,   m_k = E[r_k t] / w_k,   s_k^2 = E[r_k (t - m_k)^2] / w_k + e                                  (2)
    (w_i + w_j) log s_ij^2 - w_i log s_i^2 - w_j log s_j^2,   what it costs to make i and j one                  (3)
    -2 N E log p(t) + (3 k - 1) log N,                        least for the k that is kept                       (4)

From many modes down to one: the two whose union costs least become one with their moments, and the mixture settles by
(2) again. E is over quantiles of a column, so that the work does not grow with its rows; all columns are one tensor.

    n_v log(n_v / e_v) - (n_v - e_v) > log N,   e_v what the neighbours of the value v lead to expect            (5)

A value that so many rows have is a mode of its own, without width. (3): Runnalls (2007), doi:10.1109/TAES.2007.4383588
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor

POINTS = 512  # quantiles that stand for a column
STEPS = 12  # of (2) for each number of modes
NARROWEST = 0.01  # of a column's spread: what e holds a mode's width above
RATHER = 4  # of the modes one in so many is left to numbers that do not stand alone
EACH = 5  # rows that values are given on average, where all of them are modes of their own
FEWEST = 0.05  # rows that a value is expected to have, at least: one row never stands out


class Mixture(NamedTuple):
    """Modes of every column, (C, k) each; those of weight 0 are none."""

    weight: Tensor
    mean: Tensor
    scale: Tensor


def quantiles(values: Tensor) -> Tensor:
    """(POINTS,) of these values (n,), the middles of equal parts; zeros where there are none."""
    if not len(values):
        return values.new_zeros(POINTS)
    at = (torch.arange(POINTS, device=values.device) + 0.5) / POINTS * len(values)
    return values.sort().values[at.long()]


def modes(points: Tensor, rows: Tensor, most: Tensor) -> Mixture:
    """The mixtures of columns with these quantiles (C, POINTS), of so many rows (C,); at most `most` modes (C,)."""
    highest = int(most.max())
    floor = NARROWEST * points.std(1, keepdim=True).clamp(min=1e-6)
    mixture = _begun(points, highest, floor)
    best, least = mixture, torch.full_like(points[:, 0], math.inf)
    for k in range(highest, 0, -1):
        mixture, fit = _settled(points, mixture, floor)
        cost = -2 * rows * fit + (3 * k - 1) * rows.clamp(min=2).log()  # (4)
        better = (cost < least) & (most >= k)
        best, least = _chosen(better, mixture, best), torch.where(better, cost, least)
        mixture = _united(mixture) if k > 1 else mixture
    return best


def _begun(points: Tensor, k: int, floor: Tensor) -> Mixture:
    """Modes at even quantiles, as wide as they are apart."""
    mean = points[:, ((torch.arange(k, device=points.device) + 0.5) / max(k, 1) * points.shape[1]).long()]
    wide = (points[:, -1:] - points[:, :1]) / (2 * max(k, 1))
    apart = torch.cat([wide, mean.diff(dim=1), wide], 1).unfold(1, 2, 1).amax(2) if k else mean
    return Mixture(torch.full_like(mean, 1 / max(k, 1)), mean, torch.maximum(apart, floor))


def _settled(points: Tensor, mixture: Mixture, floor: Tensor) -> tuple[Mixture, Tensor]:
    """The mixture after its steps, and E log p of every column."""
    fit = points[:, 0]
    for _ in range(STEPS):
        share, fit = shares(points, mixture)
        weight = share.mean(1).clamp(min=1e-12)
        mean = (share * points[..., None]).mean(1) / weight
        variance = (share * (points[..., None] - mean[:, None]).square()).mean(1) / weight  # (2)
        mixture = Mixture(weight, mean, (variance + floor.square()).sqrt())
    return mixture, fit


def shares(points: Tensor, mixture: Mixture) -> tuple[Tensor, Tensor]:
    """r of every value (C, n, k), and the mean of log p (C,)."""
    joint = log_joint(points, mixture)
    top = joint.amax(2, keepdim=True)
    weight = (joint - top).clamp(min=-60.0).exp()  # exp is slow far below
    total = weight.sum(2, keepdim=True)
    return weight / total, (top + total.log())[..., 0].mean(1)  # (1)


def log_joint(points: Tensor, mixture: Mixture) -> Tensor:
    """log w_k N(t; m_k, s_k^2) up to a constant: (C, n, k) of values (C, n)."""
    weight, mean, scale = (part[:, None] for part in mixture)
    return (weight / scale).log() - 0.5 * ((points[..., None] - mean) / scale).square()


def _united(mixture: Mixture) -> Mixture:
    """One mode less: the pair of every column whose union costs least is one mode with its moments."""
    weight, mean, variance = mixture.weight, mixture.mean, mixture.scale.square()
    w = weight[:, :, None] + weight[:, None]
    apart = (mean[:, :, None] - mean[:, None]).square()
    both = weight[:, :, None] * weight[:, None] / w.square() * apart
    v = (weight[:, :, None] * variance[:, :, None] + weight[:, None] * variance[:, None]) / w + both
    m = (weight[:, :, None] * mean[:, :, None] + weight[:, None] * mean[:, None]) / w
    own = weight * variance.log()
    cost = w * v.log() - own[:, :, None] - own[:, None]  # (3)
    k = weight.shape[1]
    later = torch.ones(k, k, dtype=torch.bool, device=weight.device).triu(1)
    pair = cost.masked_fill(~later, math.inf).flatten(1).argmin(1, keepdim=True)
    first, second = pair // k, pair % k
    kept = torch.arange(k - 1, device=weight.device).expand(len(weight), -1)
    kept = kept + (kept >= second).long()

    def less(values: Tensor, united: Tensor) -> Tensor:
        return values.gather(1, kept).scatter(1, first, united.flatten(1).gather(1, pair))

    return Mixture(less(weight, w), less(mean, m), less(variance, v).sqrt())


def _chosen(better: Tensor, found: Mixture, before: Mixture) -> Mixture:
    """Column by column the one or the other, with as many places as the widest."""
    short = before.weight.shape[1] - found.weight.shape[1]
    wide = [torch.nn.functional.pad(part, (0, short), value=fill) for part, fill in zip(found, (0.0, 0.0, 1.0))]
    return Mixture(*(torch.where(better[:, None], new, old) for new, old in zip(wide, before)))


def alone(values: Tensor, most: int, *, whole: bool) -> Tensor:
    """The values that are modes of their own: all where they are few, of whole numbers those that stand out."""
    if not len(values):
        return values
    distinct, rows = values.unique(return_counts=True)
    if len(distinct) <= most and len(values) >= EACH * len(distinct):
        return distinct
    if not whole or len(distinct) < 3:
        return distinct[:0]
    n, near = rows.double(), torch.nn.functional.pad(rows.double(), (1, 1))
    ends = torch.cat([distinct[:1] - 1, distinct, distinct[-1:] + 1]).double()
    expected = ((near[:-2] + near[2:]) / (ends[2:] - ends[:-2])).clamp(min=FEWEST)
    gain = torch.where(n > expected, n * (n / expected).log() - (n - expected), 0.0)  # (5)
    best = gain.argsort(descending=True)[: most - max(1, most // RATHER)]
    return distinct[best[gain[best] > math.log(len(values))]]
