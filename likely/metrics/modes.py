r"""A census of modes: which modes of a law a sample visits, how evenly, and how much of it is near any.

With q_k the share of a sample in mode k of K, and p_k the law's own,

    reverse KL = sum_k q_k log(q_k / p_k)                                                              (1)

which is 0 where all modes are visited as they should be, log K where only one of K equal ones is, and about
(K - 1) / 2N for N draws of the law itself. A point is of the mode that is nearest, and good within three standard
deviations of it (of a Gaussian's own draws in the plane 98.9 % are). PacGAN (Lin et al., 2018), arXiv:1712.04086
"""

from dataclasses import dataclass
from typing import Any, final

import numpy as np

Array = np.ndarray[Any, Any]
WITHIN = 3.0  # standard deviations


@final
@dataclass(frozen=True)
class Census:
    """How many of so many rows are of each mode, and how many of these are good."""

    counts: Array  # (K,) rows of each mode
    good: Array  # (K,) of them, near it
    rows: int

    @property
    def modes(self) -> int:
        """Modes with at least one good row."""
        return int((self.good > 0).sum())

    @property
    def good_share(self) -> float:
        return float(self.good.sum() / self.rows)

    @property
    def reverse_kl(self) -> float:
        """(1), of modes that are equally likely, every row counted."""
        return reverse_kl(self.counts)

    @property
    def reverse_kl_good(self) -> float:
        """The same, where only good rows are counted."""
        return reverse_kl(self.good)


def census(points: Array, centres: Array, spread: float) -> Census:
    """Points (N, D) beside the centres (K, D) of modes with this standard deviation."""
    away = np.linalg.norm(points[:, None] - centres[None], axis=-1)
    nearest, near = away.argmin(1), away.min(1) < WITHIN * spread
    counts = [np.bincount(nearest[of], minlength=len(centres)) for of in (np.ones_like(near), near)]
    return Census(counts[0], counts[1], len(points))


def reverse_kl(counts: Array, share: Array | None = None) -> float:
    """(1) in nats, from rows counted in each mode; modes are equally likely unless their shares are given."""
    total = counts.sum()
    if not total:
        return float("inf")
    q, p = counts / total, np.full(len(counts), 1 / len(counts)) if share is None else share
    there = q > 0
    return float((q[there] * np.log(q[there] / p[there])).sum())  # (1)


def expected_reverse_kl(modes: int, rows: int) -> float:
    """About what (1) is of rows drawn from the law itself: chi-squared over 2 N."""
    return (modes - 1) / (2 * rows)
