r"""Tables as papers measure them: SDMetrics' column shapes, column pair trends and detection, each 1 at best.

    shape      mean over columns of 1 - Kolmogorov-Smirnov distance (numbers) or 1 - total variation (categories)   (1)
    trend      mean over pairs of 1 - |rho_x - rho_y| / 2, rho Pearson's (numbers), or 1 - total variation of two-way
               tables, a number in ten bins of equal width between the real ends                                   (2)
    detection  2 (1 - max(AUC, 1/2)), the mean over three stratified folds, of a classifier that tells synthetic rows
               from real ones: a missing cell is a category of its own or the mean of its column, categories are
               one-hot, numbers robustly scaled                                                                    (3)

They say how published tables were made, so that a figure may stand beside theirs: SDMetrics (DataCebo, 2020 - 2024),
SynthCity (Qian et al., 2023), as TabSyn (Zhang et al., 2024), TabDiff (Shi et al., 2025) and arXiv:2603.23016 use them.
They favour nothing for being uncertain: intervals are the jackknife's over rows, or none; `two_sample` is this
library's own. The classifier is logistic regression here; any of scikit-learn's kind may be passed (xgboost's).
"""

# scikit-learn's and pandas' hints are narrower than what they take
# pyright: reportArgumentType=false, reportReturnType=false, reportAttributeAccessIssue=false, reportCallIssue=false

from collections.abc import Callable
from itertools import combinations
from typing import Any

import numpy as np

from likely.data import Table
from likely.metrics.features import categorical, codes
from likely.metrics.marginals import kolmogorov

Array = np.ndarray[Any, Any]
BINS, FOLDS = 10, 3


def shape(real: Table, synthetic: Table) -> float:
    """(1)."""
    (a, b), kinds = codes(real, synthetic), categorical(real)
    return float(np.mean([_shape(x, y, kind) for x, y, kind in zip(a.T, b.T, kinds, strict=True)]))


def _shape(x: Array, y: Array, category: bool) -> float:
    if category:
        return 1 - variation([x], [y])
    x, y = x[np.isfinite(x)], y[np.isfinite(y)]
    return 1 - kolmogorov(x, y) if len(x) and len(y) else 0.0


def trend(real: Table, synthetic: Table) -> float:
    """(2); 1 of a single column, which has no pairs."""
    (a, b), kinds = codes(real, synthetic), categorical(real)
    binned = [_binned(x, y, kind) for x, y, kind in zip(a.T, b.T, kinds, strict=True)]
    found = []
    for i, j in combinations(range(len(kinds)), 2):
        if kinds[i] or kinds[j]:
            found.append(1 - variation(*([binned[at][side] for at in (i, j)] for side in (0, 1))))
        else:
            found.append(1 - abs(_correlation(a[:, i], a[:, j]) - _correlation(b[:, i], b[:, j])) / 2)
    return float(np.mean(found)) if found else 1.0


def _binned(x: Array, y: Array, category: bool) -> tuple[Array, Array]:
    if category:
        return x, y
    edges = np.histogram_bin_edges(x[np.isfinite(x)], bins=BINS)[1:-1]
    return tuple(np.where(np.isnan(side), np.nan, np.digitize(side, edges)) for side in (x, y))


def _correlation(x: Array, y: Array) -> float:
    """Pearson's, where both are there; 0 where either does not vary."""
    seen = np.isfinite(x) & np.isfinite(y)
    if seen.sum() < 2 or not (np.ptp(x[seen]) and np.ptp(y[seen])):
        return 0.0
    return float(np.corrcoef(x[seen], y[seen])[0, 1])


def variation(real: list[Array], synthetic: list[Array]) -> float:
    """The total variation of two tables of choices, given by their columns; missing is one of them."""
    places = np.zeros(len(real[0]) + len(synthetic[0]), int)
    for pair in zip(real, synthetic, strict=True):
        levels, own = np.unique(np.nan_to_num(np.concatenate(pair), nan=-1.0), return_inverse=True)
        places = places * len(levels) + own
    sides = np.split(places, [len(real[0])])
    shares = [np.bincount(side, minlength=int(places.max()) + 1) / len(side) for side in sides]
    return 0.5 * float(np.abs(shares[0] - shares[1]).sum())


def detection(real: Table, synthetic: Table, judge: Callable[[], Any] | None = None, *, seed: int = 0) -> float:
    """(3), by a new classifier for each fold."""
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import StratifiedKFold
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import RobustScaler

    sides = encoded(real, synthetic)
    x, y = np.concatenate(sides), np.repeat([0, 1], [len(side) for side in sides])
    scores = []
    for learned, judged in StratifiedKFold(FOLDS, shuffle=True, random_state=seed).split(x, y):
        made = (judge or LogisticRegression)()
        scorer = make_pipeline(SimpleImputer(keep_empty_features=True), RobustScaler(), made)
        area = roc_auc_score(y[judged], scorer.fit(x[learned], y[learned]).predict_proba(x[judged])[:, 1])
        scores.append(2 * (1 - max(float(area), 0.5)))  # (3)
    return float(np.mean(scores))


def encoded(*tables: Table) -> list[Array]:
    """Numbers as they are, categories of any of the tables one-hot, a missing one like any other."""
    matrices, kinds = codes(*tables), categorical(tables[0])
    columns = []
    for j, category in enumerate(kinds):
        cells = [matrix[:, j] for matrix in matrices]
        levels = np.unique(np.concatenate([np.nan_to_num(each, nan=-1.0) for each in cells])) if category else None
        columns.append([each[:, None] if levels is None else np.nan_to_num(each, nan=-1.0)[:, None] == levels
                        for each in cells])  # fmt: skip
    return [np.concatenate([column[at] for column in columns], 1).astype(float) for at in range(len(tables))]
