"""p(y | x) of a number against formulas: by completion, by Bayes' rule, by a model's own draws; refusals by name."""

import numpy as np
import pandas as pd
import pytest
import torch

import likely
from likely.errors import CannotAnswer, FieldError, WrongRows
from likely.regressed import Regression
from likely.training import Engine

PLAIN = Engine(threads=1, probe=False)
SLOPE, NOISE = 1.5, 0.6


@pytest.fixture(scope="module")
def line():
    """y = 1.5 x + noise: p(y | x) is N(1.5 x, 0.36)."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=3000)
    return pd.DataFrame({"x": x, "y": SLOPE * x + NOISE * rng.normal(size=3000), "k": rng.choice(list("ab"), 3000)})


NEW = pd.DataFrame({"x": [-1.0, 0.0, 1.5], "k": ["a", "b", "a"]}, index=[7, 8, 9])


@pytest.mark.parametrize(
    ("family", "given", "way"),
    [
        ("gaussianmixture,components=1", None, "exact"),  # completion
        ("linear", ["x", "k"], "exact"),  # its own draws
        ("gaussianmixture,components=1", ["y"], "exact"),  # completes, and the condition is weighed
    ],
)
def test_a_line_is_told_with_its_noise(line, family, given, way):
    data = line[["x", "y"]] if given == ["y"] else line
    fitted = likely.fit(data, family, condition=given, seed=0, engine=PLAIN, certify=False)
    told = fitted.regress(NEW[[name for name in NEW if name in data]], "y", draws=400)
    assert told.way == way
    assert np.allclose(told.mean, SLOPE * NEW["x"], atol=0.2)
    assert np.allclose(told.sd, NOISE, atol=0.12)
    assert np.allclose(told.quantiles([0.05, 0.95])[:, 1] - told.quantiles([0.05, 0.95])[:, 0], 3.29 * NOISE, atol=0.5)
    frame = told.frame()
    assert list(frame.index) == [7, 8, 9]
    assert list(frame) == ["mean", "sd", "q5", "q25", "q50", "q75", "q95"]


def test_bayes_rule_weighs_the_values_seen_and_says_by_what(line):
    """p(x | y) of a flow is exact; under a lift's noise it is a bound."""
    numbers = likely.fit(
        line[["x", "y"]], "maf,width=16,layers=1", condition=["y"], budget=150, engine=PLAIN, certify=False
    )
    told = numbers.regress(NEW[["x"]], "y")
    if told.way == "exact":
        assert told.share.max() < 0.9
    assert np.allclose(told.mean, SLOPE * NEW["x"], atol=0.4)
    assert np.allclose(told.weights.sum(1), 1)
    vae = likely.fit(
        line, "vae,latent=2,network=mlp,network.width=16", condition=["y"], budget=20, engine=PLAIN, certify=False
    )
    assert vae.regress(NEW.head(1), "y").way in ("bound-based", "exact")


def test_a_model_of_one_number_needs_no_name(line):
    fitted = likely.fit(line, "linear", target="y", engine=PLAIN, certify=False)
    assert fitted.regress(NEW).column == "y"
    assert torch.equal(torch.tensor(fitted.regress(NEW, seed=3).draws), torch.tensor(fitted.regress(NEW, seed=3).draws))


def test_what_is_said_of_the_column_itself_is_not_looked_at(line):
    fitted = likely.fit(line, "bayesnet", certify=False)
    blind, told = fitted.regress(line[["x", "k"]].head(5), "y"), fitted.regress(line.head(5), "y")
    assert np.array_equal(blind.draws, told.draws)


def test_wrong_uses_are_refused(line):
    fitted = likely.fit(line, "bayesnet", certify=False)
    with pytest.raises(FieldError, match="which number"):
        fitted.regress(NEW)
    with pytest.raises(WrongRows, match="no column 'z'"):
        fitted.regress(NEW, "z")
    with pytest.raises(CannotAnswer, match="no number"):
        fitted.regress(NEW, "k")
    with pytest.raises(FieldError, match="draws"):
        fitted.regress(NEW, "y", draws=1)
    both = likely.fit(line, "realnvp,width=8", condition=["y", "k"], budget=3, engine=PLAIN, certify=False)
    if "Fills" not in {base.__name__ for base in type(both.model).__mro__}:
        with pytest.raises(CannotAnswer, match="together"):
            both.regress(NEW, "y")


def test_quantiles_follow_the_weights():
    told = Regression("y", np.array([[3.0, 1.0, 2.0]]), np.array([[0.7, 0.1, 0.2]]), "exact")
    assert told.quantiles([0.05, 0.1, 0.25, 0.5])[0].tolist() == [1, 1, 2, 3]
    assert told.mean[0] == pytest.approx(2.6)
    assert told.share[0] == pytest.approx(1 / 0.54 / 3)
