"""Which bin of a spline holds each cell, and the gradient of a bin's numbers spread over all parameters.

Each is written twice: on whole arrays, a few calls for all bins, and bin by bin on rows, which a compiler fuses into a
single pass over memory. The two agree to rounding; `torch.compiler.is_compiling` chooses.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache, reduce
from itertools import accumulate
from typing import NamedTuple, final

import torch
from torch import Tensor

LEAST = 1e-3  # the smallest share of a bin
STEEP = math.log(1e3)  # the log-slopes at the knots stay within this


@final
@dataclass(frozen=True)
class Frame:
    """K bins on [-T, T]."""

    bins: int
    tail: float

    @property
    def least(self) -> float:
        """The width that each bin has at least."""
        return 2 * self.tail * LEAST

    @property
    def spare(self) -> float:
        """What the softmax's shares divide among the bins."""
        return 2 * self.tail * (1 - self.bins * LEAST)


class Bin(NamedTuple):
    """The bin of each cell. Along dimension 1: x and z (of the slopes: at the left and the right knot)."""

    start: Tensor  # (A, 2, n): x_k, z_k
    size: Tensor  # (A, 2, n): w_k, h_k
    slope: Tensor  # (A, 2, n): d_k, d_{k+1}


class Place(NamedTuple):
    """Which bin it is, on whole arrays."""

    shares: Tensor  # (A, 2, K, n): widths and heights as shares
    passed: Tensor  # (A, K + 1, n): 1 where the cell lies beyond the left end of bin k, else 0


# On whole arrays


def locate(v: Tensor, parameters: Tensor, frame: Frame, axis: int) -> tuple[Bin, Place]:
    """The bin of each v, which lies in [-T, T], seen along x (axis 0) or z (axis 1)."""
    bins, (groups, _, n) = frame.bins, parameters.shape
    shares = parameters[:, : 2 * bins].unflatten(1, (2, bins)).softmax(2)
    with torch.autocast(v.device.type, enabled=False):
        knots = torch.matmul(_staircase(frame, v.dtype, v.device), shares)  # (A, 2, K, n): the left end of each bin
    passed = v.new_empty(groups, bins + 1, n)
    passed[:, 0].fill_(1)
    passed[:, bins].zero_()
    inner = passed[:, 1:bins]
    torch.ge(v.unsqueeze(1), knots[:, axis, 1:], out=inner)  # as reals: masks are multiplied
    k = inner.sum(1, keepdim=True).long()
    start, size = _pick(k, (0, bins), knots, shares)
    last = passed[:, bins - 1 : bins]
    top = torch.cat((k, k - last.long()), 1)  # d_K has no row: read another
    ends = torch.cat((passed[:, 1:2], 1 - last), 1)
    raw = _pick(top, (2 * bins - 1, 2 * bins), parameters)[0].mul_(ends)
    return Bin(start, size.mul_(frame.spare).add_(frame.least), _bounded(raw)), Place(shares, passed)


