"""Linear regression: least squares and ridge by scikit-learn, prediction intervals, evidence by brute force."""

import math

import numpy as np
import pandas as pd
import pytest
import torch
from scipy import stats
from sklearn.datasets import load_diabetes
from sklearn.linear_model import LinearRegression, Ridge

import likely
from likely.errors import ConditionError, EmptyData, FieldError
from likely.families.linear import Linear, LinearModel
from likely.rng import Keyed
from likely.spaces import Category, Image, Real, Vector, label, reals

NAN = math.nan


def fitted(family: Linear, space, y, c=None, condition=None, weight=None, chunk: int = 10_000) -> LinearModel:
    model = family.build(space, condition)
    model.prepare(y, c, rng=Keyed(0))
    for rows in torch.arange(len(y)).split(chunk):
        model.observe(y[rows], None if c is None else c[rows], None if weight is None else weight[rows])
    assert model.finish() is False
    return model.eval()


def lines(n: int = 300, outputs: int = 2, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    rng = np.random.default_rng(seed)
    c = rng.standard_normal((n, 3)) + 5
    noise = rng.standard_normal((n, outputs)) @ np.array([[1.0, 0.8], [0.0, 0.6]])[:outputs, :outputs]
    return torch.tensor(c @ rng.standard_normal((3, outputs)) + 0.5 * noise), torch.tensor(c)


def test_least_squares_and_its_prediction_intervals() -> None:
    y, c = lines(outputs=1)
    model = fitted(Linear(ridge=0.0), reals(1), y, c, reals(3), chunk=41)
    theirs = LinearRegression().fit(c.numpy(), y.numpy())
    weights, bias = model.coefficients()
    np.testing.assert_allclose(weights.numpy(), theirs.coef_, atol=1e-10)
    np.testing.assert_allclose(bias.numpy(), theirs.intercept_, atol=1e-9)
    left = y.numpy() - theirs.predict(c.numpy())
    design = np.column_stack([np.ones(300), c.numpy()])
    row = np.array([1.0, 9.0, 0.0, 5.0])
    variance = (left**2).sum() / (300 - 4) * (1 + row @ np.linalg.inv(design.T @ design) @ row)
    wanted = stats.norm(theirs.predict(row[None, 1:])[0, 0], variance**0.5).logpdf(3.0)
    found = model.log_prob(torch.tensor([[3.0]]).double(), torch.tensor(row[None, 1:]))
    assert float(found) == pytest.approx(wanted, abs=1e-5)


def test_ridge_is_scikit_learn_s_and_weights_are_repeated_rows() -> None:
    x, y = load_diabetes(return_X_y=True)
    c, y = torch.tensor(x * 20), torch.tensor(y)[:, None]
    model = fitted(Linear(ridge=7.0), reals(1), y, c, reals(10))
    theirs = Ridge(alpha=7.0).fit(c.numpy(), y.numpy()[:, 0])
    np.testing.assert_allclose(model.coefficients()[0][0].numpy(), theirs.coef_, rtol=1e-8)
    weight = 1.0 + torch.arange(len(y)) % 2
    weighted = fitted(Linear(ridge=7.0), reals(1), y, c, reals(10), weight)
    theirs = Ridge(alpha=7.0).fit(c.numpy(), y.numpy()[:, 0], sample_weight=weight.numpy())
    np.testing.assert_allclose(weighted.coefficients()[0][0].numpy(), theirs.coef_, rtol=1e-8)


def test_the_ridge_of_most_evidence() -> None:
    """Against the evidence written out as a Gaussian of all of Y, its scale at the best."""
    y, c = lines(40, outputs=1)
    model = fitted(Linear(), reals(1), y, c, reals(3))
    phi, t = c - c.mean(0), (y - y.mean())[:, 0]
    ridges = torch.logspace(-3, 4, 2000, dtype=torch.float64)

    def evidence(ridge: torch.Tensor) -> float:
        cover = torch.eye(40, dtype=torch.float64) + phi @ phi.T / ridge
        scale = t @ torch.linalg.solve(cover, t) / 40
        return float(-0.5 * torch.logdet(cover) - 20 * scale.log())

    best = max(ridges, key=evidence)
    S = model.scatter[:3, :3]
    s, V = torch.linalg.eigh(S)
    found = model._ridge(s, V.T @ model.scatter[:3, 3:], model.scatter[3:, 3:])
    assert found == pytest.approx(float(best), rel=0.2)


def test_several_numbers_share_their_noise() -> None:
    y, c = lines(5000)
    model = fitted(Linear(), reals(2), y[:4000], c[:4000], reals(3))
    theirs = LinearRegression().fit(c[:4000].numpy(), y[:4000].numpy())
    left = y.numpy() - theirs.predict(c.numpy())
    wanted = stats.multivariate_normal(np.zeros(2), np.cov(left[:4000].T)).logpdf(left[4000:])
    np.testing.assert_allclose(model.log_prob(y[4000:], c[4000:]).numpy(), wanted, atol=0.02)
    drawn = model.sample(40_000, c[:1].expand(40_000, -1), rng=Keyed(0)).double()
    np.testing.assert_allclose(drawn.mean(0).numpy(), theirs.predict(c[:1].numpy())[0], atol=0.02)
    np.testing.assert_allclose(np.cov(drawn.numpy().T), np.cov(left.T), atol=0.02)


def test_without_a_condition_it_is_a_gaussian() -> None:
    y, _ = lines(2000)
    model = fitted(Linear(), reals(2), y)
    wanted = stats.multivariate_normal(y.mean(0).numpy(), np.cov(y.T.numpy()) * (1 + 1 / 2000)).logpdf(y.numpy())
    np.testing.assert_allclose(model.log_prob(y).numpy(), wanted, atol=1e-6)


def test_missing_and_special_values_have_masses() -> None:
    y, c = lines(4000)
    y[:1000, 0], y[500:1500, 1] = 0.0, NAN
    space = Vector((Real(atoms=(0.0,)), Real(missing=True)))
    model = fitted(Linear(), space, y, c, reals(3))
    row = torch.tensor([[0.0, 3.0], [0.0, NAN], [2.0, NAN]]).double()
    found = model.log_prob(row, c[:3])
    mean, h = model._line(model.design(c[:3], 3))
    sigma = (model.noise @ model.noise.T).diagonal().sqrt()
    alone = stats.norm(mean[0, 1], sigma[1] * h[0] ** 0.5).logpdf(3.0)
    assert float(found[0]) == pytest.approx(math.log(1000.5 / 4001) + math.log(3000.5 / 4001) + alone, abs=1e-9)
    assert float(found[1]) == pytest.approx(math.log(1000.5 / 4001) + math.log(1000.5 / 4001), abs=1e-9)
    drawn = model.sample(4000, c, rng=Keyed(0))
    assert float((drawn[:, 0] == 0).double().mean()) == pytest.approx(0.25, abs=0.03)
    assert float(drawn[:, 1].isnan().double().mean()) == pytest.approx(0.25, abs=0.03)


def test_the_person_s_verbs() -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"size": rng.normal(100, 30, 800), "city": rng.choice(["a", "b"], 800)})
    frame["price"] = 1000 * frame["size"] + 20_000 * (frame["city"] == "b") + rng.normal(0, 5000, 800)
    model = likely.fit(frame, Linear(), condition=["size", "city"])
    drawn = model.sample(400, given={"size": 150.0, "city": "b"})["price"]
    assert drawn.mean() == pytest.approx(170_000, rel=0.01)
    assert drawn.std() == pytest.approx(5000, rel=0.15)
    assert model.score(frame).mean == pytest.approx(stats.norm(0, 5000).entropy() * -1, abs=0.05)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_few_or_constant_rows_stay_finite(n: int) -> None:
    y, c = lines(n)
    model = fitted(Linear(), reals(2), y, c, reals(3))
    assert torch.isfinite(model.log_prob(y, c)).all()
    flat = fitted(Linear(ridge=0.0), reals(2), torch.ones(20, 2), torch.ones(20, 3), reals(3))
    assert torch.isfinite(flat.log_prob(torch.ones(1, 2), torch.ones(1, 3))).all()


def test_refusals_say_what_can_be_done() -> None:
    for space in (label(2), Vector((Real(), Category(2))), Image(1, 2, 2)):
        with pytest.raises(FieldError, match="predicts real numbers"):
            Linear().build(space)
    with pytest.raises(ConditionError, match="too many"):
        Linear().build(reals(1), Image(1, 70, 70))
    with pytest.raises(FieldError, match="ridge"):
        Linear(ridge=-1.0)
    with pytest.raises(EmptyData, match="no rows"):
        Linear().build(reals(1)).finish()
