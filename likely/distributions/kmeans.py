r"""Points to start from: k-means++ seeds, settled by Lloyd's steps.

A seed is drawn with probability proportional to its squared distance from the seeds before it, the best of a few draws
being kept; then every seed moves to the mean of the points nearest to it. k-means++ (Arthur & Vassilvitskii, 2007)
"""

import math

import torch
from torch import Tensor

from likely.rng import Rng

STEPS = 20  # Lloyd's, at most


def seeds(points: Tensor, k: int, rng: Rng) -> Tensor:
    """k of the points (n, E), far from each other: (k, E)."""
    first = rng.integers(len(points), (1,), like=points)
    chosen = [points[first[0]]]
    least = (points - chosen[0]).square().sum(1)
    for _ in range(1, k):
        tried = rng.categorical(least.clamp(min=1e-300).log().expand(2 + int(math.log(k)), -1))
        each = torch.minimum(least, distances(points, points[tried]).T)  # (tries, n)
        best = int(each.sum(1).argmin())
        chosen.append(points[tried[best]])
        least = each[best]
    return torch.stack(chosen)


def settled(points: Tensor, centres: Tensor) -> Tensor:
    """The centres after Lloyd's steps; one that no point is nearest to stays."""
    before = None
    for _ in range(STEPS):
        near = distances(points, centres).argmin(1)
        if before is not None and torch.equal(near, before):
            break
        member = torch.nn.functional.one_hot(near, len(centres)).to(points.dtype)
        count = member.sum(0)[:, None]
        centres = torch.where(count > 0, member.T @ points / count.clamp(min=1), centres)
        before = near
    return centres


def distances(points: Tensor, centres: Tensor) -> Tensor:
    """Squared, (n, k)."""
    return (points.square().sum(1)[:, None] - 2 * points @ centres.T + centres.square().sum(1)).clamp_(min=0)
