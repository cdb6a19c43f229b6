"""Kernel density estimation: 5,000 queries on 20,000 rows of 10 reals, against scikit-learn and scipy.

With scikit-learn the bandwidth is 0.5 in every column; with scipy, which whitens by the covariance, the columns are
whitened first, so that the two estimates are the same. Ours in float32 cells, as a codec makes them, and in float64.
"""

import math
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
import torch
from harness import Bench, Form
from scipy.stats import gaussian_kde
from sklearn.neighbors import KernelDensity

from likely.distributions.kernels import Bandwidth, Fixed, Likelihood, Scott
from likely.families.kde import KDE, KDEModel
from likely.spaces import reals

ROWS, QUERIES, WIDTH = 20_000, 5_000, 10


@cache
def data() -> tuple[np.ndarray, np.ndarray]:
    """Four clumps of correlated columns: rows and queries."""
    rng = np.random.default_rng(0)
    turn = rng.standard_normal((WIDTH, WIDTH)) / 3
    drawn = [rng.standard_normal((n, WIDTH)) @ turn + 2 * rng.integers(0, 4, n)[:, None] for n in (ROWS, QUERIES)]
    return drawn[0], drawn[1]


@cache
def white() -> tuple[np.ndarray, np.ndarray]:
    """The same with a covariance of one."""
    x, q = data()
    root = np.linalg.cholesky(np.cov(x.T))
    return np.linalg.solve(root, x.T).T, np.linalg.solve(root, q.T).T


def fitted(x: np.ndarray, bandwidth: Bandwidth, dtype: torch.dtype) -> KDEModel:
    """A model of these rows."""
    model = KDE(bandwidth=bandwidth).build(reals(WIDTH))
    model.observe(torch.from_numpy(x).to(dtype))
    model.finish()
    return model


def ours(pair: tuple[np.ndarray, np.ndarray], bandwidth: Bandwidth, dtype: torch.dtype) -> Callable[[], object]:
    """The log-density of the pair's queries under the pair's rows."""
    model, q = fitted(pair[0], bandwidth, dtype), torch.from_numpy(pair[1]).to(dtype)
    return lambda: model.log_prob(q)


def scikit(**options: float | str) -> Callable[[], object]:
    """The same by scikit-learn."""
    model = KernelDensity(bandwidth=0.5, **options).fit(data()[0])
    return lambda: model.score_samples(data()[1])


def scipy() -> Callable[[], object]:
    """The same by scipy, on whitened columns, with its default bandwidth (Scott's)."""
    model = gaussian_kde(white()[0].T)
    return lambda: model.logpdf(white()[1].T)


def direct(x: np.ndarray, q: np.ndarray, width: float) -> np.ndarray:
    """The definition in float64, row by row: no expansion of the square, no clamp."""
    rows, told = torch.from_numpy(x), []
    for one in torch.from_numpy(q):
        told.append(torch.logsumexp(-0.5 * (rows - one).square().sum(1) / width**2, 0))
    return torch.stack(told).numpy() - math.log(len(x)) - WIDTH * (math.log(width) + 0.5 * math.log(2 * math.pi))


def difference(bench: Bench, name: str, pair: tuple[np.ndarray, np.ndarray], bandwidth: Bandwidth) -> None:
    """Ours in float32 against the definition in float64."""
    model = fitted(pair[0], bandwidth, torch.float32)
    exact = direct(*pair, float(model.width[0]))
    apart = np.abs(ours(pair, bandwidth, torch.float32)().numpy() - exact)
    bench.check(
        f"largest relative difference from the definition, {name}", float((apart / np.abs(exact)).max()), below=1e-5
    )


if __name__ == "__main__":
    bench = Bench("kde", __doc__, packages=["scikit-learn", "scipy"])
    fixed = Fixed(width=0.5)
    bench.race(
        "log-density of 5,000 queries, bandwidth 0.5",
        [
            Form("likely", lambda: ours(data(), fixed, torch.float32)),
            Form("likely, float64 cells", lambda: ours(data(), fixed, torch.float64)),
            Form("scikit-learn", scikit, target=30),
            Form("scikit-learn, rtol=1e-4", lambda: scikit(rtol=1e-4)),
        ],
    )
    difference(bench, "bandwidth 0.5", data(), fixed)
    bench.race(
        "log-density of 5,000 queries, Scott's rule on whitened columns",
        [
            Form("likely", lambda: ours(white(), Scott(), torch.float32)),
            Form("scipy", scipy, target=30),
        ],
    )
    difference(bench, "Scott's rule", white(), Scott())
    apart = np.abs(ours(white(), Scott(), torch.float64)().numpy() - scipy()())
    bench.check("largest difference from scipy's log-density, float64", float(apart.max()), below=1e-4)
    bench.race(
        "fit on 20,000 rows, bandwidth by leave-one-out likelihood",
        [Form("likely", lambda: lambda: fitted(data()[0], Likelihood(), torch.float32))],
    )
    bench.write()
