"""Covariances: every kind is the most likely of its shape, by comparison with its neighbours and with scikit-learn."""

import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA
from sklearn.decomposition import FactorAnalysis as TheirFactors

from likely.distributions.covariance import Covariance, Diagonal, Factors, Full, Spherical, Tied
from likely.errors import FieldError

KINDS = [Full(), Tied(), Diagonal(), Spherical(), Factors(rank=2), Factors(rank=2, isotropic=True)]
WEIGHT = torch.tensor([[3.0], [5.0]], dtype=torch.float64)


def scatters(columns: int = 5) -> torch.Tensor:
    x = torch.randn(2, 40, columns, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    x = x @ torch.randn(2, columns, columns, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    return x.mT @ x / 40


def likelihood(covariance: torch.Tensor, scatter: torch.Tensor) -> torch.Tensor:
    whole = covariance if covariance.dim() == 3 else torch.diag_embed(covariance)
    each = whole.logdet() + torch.linalg.solve(whole, scatter).diagonal(dim1=1, dim2=2).sum(1)
    return -0.5 * (WEIGHT[:, 0] * each).sum()


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_each_is_the_most_likely_of_its_shape(kind: Covariance) -> None:
    scatter = scatters()
    mine = scatter if kind.dense else scatter.diagonal(dim1=1, dim2=2)
    weight = WEIGHT if kind.dense else WEIGHT.expand(2, 5)
    best = likelihood(kind.fitted(weight, mine), scatter)
    rng = torch.Generator().manual_seed(3)
    for _ in range(8):  # the best covariances of other scatters have the same shape
        noise = torch.randn(2, 5, 5, dtype=torch.float64, generator=rng)
        other = scatter + 0.1 * noise @ noise.mT
        other = other if kind.dense else other.diagonal(dim1=1, dim2=2)
        assert likelihood(kind.fitted(weight, other), scatter) <= best + 1e-9


@pytest.mark.parametrize("isotropic", [False, True])
def test_factors_are_scikit_learns(isotropic: bool) -> None:
    rng = np.random.default_rng(0)
    x = 3 * rng.standard_normal((400, 2)) @ rng.standard_normal((2, 6)) + rng.standard_normal((400, 6)) * [
        1,
        2,
        3,
        1,
        2,
        3,
    ]
    their = PCA(2) if isotropic else TheirFactors(2, tol=1e-6, max_iter=10_000, svd_method="lapack")
    ours = Factors(rank=2, isotropic=isotropic).fitted(WEIGHT[:1], torch.tensor(np.cov(x.T, ddof=0))[None])[0]
    scale = 400 / 399 if isotropic else 1.0  # PCA divides by n - 1
    np.testing.assert_allclose(ours.numpy() * scale, their.fit(x).get_covariance(), rtol=2e-3, atol=2e-3)


def test_as_many_factors_as_columns_leave_the_scatter_as_it_is() -> None:
    scatter = scatters(3)
    for isotropic in (False, True):
        fitted = Factors(rank=7, isotropic=isotropic).fitted(WEIGHT, scatter)
        assert likelihood(fitted, scatter) == pytest.approx(float(likelihood(scatter, scatter)), abs=1e-3)
        loading, noise = Factors(rank=7, isotropic=isotropic).split(scatter)
        assert loading.shape == (2, 3, 7)
        assert (noise > 0).all()


def test_a_column_without_variance_or_no_column_at_all_is_no_crash() -> None:
    scatter = torch.diag_embed(torch.tensor([[1.0, 0.5], [2.0, 1e-12]], dtype=torch.float64))
    for kind in (Factors(rank=1), Factors(rank=1, isotropic=True), Factors(rank=0)):
        assert torch.isfinite(kind.fitted(WEIGHT, scatter)).all()
        assert kind.fitted(WEIGHT, scatter[:, :0, :0]).shape == (2, 0, 0)


def test_free_numbers_are_counted() -> None:
    assert [kind.free(3, 4) for kind in KINDS] == [30, 10, 12, 3, 33, 24]


def test_fields_are_checked() -> None:
    with pytest.raises(FieldError, match="rank"):
        Factors(rank=-1)
