"""Ten EM steps of a mixture of 16 full Gaussians on 100,000 rows of 20 reals, against scikit-learn's GaussianMixture.

Both start from the same means, weights and covariances, and end, after ten steps, in the same place. Ours is the family
itself, its statistics in float64, with the moments of the data that its first pass takes.
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
from sklearn.mixture import GaussianMixture as TheirMixture

from likely import GaussianMixture
from likely.distributions.covariance import Full
from likely.families.gaussian_mixture import GaussianMixtureModel
from likely.spaces import reals

ROWS, WIDTH, COMPONENTS, STEPS = 100_000, 20, 16, 10
FAMILY = GaussianMixture(
    components=COMPONENTS, covariance=Full(), passes=STEPS, tolerance=0.0, strength=0.0, floor=1e-7
)


@cache
def data() -> np.ndarray:
    """Sixteen round clumps."""
    rng = np.random.default_rng(0)
    means = 3 * rng.standard_normal((COMPONENTS, WIDTH))
    return means[rng.integers(0, COMPONENTS, ROWS)] + rng.standard_normal((ROWS, WIDTH))


def start() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Equal weights, some rows as means, a round covariance of about the data's size."""
    places = np.random.default_rng(1).choice(ROWS, COMPONENTS, replace=False)
    even = torch.full((COMPONENTS,), 1 / COMPONENTS, dtype=torch.float64)
    round_one = 9 * torch.eye(WIDTH, dtype=torch.float64)
    return even, torch.from_numpy(data())[places], round_one.repeat(COMPONENTS, 1, 1)


def our_steps(dtype: torch.dtype = torch.float64) -> GaussianMixtureModel:
    """The mixture after ten steps."""
    x, model = torch.from_numpy(data()).to(dtype), FAMILY.build(reals(WIDTH))
    model.start(*start())
    model.observe(x)
    while model.finish():
        model.observe(x)
    return model


def our_score(dtype: torch.dtype = torch.float64) -> Callable[[], torch.Tensor]:
    """log p of every row, and nothing counted."""
    x, model = torch.from_numpy(data()).to(dtype), our_steps()
    return lambda: model.log_prob(x)


def their_model() -> TheirMixture:
    """scikit-learn's mixture, told to start where ours does and to take as many steps."""
    weight, mean, covariance = (part.numpy() for part in start())
    return TheirMixture(
        COMPONENTS,
        max_iter=STEPS,
        tol=0.0,
        reg_covar=1e-6,
        weights_init=weight,
        means_init=mean,
        precisions_init=np.linalg.inv(covariance),
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
            Form("likely, float32 cells", lambda: lambda: our_steps(torch.float32)),
            Form("scikit-learn", lambda: lambda: their_model().fit(data()), target=2.8),
        ],
    )
    bench.race(
        "log-density of every row",
        [
            Form("likely", our_score),
            Form("likely, float32 cells", lambda: our_score(torch.float32)),
            Form("scikit-learn", their_score, target=4.0),
        ],
    )
    theirs, ours = their_model().fit(data()), our_steps()
    told, wanted = ours.log_prob(torch.from_numpy(data())).numpy(), theirs.score_samples(data())
    bench.check(
        "largest difference of a mean",
        float(np.abs(theirs.means_ - ours.law.components.mean.numpy()).max()),
        below=1e-5,
    )
    bench.check(
        "largest relative difference of a row's log-density", float(np.abs(told / wanted - 1).max()), below=1e-5
    )
    bench.check("relative difference of the log-likelihood", float(abs(told.mean() / wanted.mean() - 1)), below=1e-5)
    bench.write()
