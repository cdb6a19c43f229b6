r"""Variable elimination: sums over a product of tables, one variable at a time.

    p(e) = sum_z prod_f f(z_f)                                                                (1)
    m(z_c) = sum_{z_d} prod_{f with d} f(z_f):   one variable d fewer                         (2)
    z_d ~ prod_{f with d} f(z_d | z_c): backwards, a draw from p(z | e)                       (3)

Along a tree, leaves first, it is message passing; on another graph the tables grow with its width. Everything is in
logarithms, and rows are apart: a table that is the same for all rows is kept once. (Zhang & Poole, 1994)
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Factor:
    """log f over the states of some variables: (B or 1, *sizes), those that are eliminated later first."""

    scope: tuple[int, ...]
    log: Tensor


@dataclass(frozen=True)
class Bucket:
    """What held a variable when it was eliminated."""

    variable: int
    context: tuple[int, ...]
    own: Tensor  # (B, states)
    rest: Tensor | None  # (B or 1, *context, states)


def eliminated(factors: Sequence[Factor], own: Sequence[Tensor], order: Sequence[int]) -> tuple[Tensor, list[Bucket]]:
    """log p(e) of each row (1), and the buckets to draw from; `own` is log of each variable's evidence (B, states)."""
    place = {d: at for at, d in enumerate(order)}
    waiting: dict[int, list[Factor]] = {d: [] for d in order}
    for factor in factors:
        waiting[min(factor.scope, key=place.__getitem__)].append(factor)
    total, buckets = torch.zeros_like(own[0][:, 0]), []
    for d in order:
        bucket = _bucket(d, waiting.pop(d), own[d], place)
        message = _summed(bucket)  # (2)
        if bucket.context:
            waiting[bucket.context[-1]].append(Factor(bucket.context, message))
        else:
            total = total + message
        buckets.append(bucket)
    return total, buckets


def _bucket(d: int, factors: list[Factor], own: Tensor, place: dict[int, int]) -> Bucket:
    """The factors that hold d, multiplied: those of d alone, and the rest."""
    scope = sorted({e for factor in factors for e in factor.scope} | {d}, key=place.__getitem__, reverse=True)
    rest = None
    for factor in factors:
        if factor.scope == (d,):
            own = own + factor.log
        else:
            sizes = dict(zip(factor.scope, factor.log.shape[1:], strict=True))
            log = factor.log.reshape(len(factor.log), *(sizes.get(e, 1) for e in scope))
            rest = log if rest is None else rest + log
    return Bucket(d, tuple(scope[:-1]), own, rest)


def _summed(bucket: Bucket) -> Tensor:
    """(2) of one bucket: a matrix product where the rest is the same for all rows."""
    own, rest = bucket.own, bucket.rest
    if rest is None:
        return own.logsumexp(1)
    if len(rest) > 1:
        return (rest + own.reshape(len(own), *[1] * (rest.dim() - 2), -1)).logsumexp(-1)
    most = own.amax(1, keepdim=True).clamp(min=-1e300)
    told = ((own - most).exp() @ rest.exp().reshape(-1, rest.shape[-1]).T).log() + most
    return told.reshape(len(own), *rest.shape[1:-1])


def drawn(buckets: Sequence[Bucket], level: Tensor) -> Tensor:
    """States (B, D) from p(z | e) (3), by one uniform for each (B, D)."""
    state = torch.zeros(level.shape, dtype=torch.int64, device=level.device)
    rows = torch.arange(len(level), device=level.device)
    for bucket in reversed(buckets):
        weights = bucket.own
        if bucket.rest is not None:
            first = rows if len(bucket.rest) > 1 else torch.zeros_like(rows)
            weights = weights + bucket.rest[(first, *(state[:, e] for e in bucket.context))]
        state[:, bucket.variable] = inverted(weights, level[:, bucket.variable])
    return state


def inverted(log_weights: Tensor, level: Tensor) -> Tensor:
    """The state (B,) in which this share of the weights (B, states) is reached; where all are impossible, any."""
    possible = torch.isfinite(log_weights).any(1, keepdim=True)
    share = torch.where(possible, log_weights, 0.0).softmax(1).cumsum(1)
    return (share <= level[:, None] * share[:, -1:]).sum(1).clamp(max=log_weights.shape[1] - 1)


def smallest_first(scopes: Sequence[tuple[int, ...]], sizes: Sequence[int]) -> tuple[list[int], float]:
    """An order in which every next variable makes the smallest table, and the largest table made."""
    near: list[set[int]] = [set() for _ in sizes]
    for scope in scopes:
        for d in scope:
            near[d] |= set(scope) - {d}
    left, order, largest = set(range(len(sizes))), [], 1.0
    while left:
        made = {d: math.prod(float(sizes[e]) for e in (d, *near[d])) for d in left}
        d = min(left, key=lambda d: (made[d], d))
        largest, order = max(largest, made[d]), [*order, d]
        left.discard(d)
        for e in near[d]:
            near[e] = (near[e] | near[d]) - {d, e}
    return order, largest
