"""Samples: the same for the same seed, each row on its own, and inside the space."""

import torch
from torch import Tensor

from likely.certificates.certificate import Seen
from likely.certificates.clock import Clock
from likely.certificates.subject import SAMPLED, Subject
from likely.contracts import Space
from likely.spaces import Category, Column, Image, Real, Series, Tokens, Vector, Wave

ROWS, ALONE = 24, 7
FEWEST = 8  # different rows in a sample, for two samples never to be equal by chance
MOVED = 0.15  # the share of rows that rounding may move over an edge (a choice, a count)


def same_seed(subject: Subject, clock: Clock) -> Seen:
    """One seed gives one sample; another seed another."""
    first, again, other = (subject.drawn(ROWS, subject.model, clock, seed=seed) for seed in (0, 0, 1))
    rows = min(map(len, (first, again, other)))  # fewer where time is short
    if stays_put(first[:rows], other[:rows]):
        return Seen(1.0, MOVED, "another seed gives the same sample")
    value = apart(first[:rows], again[:rows])
    return Seen(value, MOVED, f"{value:.0%} of {rows} rows differ when drawn again")


def stays_put(one: Tensor, other: Tensor) -> bool:
    """Two samples of different seeds are the same, though their rows differ among themselves."""
    told = nan_free(one)
    return len(told.flatten(1).unique(dim=0)) >= FEWEST and torch.equal(told, nan_free(other))


def alone(subject: Subject, clock: Clock) -> Seen:
    """Row i depends on the seed and i alone."""
    many = subject.lift.down(subject.drawn(ALONE + 1, subject.model, clock))
    rng, at = subject.rng.fork(SAMPLED).fork(0), torch.arange(ALONE)
    with torch.no_grad():
        few = subject.lift.down(subject.model.sample(ALONE, subject.conditions(at, subject.model), rng=rng))
    value = apart(many[:ALONE], few[: len(many)])
    return Seen(value, MOVED, f"{value:.0%} of the first {ALONE} rows differ in a smaller sample")


def inside(subject: Subject, clock: Clock) -> Seen:
    """Codes, counts and levels are those that exist; nothing is infinite; missing only where it can be."""
    cells = subject.lift.down(subject.drawn(ROWS, subject.model, clock))
    wrong = outside(cells, subject.codec.space)
    value = float(wrong.double().mean())
    return Seen(value, 0.0, f"{value:.1%} of the cells of {len(cells)} drawn rows are not in the space")


def apart(one: Tensor, other: Tensor) -> float:
    """The share of rows that differ by more than rounding."""
    near = torch.isclose(one.double(), other.double(), rtol=1e-3, atol=1e-3, equal_nan=True)
    return float(1 - near.flatten(1).all(1).double().mean())


def outside(cells: Tensor, space: Space) -> Tensor:
    """Which cells are not in the space, in the cells' shape."""
    match space:
        case Vector(columns=columns):
            return torch.stack([_strange(cells[:, place], column) for place, column in enumerate(columns)], 1)
        case Image(levels=int(levels)) | Wave(levels=int(levels)):
            return ~((cells == cells.round()) & (cells >= 0) & (cells < levels))
        case Series(levels=levels, missing=missing):
            return _strange(cells, Real((), missing) if levels is None else Category(levels, missing))
        case Tokens(vocabulary=vocabulary):
            return (cells < -1) | (cells >= vocabulary)
    return ~torch.isfinite(cells)


def _strange(cells: Tensor, column: Column) -> Tensor:
    missing = torch.isnan(cells)
    if isinstance(column, Real):
        right = torch.isfinite(cells)
    else:
        right = (cells == cells.round()) & (cells >= 0) & torch.isfinite(cells)
    if isinstance(column, Category):
        right &= cells < column.k
    return ~torch.where(missing, torch.full_like(missing, column.missing), right)


def nan_free(cells: Tensor) -> Tensor:
    """Missing cells as a number, so that they equal one another."""
    return cells.nan_to_num(nan=-99.0) if cells.is_floating_point() else cells