def _pick(k: Tensor, rows: tuple[int, int], *tables: Tensor) -> list[Tensor]:
    """From tables (A, ..., n), for each cell the entries k rows below each of two rows: (A, 2, n) of each table."""
    groups, n = k.shape[0], k.shape[2]
    at = torch.add(_corners(groups, tables[0].numel() // groups, n, rows, k.device), k, alpha=n)
    flat = at.view(-1)
    return [table.reshape(-1).index_select(0, flat).view(at.shape) for table in tables]


@lru_cache(maxsize=8)
def _corners(groups: int, size: int, n: int, rows: tuple[int, int], device: torch.device) -> Tensor:
    """(A, 2, n): where each cell's column enters each of two rows of a table of `size` entries a group."""
    group = torch.arange(groups, device=device)[:, None, None] * size
    return group + torch.tensor(rows, device=device)[:, None] * n + torch.arange(n, device=device)


@lru_cache(maxsize=8)
def _staircase(frame: Frame, dtype: torch.dtype, device: torch.device) -> Tensor:
    """(K, K): left knots from shares, as one matrix (shares sum to 1, so that constants are linear in them)."""
    steps = torch.arange(frame.bins, dtype=dtype, device=device)[:, None] * frame.least
    before = torch.ones(frame.bins, frame.bins, dtype=dtype, device=device).tril_(-1)
    return before.mul_(frame.spare).add_(steps - frame.tail)


def _bounded(raw: Tensor) -> Tensor:
    """Slopes e^{log-slope}, the log-slope within STEEP."""
    return torch.div(raw, STEEP).tanh().mul(STEEP).exp()


def _through(slope: Tensor, gradient: Tensor) -> Tensor:
    """A gradient of slopes as one of their raw parameters."""
    bent = slope.log().div(STEEP)
    return gradient * slope * (1 - bent * bent)


def spread(pieces: Bin, at: Bin, place: Place, frame: Frame) -> Tensor:
    """From the gradient of the bin's numbers to that of all parameters (A, 3 K - 1, n)."""
    bins, passed = frame.bins, place.passed
    groups, _, n = passed.shape
    spreaded = passed.new_empty(groups, 3 * bins - 1, n)
    logits = spreaded[:, : 2 * bins].unflatten(1, (2, bins))
    k = passed[:, 1:bins].sum(1, keepdim=True)
    before = at.start.add(frame.tail).sub_(k, alpha=frame.least)  # what the shares of the bins before amount to
    mean = (pieces.start * before).addcmul_(pieces.size, at.size.sub(frame.least)).unsqueeze(2)
    own, mask = pieces.size.mul(frame.spare).unsqueeze(2), passed.unsqueeze(1)
    torch.mul(mask[:, :, :bins], own, out=logits)
    logits.addcmul_(mask[:, :, 1:], pieces.start.mul(frame.spare).unsqueeze(2).sub_(own)).sub_(mean).mul_(place.shares)
    raw = _through(at.slope, pieces.slope)
    left, right = raw[:, :1], raw[:, 1:]
    slopes = spreaded[:, 2 * bins :]
    torch.mul(passed[:, : bins - 1], right, out=slopes)
    slopes.addcmul_(passed[:, 1:bins], left - right).addcmul_(passed[:, 2:], left, value=-1)
    return spreaded


# Bin by bin


class Steps(NamedTuple):
    """Which bin it is, bin by bin."""

    shares: tuple[list[Tensor], list[Tensor]]  # of x and of z: K rows (A, n)
    beyond: list[Tensor]  # K rows of bool: the cell lies beyond the left end of bin k


def locate_stepwise(v: Tensor, parameters: Tensor, frame: Frame, axis: int) -> tuple[Bin, Steps]:
    """`locate`, row by row."""
    bins, rows = frame.bins, parameters.unbind(1)
    shares = (_shares(rows[:bins]), _shares(rows[bins : 2 * bins]))
    sizes = [[share * frame.spare + frame.least for share in side] for side in shares]
    knots = [list(accumulate(side[:-1], initial=torch.full_like(v, -frame.tail))) for side in sizes]
    beyond = [v >= knot for knot in knots[axis]]
    flat = torch.zeros_like(v)
    raw = [flat, *rows[2 * bins :], flat]
    start, size = (torch.stack([_chosen(side, beyond) for side in both], 1) for both in (knots, sizes))
    slope = torch.stack([_chosen(raw[:-1], beyond), _chosen(raw[1:], beyond)], 1)
    return Bin(start, size, _bounded(slope)), Steps(shares, beyond)


def _shares(logits: Sequence[Tensor]) -> list[Tensor]:
    top = reduce(torch.maximum, logits)
    weights = [(row - top).exp() for row in logits]
    over = reduce(torch.add, weights).reciprocal()
    return [weight * over for weight in weights]


def _chosen(values: Sequence[Tensor], beyond: Sequence[Tensor]) -> Tensor:
    """The value of the last bin whose left end is passed."""
    chosen = values[0]
    for value, passed in zip(values[1:], beyond[1:]):
        chosen = torch.where(passed, value, chosen)
    return chosen


def spread_stepwise(pieces: Bin, at: Bin, place: Steps, frame: Frame) -> Tensor:
    """`spread`, row by row."""
    none = torch.zeros_like(pieces.start[:, 0])
    passed = [none >= 0, *place.beyond[1:], none > 0]
    k = reduce(torch.add, [beyond.to(none.dtype) for beyond in passed[1:-1]])
    rows = []
    for side in (0, 1):
        start, size = pieces.start[:, side], pieces.size[:, side]
        before = at.start[:, side] + frame.tail - k * frame.least
        mean = start * before + size * (at.size[:, side] - frame.least)
        ends = (start * frame.spare - mean, size * frame.spare - mean, -mean)
        rows += [share * _which(passed, i, *ends) for i, share in enumerate(place.shares[side])]
    left, right = _through(at.slope, pieces.slope).unbind(1)
    knots = [torch.where(passed[j + 1], none, _which(passed, j - 1, none, right, none)) for j in range(1, frame.bins)]
    here = [torch.where(passed[j + 1], none, torch.where(passed[j], left, none)) for j in range(1, frame.bins)]
    return torch.stack([*rows, *(a + b for a, b in zip(knots, here))], 1)


def _which(passed: Sequence[Tensor], k: int, after: Tensor, inside: Tensor, before: Tensor) -> Tensor:
    """By where the cell lies: beyond bin k, in it, or before it."""
    return torch.where(passed[k + 1], after, torch.where(passed[k], inside, before))
