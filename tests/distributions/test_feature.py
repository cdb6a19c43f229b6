"""Laws of a column given a class: against scipy, and their masses and draws against their densities."""

import math

import numpy as np
import pytest
import torch
from scipy import stats

from likely.distributions.feature import Feature, KernelDensity, NegativeBinomial, Normal, Poisson
from likely.distributions.kernels import Epanechnikov, Likelihood, Scott, Silverman
from likely.errors import FieldError
from likely.rng import Keyed

INF = math.inf


def made(feature: Feature, x: torch.Tensor, k: torch.Tensor, strength: float = 0.0, classes: int = 2):
    law = feature.marginals(classes, x.shape[1], strength)
    for part in torch.arange(len(x)).split(37):
        law.observe(x[part], k[part], torch.ones(len(part)), None)
    return law


def sample(kind: str, n: int = 400) -> tuple[torch.Tensor, torch.Tensor]:
    rng = np.random.default_rng(0)
    k = rng.integers(0, 2, n)
    if kind == "real":
        x = rng.standard_normal((n, 2)) * [1, 3] + k[:, None]
    else:
        x = np.stack([rng.poisson(3 + k), rng.negative_binomial(2, 0.2, n)], 1)
    return torch.tensor(x).double(), torch.tensor(k)


def test_normal_columns_are_maximum_likelihood_where_asked() -> None:
    x, k = sample("real")
    joint = made(Normal(floor=0.0), x, k).log_joint(x, None)
    for label in range(2):
        own = x[k == label].numpy()
        wanted = stats.norm(own.mean(0), own.std(0)).logpdf(x.numpy()).sum(1)
        np.testing.assert_allclose(joint[:, label].numpy(), wanted, rtol=1e-10)


def test_poisson_and_negative_binomial_columns_have_their_moments() -> None:
    x, k = sample("count")
    own = x[k == 1].numpy()
    mean, variance = own.mean(0), own.var(0)
    joint = made(Poisson(), x, k).log_joint(x, None)[:, 1]
    np.testing.assert_allclose(joint.numpy(), stats.poisson(mean).logpmf(x.numpy()).sum(1), rtol=1e-9)
    joint = made(NegativeBinomial(), x, k).log_joint(x, None)[:, 1]
    shape = np.where(variance > mean, mean**2 / (variance - mean), 1e9)
    wanted = stats.nbinom(shape, shape / (shape + mean)).logpmf(x.numpy()).sum(1)
    np.testing.assert_allclose(joint.numpy(), wanted, rtol=1e-5)


def test_pseudo_rows_of_the_pooled_column() -> None:
    x, k = sample("real")
    strength = 3.0
    mean, variance = made(Normal(floor=0.0), x, k, strength).law()
    for label in range(2):
        own, pooled = x[k == label], x
        rows = torch.tensor([len(own), strength]).double()
        wanted = (own.mean(0) * rows[0] + pooled.mean(0) * strength) / rows.sum()
        second = (own.square().mean(0) * rows[0] + pooled.square().mean(0) * strength) / rows.sum()
        torch.testing.assert_close(mean[label], wanted)
        torch.testing.assert_close(variance[label], second - wanted.square())


@pytest.mark.parametrize("feature", [Normal(), Poisson(), NegativeBinomial(), KernelDensity()])
@pytest.mark.parametrize("strength", [0.0, 1.0])
def test_a_class_that_was_not_seen_has_the_pooled_law(feature: Feature, strength: float) -> None:
    x, k = sample("count")
    joint = made(feature, x, k, strength, classes=3).log_joint(x[:5], None)
    assert torch.isfinite(joint).all()


