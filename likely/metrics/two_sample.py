"""Can boosted trees tell synthetic rows from real ones? The cross-validated area under the ROC curve: 0.5 is ideal."""

from typing import Any

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict

from likely.data import Images, Rows
from likely.metrics.features import categorical, codes, features
from likely.metrics.measure import Measure

Array = np.ndarray[Any, Any]
MOST = 5000  # rows a side
MOST_LEVELS = 250  # categories a tree splits as such; more are taken as numbers


def two_sample(real: Rows, synthetic: Rows, *, folds: int = 5, seed: int = 0) -> Measure:
    """Area under the curve of trees that tell the two apart, each row judged by trees that never saw it."""
    a, b, kinds = _matrices(real, synthetic)
    size = min(len(a), len(b), MOST)  # equal sides, so that 0.5 means what it says
    rng = np.random.default_rng(seed)
    a, b = a[rng.permutation(len(a))[:size]], b[rng.permutation(len(b))[:size]]
    x, y = np.concatenate([a, b]), np.repeat([0, 1], size)
    value = _area(x, y, kinds, min(folds, size), seed)
    error = hanley_mcneil(value, size, size)
    return Measure("two-sample AUC", value, max(value - 1.96 * error, 0.0), min(value + 1.96 * error, 1.0), (size, size), 0.5,
                   "boosted trees told synthetic from real, cross-validated")  # fmt: skip


def _matrices(real: Rows, synthetic: Rows) -> tuple[Array, Array, list[bool]]:
    if isinstance(real, Images):
        a, b = features(real, synthetic, width=64)
        return a, b, [False] * a.shape[1]
    a, b = codes(real, synthetic)
    return a, b, [kind and np.nanmax(a[:, j], initial=0) < MOST_LEVELS for j, kind in enumerate(categorical(real))]


def _area(x: Array, y: Array, kinds: list[bool], folds: int, seed: int) -> float:
    if folds < 2:
        return float("nan")
    trees = HistGradientBoostingClassifier(max_iter=100, categorical_features=kinds, random_state=seed)
    judged = StratifiedKFold(folds, shuffle=True, random_state=seed)
    return float(roc_auc_score(y, cross_val_predict(trees, x, y, cv=judged, method="predict_proba")[:, 1]))


def hanley_mcneil(area: float, positives: int, negatives: int) -> float:
    """The standard error of an area under the ROC curve (Hanley & McNeil 1982)."""
    q1, q2 = area / (2 - area), 2 * area**2 / (1 + area)
    spread = area * (1 - area) + (positives - 1) * (q1 - area**2) + (negatives - 1) * (q2 - area**2)
    return float(np.sqrt(max(spread, 0.0) / (positives * negatives)))
