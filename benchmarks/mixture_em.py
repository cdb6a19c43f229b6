"""Ten EM steps of a mixture of 16 full Gaussians on 100,000 rows of 20 reals, against scikit-learn's GaussianMixture.

Both start from the same means, weights and covariances, and end, after ten steps, in the same place. Ours is the
additive-statistics kernel alone (`distributions/counted.py`), in float64.
"""

import sys
import warnings
from collections.abc import Callable
from functools import cache
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
import torch
from harness import Bench, Form
from sklearn.mixture import GaussianMixture

from likely.distributions.counted import Gaussians, Quadratic

ROWS, WIDTH, COMPONENTS, STEPS = 100_000, 20, 16, 10


@cache
def data() -> np.ndarray:
    """Sixteen round clumps."""
    rng = np.random.default_rng(0)
    means = 3 * rng.standard_normal((COMPONENTS, WIDTH))
    return means[rng.integers(0, COMPONENTS, ROWS)] + rng.standard_normal((ROWS, WIDTH))


def start() -> Gaussians:
    """Some rows as means, a round covariance of about the data's size."""
    x = torch.from_numpy(data())
    places = np.random.default_rng(1).choice(ROWS, COMPONENTS, replace=False)
    even = torch.full((COMPONENTS,), 1 / COMPONENTS, dtype=torch.float64)
    round_one = 9 * torch.eye(WIDTH, dtype=torch.float64)
    return Gaussians(even.log(), x[places], round_one.repeat(COMPONENTS, 1, 1))


def our_steps() -> Gaussians:
    """The mixture after ten steps."""
    x = torch.from_numpy(data())
    mixture, statistics = start(), Quadratic(COMPONENTS, x.mean(0))
    for _ in range(STEPS):
        statistics.observe(x, mixture)
        mixture = statistics.finish(floor=1e-6)
    return mixture


def our_score() -> Callable[[], torch.Tensor]:
    """log p of every row, and nothing counted."""
    x, mixture = torch.from_numpy(data()), our_steps()
    return lambda: Quadratic(COMPONENTS, x.mean(0)).log_joint(x, mixture).logsumexp(1)


def their_model() -> GaussianMixture:
    """scikit-learn's mixture, told to start where ours does and to take as many steps."""
    from_there = start()
    return GaussianMixture(
        COMPONENTS,
        max_iter=STEPS,
        tol=0.0,
        reg_covar=1e-6,
        weights_init=from_there.log_weight.exp().numpy(),
        means_init=from_there.mean.numpy(),
        precisions_init=np.linalg.inv(from_there.covariance.numpy()),
    )


def their_score() -> Callable[[], object]:
    """scikit-learn's log p of every row."""
    model = their_model().fit(data())
    return lambda: model.score_samples(data())


if __name__ == "__main__":
    warnings.simplefilter("ignore")  # ten steps do not converge, and are not meant to
    bench = Bench("mixture_em", __doc__, packages=["scikit-learn"])
    bench.race(
        "10 EM steps",
        [
            Form("likely", lambda: our_steps),
            Form("scikit-learn", lambda: lambda: their_model().fit(data()), target=2.8),
        ],
    )
    bench.race("log-density of every row", [Form("likely", our_score), Form("scikit-learn", their_score)])
    theirs, mixture = their_model().fit(data()), our_steps()
    bench.check("largest difference of a mean", float(np.abs(theirs.means_ - mixture.mean.numpy()).max()), below=1e-6)
    apart = float(np.abs(theirs.score_samples(data()) - our_score()().numpy()).max())
    bench.check("largest difference of a log-density", apart, below=1e-6)
    bench.write()
