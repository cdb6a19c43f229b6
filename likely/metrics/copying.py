"""Did the model learn, or does it repeat its training rows?"""

from typing import Any

import numpy as np
from sklearn.neighbors import NearestNeighbors

from likely.data import Rows
from likely.metrics.features import features
from likely.metrics.measure import Measure, share

Array = np.ndarray[Any, Any]
MOST = 5000


def copying(train: Rows, held_out: Rows, synthetic: Rows, *, seed: int = 0) -> dict[str, Measure]:
    """Whether synthetic rows lie nearer to training rows than to unseen real ones, and how many are exact copies.

    The training and held-out sides are cut to one size: with equal sizes an honest model's rows are as often nearer to
    the one as to the other, so the ideal share is 0.5.
    """
    a, b, c = features(train, held_out, synthetic)
    rng, size = np.random.default_rng(seed), min(len(a), len(b), MOST)
    copies = _distances(a, c) <= 1e-9
    a, b = a[rng.permutation(len(a))[:size]], b[rng.permutation(len(b))[:size]]
    to_train, to_held = _distances(a, c), _distances(b, c)
    ties = rng.random(len(c)) < 0.5
    nearer = np.where(to_train == to_held, ties, to_train < to_held)
    repeats = _distances(features(train, held_out)[0], features(train, held_out)[1]) <= 1e-9
    rows = (size, len(c))
    return {
        "nearer to training": share("nearer to training", nearer, rows, 0.5, "synthetic rows nearer to a training row"),
        "copies": share("copies", copies, rows, float(repeats.mean()), "synthetic rows equal to a training row; the ideal is "
                        "the held-out rows' own share"),
    }  # fmt: skip


def _distances(points: Array, queries: Array) -> Array:
    return NearestNeighbors(n_neighbors=1).fit(points).kneighbors(queries)[0][:, 0]