@pytest.mark.parametrize("feature", [Normal(), Poisson(), NegativeBinomial(), KernelDensity()])
def test_a_column_that_never_varies_is_finite(feature: Feature) -> None:
    x, k = torch.zeros(9, 1).double(), torch.zeros(9, dtype=torch.int64)
    law = made(feature, x, k)
    assert torch.isfinite(law.log_joint(x, None)[:, 0]).all()
    level = torch.full((4, 1), INF, dtype=torch.float64)
    assert torch.isfinite(law.draw(torch.zeros(4, dtype=torch.int64), -level, level, rng=Keyed(0))).all()


@pytest.mark.parametrize("feature", [Normal(), Poisson(), NegativeBinomial(), KernelDensity(kernel=Epanechnikov())])
def test_cells_that_are_not_counted_are_left_out(feature: Feature) -> None:
    x, k = sample("count")
    law = made(feature, x, k, strength=1.0)
    both, gaps = law.log_joint(x, None), x.clone()
    gaps[:, 1] = math.nan
    first = law.log_joint(gaps, torch.tensor([True, False]).expand(len(x), 2))
    torch.testing.assert_close(law.log_joint(gaps, None), first)
    gaps[:, 0] = math.nan
    assert (law.log_joint(gaps, None) == 0).all()
    second = law.log_joint(x, torch.tensor([False, True]).expand(len(x), 2))
    torch.testing.assert_close(first + second, both)


@pytest.mark.parametrize(
    "feature", [Poisson(), NegativeBinomial(), Normal(), KernelDensity(), KernelDensity(kernel=Epanechnikov())]
)
@pytest.mark.parametrize(("low", "high"), [(-INF, INF), (2.0, 4.0), (5.0, INF), (-INF, 1.0)])
def test_draws_in_an_interval_follow_the_density_there(feature: Feature, low: float, high: float) -> None:
    counts = isinstance(feature, Poisson | NegativeBinomial)
    x, k = sample("count")
    law = made(feature, x[:, :1], k, strength=1.0)
    if counts:
        grid = torch.arange(0, 200).double()[:, None]
        step = 1.0
    else:
        step = 0.002
        grid = (torch.arange(-10_000, 15_000).double() * step + step / 2)[:, None]
    inside = (grid >= low) & (grid <= high)
    density = law.log_joint(grid, None).exp() * step * inside
    n = 6000  # four standard errors are 0.037
    label, ends = torch.arange(n) % 2, torch.full((n, 1), low).double()
    mass = law.log_mass(label, ends, torch.full((n, 1), high).double())[:2, 0].exp()
    torch.testing.assert_close(mass, density.sum(0), atol=2e-4, rtol=0)
    drawn = law.draw(label, ends, torch.full((n, 1), high).double(), rng=Keyed(8))
    assert ((drawn >= low) & (drawn <= high)).all()
    for one in range(2):
        found = torch.stack([(drawn[label == one] <= cut).double().mean() for cut in (0.5, 2.5, 3.5, 6.5)])
        wanted = [density[grid[:, 0] <= cut, one].sum() / density[:, one].sum() for cut in (0.5, 2.5, 3.5, 6.5)]
        torch.testing.assert_close(found, torch.stack(wanted), atol=0.037, rtol=0)


@pytest.mark.parametrize("bandwidth", [Scott(), Silverman()])
def test_a_kernel_density_is_scipy_s(bandwidth) -> None:
    x, k = sample("real")
    law = made(KernelDensity(bandwidth=bandwidth), x, k, strength=1e-300)
    for label in range(2):
        for d in range(2):
            own = x[k == label, d].numpy()
            theirs = stats.gaussian_kde(own, type(bandwidth).__name__.lower()).logpdf(x[:, d].numpy())
            counted = torch.arange(2) == d
            ours = law.log_joint(x, counted.expand(len(x), 2))[:, label]
            np.testing.assert_allclose(ours.numpy(), theirs, rtol=1e-9)


def test_unusable_fields_are_refused() -> None:
    with pytest.raises(FieldError):
        Normal(floor=-1.0)
    with pytest.raises(FieldError, match="Likelihood"):
        KernelDensity(bandwidth=Likelihood())
