"""Gaussian naive Bayes on 1,000,000 rows of 50 reals: fit and predict_log_proba, against scikit-learn's GaussianNB.

Ours reads float32 cells, as a codec makes them; theirs gets float64 (its default) and float32, each in its own form.
`observe` is one call, and 20 calls on chunks of 50,000 rows: reading and hashing a file are not in it.
"""

import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
import torch
from harness import Bench, Form
from sklearn.naive_bayes import GaussianNB

from likely.distributions.feature import Normal
from likely.families.naive_bayes import NaiveBayes, NaiveBayesModel
from likely.spaces import label, reals

ROWS, WIDTH = 1_000_000, 50
LIKE_THEIRS = NaiveBayes(reals=Normal(floor=1e-9), smoothing=0.0, strength=0.0)  # maximum likelihood


@cache
def data(classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Gaussian columns whose means move with the class: float32 and the classes."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, classes, ROWS)
    x = rng.standard_normal((ROWS, WIDTH), dtype=np.float32)
    x += 0.3 * y[:, None].astype(np.float32)
    return x, y


def cells(classes: int) -> tuple[torch.Tensor, torch.Tensor]:
    """The same as a codec hands them over."""
    x, y = data(classes)
    return torch.from_numpy(x), torch.from_numpy(y).float()[:, None]


def fitted(classes: int, family: NaiveBayes = LIKE_THEIRS, rows: int = ROWS) -> NaiveBayesModel:
    """A model that has observed everything, this many rows at a time."""
    model = family.build(reals(WIDTH), label(classes))
    x, c = cells(classes)
    for start in range(0, ROWS, rows):
        model.observe(x[start : start + rows], c[start : start + rows])
    model.finish()
    return model


def our_fit(classes: int, family: NaiveBayes = LIKE_THEIRS, rows: int = ROWS) -> Callable[[], object]:
    """Statistics and law of the million rows."""
    cells(classes)
    return lambda: fitted(classes, family, rows)


def our_predict(classes: int) -> Callable[[], object]:
    """log p(class | row) of the million rows."""
    model, (x, _) = fitted(classes), cells(classes)
    return lambda: model.log_posterior(x)


def their_fit(classes: int, dtype: type) -> Callable[[], object]:
    """scikit-learn's fit on cells of this dtype."""
    x, y = data(classes)
    theirs = x.astype(dtype)
    return lambda: GaussianNB().fit(theirs, y)


def their_predict(classes: int, dtype: type) -> Callable[[], object]:
    """scikit-learn's predict_log_proba on cells of this dtype."""
    x, y = data(classes)
    theirs, model = x.astype(dtype), GaussianNB().fit(x.astype(dtype), y)
    return lambda: model.predict_log_proba(theirs)


def difference(classes: int) -> float:
    """The largest difference of a log-probability from scikit-learn's, which gets float64."""
    (x, y), ours = data(classes), fitted(classes).log_posterior(cells(classes)[0]).numpy()
    return float(np.abs(ours - GaussianNB().fit(x.astype(np.float64), y).predict_log_proba(x.astype(np.float64))).max())


def races(bench: Bench, classes: int, fit: float | None, predict: float | None) -> None:
    """Fit and prediction with these many classes, and the ratios promised for them."""
    bench.race(
        f"fit, {classes} classes",
        [
            Form("likely, one observe", lambda: our_fit(classes)),
            Form("likely, 20 chunks", lambda: our_fit(classes, rows=50_000)),
            Form("likely, default family", lambda: our_fit(classes, NaiveBayes())),
            Form("scikit-learn, float64", lambda: their_fit(classes, np.float64), target=fit),
            Form("scikit-learn, float32", lambda: their_fit(classes, np.float32)),
        ],
    )
    bench.race(
        f"predict_log_proba, {classes} classes",
        [
            Form("likely", lambda: our_predict(classes)),
            Form("scikit-learn, float64", lambda: their_predict(classes, np.float64), target=predict),
            Form("scikit-learn, float32", lambda: their_predict(classes, np.float32)),
        ],
    )
    bench.check(f"largest difference of a log-probability, {classes} classes", difference(classes), below=1e-6)


if __name__ == "__main__":
    bench = Bench("naive_bayes", __doc__, packages=["scikit-learn"])
    races(bench, 2, fit=8, predict=None)
    races(bench, 10, fit=None, predict=15)
    bench.write()
