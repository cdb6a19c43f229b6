"""Did the model learn, or does it repeat its training rows?"""

from typing import Any

import numpy as np

from likely.data import Rows
from likely.metrics.features import PLAIN, features, keys, sampled
from likely.metrics.measure import Measure, share
from likely.metrics.neighbours import nearest
from likely.metrics.thread import one_thread

Array = np.ndarray[Any, Any]
MOST = 5000


def copies(learned: Rows, held_out: Rows, synthetic: Rows) -> Measure:
    """The share of synthetic rows that equal some learned row, cell by cell."""
    known = keys(learned)
    repeats = float(np.isin(keys(held_out), known).mean())  # what rows that nobody copied get
    note = "synthetic rows equal to a row learned from; the ideal is the share of unseen real rows that are"
    return share("copies", np.isin(keys(synthetic), known), (len(learned), len(synthetic)), repeats, note).within(
        "privacy"
    )


def nearer(learned: Rows, held_out: Rows, synthetic: Rows, *, seed: int = 0) -> Measure:
    """The share of synthetic rows that lie nearer to a learned row than to an unseen real one.

    Both sides are cut to one size: with equal sizes an honest model's rows are as often nearer to the one as to the
    other. Synthetic rows around one real row are near it or not together, so they count as one for the interval.
    """
    size = min(len(learned), len(held_out), MOST)
    parts = sampled(learned, size, seed), sampled(held_out, size, seed + 1), sampled(synthetic, MOST, seed + 2)
    a, b, c = features(*parts)
    with one_thread():
        (place_a, far_a), (place_b, far_b) = nearest(c, a), nearest(c, b)
    ties = np.random.default_rng(seed).random(len(c)) < 0.5
    hits = np.where(far_a == far_b, ties, far_a < far_b)
    effective = independent_rows(hits, np.where(hits, place_a, size + place_b))
    note = "synthetic rows nearer to a row learned from than to an unseen one"
    return share("nearer to training", hits, (size, len(c)), 0.5, note, effective=effective).within(
        "privacy", PLAIN.name
    )


def independent_rows(hits: Array, groups: Array) -> float:
    """How many independent rows would leave the share as uncertain as these, which come in groups."""
    p, n = hits.mean(), len(hits)
    sums = np.bincount(groups, weights=hits - p)
    spread = float((sums**2).sum()) / n**2
    return min(p * (1 - p) / spread, n) if spread > 0 else float(len(np.unique(groups)))
