"""Logistic regression: scikit-learn's coefficients, chunks and weights, missing cells, refusals."""

import math

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.datasets import load_breast_cancer, load_digits, load_iris
from sklearn.linear_model import LogisticRegression

import likely
from likely.errors import EmptyData, FieldError
from likely.families.logistic import Logistic, LogisticModel
from likely.rng import Keyed
from likely.spaces import Category, Count, Image, Real, Vector, absent, label, reals

NAN = math.nan


def fitted(family: Logistic, space, x, c=None, condition=None, weight=None, chunk: int = 10_000) -> LogisticModel:
    model = family.build(space, condition)
    model.prepare(x, c, rng=Keyed(0))
    for _ in range(500):
        for rows in torch.arange(len(x)).split(chunk):
            model.observe(x[rows], None if c is None else c[rows], None if weight is None else weight[rows])
        if not model.finish():
            return model.eval()
    raise AssertionError("no end")


def standard(load) -> tuple[np.ndarray, np.ndarray]:
    data = load()
    return (data.data - data.data.mean(0)) / (data.data.std(0) + 1e-9), data.target


@pytest.mark.parametrize("load", [load_iris, load_breast_cancer])
@pytest.mark.parametrize("ridge", [0.1, 1.0, 30.0])
def test_coefficients_are_scikit_learn_s(load, ridge: float) -> None:
    x, y = standard(load)
    k = int(y.max()) + 1
    model = fitted(Logistic(ridge=ridge), label(k), torch.tensor(y)[:, None].float(), torch.tensor(x),
                   reals(x.shape[1]), chunk=37)  # fmt: skip
    theirs = LogisticRegression(C=1 / ridge, tol=1e-10, max_iter=5000).fit(x, y)
    weights, bias = model.coefficients()
    if k == 2:
        weights, bias = weights[1:], bias[1:]
    np.testing.assert_allclose(weights.numpy(), theirs.coef_, atol=2e-5)
    np.testing.assert_allclose((bias - bias.mean()).numpy() if k > 2 else bias.numpy(), theirs.intercept_, atol=2e-5)
    np.testing.assert_allclose(model.predict(torch.tensor(x), len(x)).numpy(), theirs.predict_proba(x), atol=1e-5)


def test_many_weights_by_remembered_steps() -> None:
    digits = load_digits()
    pixels = torch.tensor(np.pad(digits.images, ((0, 0), (0, 3), (0, 3))))[:, None]
    y = torch.tensor(digits.target)[:, None].float()
    model = fitted(Logistic(ridge=1.0), label(10), y, pixels, Image(1, 11, 11, levels=17))
    assert not model.newton.whole
    theirs = LogisticRegression(C=1.0, tol=1e-8, max_iter=5000).fit(pixels.flatten(1).numpy() / 16, digits.target)
    np.testing.assert_allclose(model.coefficients()[0].numpy(), theirs.coef_, atol=2e-4)


def test_weights_are_repeated_rows() -> None:
    x, y = standard(load_iris)
    c, y = torch.tensor(x), torch.tensor(y)[:, None].float()
    weight = 1.0 + torch.arange(150) % 3
    again = torch.repeat_interleave(torch.arange(150), weight.long())
    one = fitted(Logistic(), label(3), y, c, reals(4), weight)
    other = Logistic().build(label(3), reals(4))
    other.prepare(y, c, rng=Keyed(0))
    while True:
        other.observe(y[again], c[again])
        if not other.finish():
            break
    torch.testing.assert_close(one.coefficients()[0], other.coefficients()[0], atol=1e-6, rtol=0)


def test_a_missing_cell_says_what_missing_cells_said() -> None:
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 4000)
    x = rng.normal(y, 1.0)
    x[rng.random(4000) < np.where(y == 1, 0.4, 0.1)] = NAN
    condition = Vector((Real(missing=True), Category(2), Count()))
    c = torch.tensor(np.stack([x, rng.integers(0, 2, 4000), rng.poisson(3, 4000)], 1)).float()
    model = fitted(Logistic(ridge=1e-3), label(2), torch.tensor(y)[:, None].float(), c, condition)
    p = model.predict(torch.tensor([[NAN, 0.0, 3.0]]), 1)[0, 1]
    assert float(p) == pytest.approx(0.8, abs=0.04)


def test_nothing_said_is_near_the_label_s_own_law_and_nothing_given_is_it() -> None:
    x, y = standard(load_iris)
    y = torch.tensor(y)[:, None].float()[:120]
    bare = fitted(Logistic(), label(3), y)
    torch.testing.assert_close(bare.predict(None, 1)[0], torch.tensor([50, 50, 20.0]).double() / 120, atol=1e-6, rtol=0)
    model = fitted(Logistic(ridge=50.0), label(3), y, torch.tensor(x)[:120], reals(4))
    said = model.predict(absent(torch.tensor(x)[:1]), 1)
    torch.testing.assert_close(said, model.predict(torch.tensor(x)[:120].mean(0, keepdim=True), 1))


def test_a_missing_label_is_a_class_or_left_out() -> None:
    x, y = standard(load_iris)
    c, y = torch.tensor(x), torch.tensor(y)[:, None].float()
    y[::5] = NAN
    model = fitted(Logistic(), Vector((Category(3, missing=True),)), y, c, reals(4))
    assert model.predict(c, 150).shape == (150, 4)
    assert model.sample(500, c[:1].expand(500, -1), rng=Keyed(0)).isnan().float().mean() == pytest.approx(0.2, abs=0.1)
    assert torch.isfinite(model.log_prob(y, c)).all()
    left = fitted(Logistic(), label(3), y, c, reals(4))
    assert left.log_prob(y, c)[::5].tolist() == [0.0] * 30


def test_classes_that_hardly_differ_or_are_never_seen_stay_finite() -> None:
    c = torch.linspace(-1, 1, 60)[:, None]
    model = fitted(Logistic(ridge=0.0), label(4), (c > 0).float(), c, reals(1))  # separable, classes 2 and 3 unseen
    assert torch.isfinite(model.log_prob(torch.full((60, 1), 3.0), c)).all()
    assert (model.predict(c, 60).argmax(1) == (c[:, 0] > 0)).all()


def test_the_person_s_verbs() -> None:
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 500)
    frame = pd.DataFrame(
        {"age": rng.normal(40 + 10 * y, 5), "city": rng.choice(["a", "b"], 500), "ill": np.array(["no", "yes"])[y]}
    )
    model = likely.fit(frame, Logistic(), condition=["age", "city"])
    told = model.classify(frame.drop(columns="ill"))
    assert list(told.columns) == ["no", "yes"]
    assert (told.idxmax(axis=1) == frame["ill"]).mean() > 0.8
    assert model.score(frame).kind == "="
    assert set(model.sample(20, given={"age": 70.0})["ill"]) == {"yes"}


def test_refusals_say_what_can_be_done() -> None:
    for space in (reals(1), Vector((Category(2), Category(2))), Image(1, 2, 2)):
        with pytest.raises(FieldError, match="predicts one category"):
            Logistic().build(space)
    with pytest.raises(FieldError, match="ridge"):
        Logistic(ridge=-1.0)
    with pytest.raises(EmptyData, match="known class"):
        Logistic().build(label(2)).finish()
