"""Rows filled a part at a time, so that their particles fit in memory; each row's noise stays its own."""

from collections.abc import Callable

import torch
from torch import Tensor

from likely.contracts import Filled
from likely.rng import Keyed, Rng

Fill = Callable[[slice, Rng], Filled]  # some of the rows, with their own noise


def in_parts(rows: int, size: int, fill: Fill, *, rng: Rng) -> Filled:
    """All rows, so many at a time."""
    size = max(1, size)
    if rows <= size:
        return fill(slice(rows), rng)
    parts = [slice(at, min(rows, at + size)) for at in range(0, rows, size)]
    return joined([fill(at, _own(rng, at)) for at in parts])


def _own(rng: Rng, at: slice) -> Rng:
    if not isinstance(rng, Keyed):
        return rng.fork(at.start)
    return rng.at(rng.rows + at.start if isinstance(rng.rows, int) else rng.rows[at])


def joined(parts: list[Filled]) -> Filled:
    """One after the other."""
    told = [part.log_evidence for part in parts if part.log_evidence is not None]
    evidence = torch.cat(told) if len(told) == len(parts) else None
    return Filled(torch.cat([part.x for part in parts]), torch.cat([part.share for part in parts]), evidence)


def of(c: Tensor | None, at: slice) -> Tensor | None:
    """The conditions of some rows."""
    return None if c is None else c[at]
