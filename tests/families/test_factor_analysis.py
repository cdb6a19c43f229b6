"""Factor analysis and probabilistic PCA: scikit-learn as oracle, missing cells, codes."""

import math

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.decomposition import FactorAnalysis as TheirFactors

from likely.contracts import Evidence, Space
from likely.errors import ConditionError, EmptyData, FieldError
from likely.families.factor_analysis import FactorAnalysis, FactorAnalysisModel
from likely.rng import Keyed
from likely.spaces import Category, Count, Image, Real, Tokens, Vector, label, reals

NAN = math.nan
MIXED = Vector((Real(), Real(atoms=(0.0,), missing=True), Category(3, missing=True), Count(missing=True), Real()))


def fitted(
    family: FactorAnalysis,
    space: Space,
    x: torch.Tensor,
    c=None,
    condition=None,
    chunk: int = 10_000,
    prepared: bool = True,
) -> FactorAnalysisModel:
    model, more = family.build(space, condition), True
    if prepared:
        model.prepare(x, c, rng=Keyed(0))
    while more:
        for rows in torch.arange(len(x)).split(chunk):
            model.observe(x[rows], None if c is None else c[rows])
        more = model.finish()
    return model


def rows(n: int = 1000, d: int = 8, q: int = 3) -> torch.Tensor:
    rng = np.random.default_rng(0)
    x = 2 * rng.standard_normal((n, q)) @ rng.standard_normal((q, d)) + rng.standard_normal((n, d)) * rng.uniform(
        0.5, 1.5, d
    )
    return torch.tensor(x + 30)


@pytest.mark.parametrize("prepared", [True, False])
@pytest.mark.parametrize("chunk", [1000, 77])
def test_factors_are_scikit_learns(prepared: bool, chunk: int) -> None:
    x = rows()
    model = fitted(FactorAnalysis(factors=3, floor=0.0), reals(8), x, chunk=chunk, prepared=prepared)
    theirs = TheirFactors(3, tol=1e-7, max_iter=10_000, svd_method="lapack").fit(x)
    np.testing.assert_allclose(model.log_prob(x).numpy(), theirs.score_samples(x.numpy()), rtol=1e-3)
    assert float(model.log_prob(x).mean()) == pytest.approx(theirs.score(x.numpy()), rel=1e-5)
    np.testing.assert_allclose(np.abs(model.encode(x).numpy()), np.abs(theirs.transform(x.numpy())), atol=2e-2)
    assert int(model.passes.done) == (0 if prepared else 1)


