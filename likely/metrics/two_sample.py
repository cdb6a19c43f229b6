"""Can boosted trees tell synthetic rows from real ones? The cross-validated area under the ROC curve: 0.5 is ideal."""

# scipy's and scikit-learn's hints are narrower than what they take
# pyright: reportCallIssue=false, reportArgumentType=false, reportReturnType=false

from typing import Any

import numpy as np

from likely.data import Rows, Table
from likely.metrics.features import categorical, codes, features, sampled
from likely.metrics.measure import Measure, wilson
from likely.metrics.thread import one_thread

Array = np.ndarray[Any, Any]
MOST = 5000  # rows a side
MOST_LEVELS = 250  # categories a tree splits as such; more are taken as numbers
TREES, LEAVES = (20, 100), 15  # trees grow with the rows
FEWEST = 10  # rows a side below which nothing can be told
STEADY = 400  # rows a side that need no second shuffling into folds


def two_sample(real: Rows, synthetic: Rows, *, folds: int = 5, seed: int = 0) -> Measure:
    """Area under the curve of trees that tell the two apart, each row judged by trees that never saw it."""
    size = min(len(real), len(synthetic), MOST)  # equal sides, so that 0.5 means what it says
    note = "boosted trees told synthetic from real, cross-validated"
    if size < FEWEST:
        return Measure("two-sample AUC", 0.5, 0.0, 1.0, (size, size), 0.5, note).within("two-sample")
    a, b, kinds = _matrices(sampled(real, size, seed), sampled(synthetic, size, seed + 1))
    x, y = np.concatenate([a, b]), np.repeat([0, 1], size)
    with one_thread():
        value = _area(x, y, kinds, folds, seed)
    low, high = interval(value, size)
    return Measure("two-sample AUC", value, low, high, (size, size), 0.5, note).within("two-sample")


def _matrices(real: Rows, synthetic: Rows) -> tuple[Array, Array, list[bool]]:
    if not isinstance(real, Table):
        a, b = features(real, synthetic, width=64)
        return a, b, [False] * a.shape[1]
    a, b = codes(real, synthetic)
    most = np.nanmax(np.concatenate([a, b]), axis=0, initial=0)
    return a, b, [kind and most[j] < MOST_LEVELS for j, kind in enumerate(categorical(real))]


def _area(x: Array, y: Array, kinds: list[bool], folds: int, seed: int) -> float:
    """The area within each fold, averaged: trees of different folds have scores of their own.

    Few rows are shuffled into folds several times, since the area then depends much on the shuffling.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import RepeatedStratifiedKFold

    trees = HistGradientBoostingClassifier(
        max_iter=int(np.clip(len(x) // 8, *TREES)), max_leaf_nodes=LEAVES,
        min_samples_leaf=int(np.clip(len(x) // 40, 2, 20)), early_stopping=False, categorical_features=kinds,
        random_state=seed,
    )  # fmt: skip
    areas, compared = [], []
    times = int(np.clip(2 * STEADY / len(x), 1, 5))
    for learned, judged in RepeatedStratifiedKFold(n_splits=folds, n_repeats=times, random_state=seed).split(x, y):
        told = trees.fit(x[learned], y[learned]).predict_proba(x[judged])[:, 1]
        areas.append(roc_auc_score(y[judged], told))
        compared.append(y[judged].sum() * (1 - y[judged]).sum())
    return float(np.average(areas, weights=compared))


def interval(area: float, size: int) -> tuple[float, float]:
    """95 %: Wilson's, of as many rows as leave Hanley and McNeil's error of half the rows.

    Half, because rows that are judged by trees fitted to the other rows are not independent: halves of one table, told
    apart many times over, spread 1.3 to 1.5 times as much as the error of all rows says. An area of 1 on few rows is
    not certain, so the error is taken half a row inside.
    """
    inside = (area * size + 0.5) / (size + 1)
    return wilson(area, inside * (1 - inside) / hanley_mcneil(inside, size / 2, size / 2) ** 2)


def hanley_mcneil(area: float, positives: float, negatives: float) -> float:
    """The standard error of an area under the ROC curve (Hanley & McNeil 1982)."""
    q1, q2 = area / (2 - area), 2 * area**2 / (1 + area)
    spread = area * (1 - area) + (positives - 1) * (q1 - area**2) + (negatives - 1) * (q2 - area**2)
    return float(np.sqrt(max(spread, 0.0) / (positives * negatives)))