def test_equal_noise_is_probabilistic_pca() -> None:
    x = rows()
    model = fitted(FactorAnalysis(factors=3, isotropic=True, floor=0.0), reals(8), x)
    C = PCA(3).fit(x).get_covariance() * 999 / 1000
    wanted = torch.distributions.MultivariateNormal(x.mean(0), torch.tensor(C)).log_prob(x)
    torch.testing.assert_close(model.log_prob(x), wanted, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("isotropic", [True, False])
def test_missing_cells_are_integrated_out(isotropic: bool) -> None:
    x = rows(2000)
    gaps = x.masked_fill(torch.rand(x.shape, generator=torch.Generator().manual_seed(0)) < 0.2, NAN)
    family = FactorAnalysis(factors=3, isotropic=isotropic)
    whole, holed = fitted(family, reals(8), x), fitted(family, reals(8), gaps, chunk=700)
    assert float(holed.log_prob(x).mean()) > float(whole.log_prob(x).mean()) - 0.05
    codes, wanted = holed.encode(gaps), holed.encode(x)
    assert torch.isfinite(codes).all()
    assert float((codes - wanted).square().mean()) < 0.2 * float(wanted.square().mean())
    law, row = holed.law.components, gaps[5]
    o = ~row.isnan()
    wanted = torch.distributions.MultivariateNormal(law.mean[0][o], law.covariance[0][o][:, o]).log_prob(row[o])
    torch.testing.assert_close(holed.log_prob(gaps[5:6])[0], wanted)
    gain = torch.linalg.solve(law.covariance[0][o][:, o], row[o] - law.mean[0][o])
    torch.testing.assert_close(codes[5], (holed.loading[0][o].T @ gain).float(), rtol=1e-4, atol=1e-4)


def test_a_code_stands_for_its_row() -> None:
    x = rows(1000, 8, 2)
    model = fitted(FactorAnalysis(factors=2), reals(8), x)
    left = (model.decode(model.encode(x)) - x).square().mean()
    assert float(left) < 0.3 * float(x.var(0).mean())
    torch.testing.assert_close(model.decode(torch.zeros(1, 2))[0], x.mean(0).float(), rtol=1e-4, atol=1e-4)


def mixed(n: int = 800) -> torch.Tensor:
    rng = np.random.default_rng(0)
    z = rng.standard_normal(n)
    x = np.stack(
        [z + rng.normal(0, 0.3, n), 2 * z + rng.normal(0, 0.3, n), rng.integers(0, 3, n), rng.poisson(4, n), -z], 1
    )
    x[rng.random(n) < 0.2, 1] = 0.0
    for d in (1, 2, 3):
        x[rng.random(n) < 0.2, d] = NAN
    return torch.tensor(x).float()


def test_mixed_tables_are_served_whole() -> None:
    x, c = mixed(), (torch.arange(800) % 2).float()[:, None]
    for condition, given in ((None, None), (label(2), c), (Vector((Real(), Count())), torch.cat([x[:, :1], c], 1))):
        model = fitted(FactorAnalysis(factors=1), MIXED, x, given, condition)
        few = None if given is None else given[:6]
        assert torch.isfinite(model.log_prob(x, given)).all()
        assert model.decode(model.encode(x[:6], few), few).shape == (6, 5)
        drawn = model.sample(6, few, rng=Keyed(0))
        assert drawn.shape == (6, 5)
    model = fitted(FactorAnalysis(factors=1), MIXED, x)
    start = torch.tensor([[1.5, NAN, NAN, NAN, NAN]]).expand(2000, 5)
    known = torch.tensor([[True, False, False, False, False]]).expand(2000, 5)
    filled = model.complete(start, Evidence(known), rng=Keyed(0))
    assert float(filled[:, 4].mean()) == pytest.approx(-1.4, abs=0.15)
    decoded = model.decode(torch.zeros(1, 1))
    assert float(decoded[0, 3]) == pytest.approx(4, abs=1)
    assert float(decoded[0, 2]) in (0, 1, 2)


def test_digits_have_codes_that_tell_them_apart() -> None:
    digits = load_digits()
    x = torch.tensor(digits.images[:, None] / 8 - 1).float()
    x = x + 0.01 * Keyed(0).normal(x.shape, like=x)
    model = fitted(FactorAnalysis(factors=10), Image(1, 8, 8, levels=None), x[:1200])
    codes, said = model.encode(x), torch.tensor(digits.target)
    means = torch.stack([codes[:1200][said[:1200] == k].mean(0) for k in range(10)])
    assert float((torch.cdist(codes[1200:], means).argmin(1) == said[1200:]).double().mean()) > 0.7
    assert model.decode(codes[:2]).shape == (2, 1, 8, 8)


def test_little_or_constant_data_are_no_crash() -> None:
    for x in (torch.zeros(1, 3), torch.ones(20, 3), rows(4, 3).float()):
        for family in (FactorAnalysis(), FactorAnalysis(isotropic=True), FactorAnalysis(factors=0)):
            model = fitted(family, reals(3), x)
            assert torch.isfinite(model.log_prob(x)).all()
            assert torch.isfinite(model.sample(3, rng=Keyed(0))).all()
            assert model.encode(x).shape == (len(x), family.factors)
    with pytest.raises(EmptyData):
        FactorAnalysis().build(reals(2)).finish()


def test_more_rows_can_be_counted_in() -> None:
    x = rows()
    model = fitted(FactorAnalysis(), reals(8), x[:600])
    model.observe(x[600:])
    assert model.finish() is False
    whole = fitted(FactorAnalysis(), reals(8), x)
    assert float(model.log_prob(x).mean()) == pytest.approx(float(whole.log_prob(x).mean()), abs=1e-4)


def test_fields_and_conditions_are_checked() -> None:
    for field, value in {"factors": -1, "passes": 0, "tolerance": -1.0, "floor": -1.0, "smoothing": math.inf}.items():
        with pytest.raises(FieldError, match=field):
            FactorAnalysis(**{field: value})
    with pytest.raises(ConditionError, match="FactorAnalysis"):
        FactorAnalysis().build(reals(2), Tokens(5, 3))
