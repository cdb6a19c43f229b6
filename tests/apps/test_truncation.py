"""Truncation swept: the closed form of a code's variance, the spread of rows, what is refused."""

import numpy as np
import pytest
import torch
from scipy.stats import norm, truncnorm

import likely
from likely.adversarial import Noise
from likely.apps.truncation import spread_of, swept, variance
from likely.errors import CannotAnswer, FieldError
from likely.rng import Keyed


@pytest.mark.parametrize("psi", [0.2, 0.5, 0.7, 0.95])
def test_a_code_s_variance_is_that_of_the_truncated_normal(psi):
    edge = norm.ppf((1 + psi) / 2)
    assert variance(psi) == pytest.approx(truncnorm.var(-edge, edge), rel=1e-9)
    z = Noise(3).truncated(Keyed(0).normal((20_000, 3), like=torch.empty(0)), psi)
    assert float(z.abs().max()) <= edge + 1e-5
    assert float(z.var()) == pytest.approx(variance(psi), rel=0.03)


def test_whole_codes_have_their_whole_variance():
    assert variance(1.0) == 1.0
    assert variance(1e-3) == pytest.approx(0.0, abs=1e-5)


@pytest.fixture(scope="module")
def moons():
    return likely.fit(
        likely.read("moons").take(range(300)), likely.GAN(latent=2, codes=0, width=16), budget=20, certify=False
    )


def test_rows_spread_less_the_more_they_are_truncated(moons):
    found = swept(moons, (0.2, 0.6, 1.0), n=4, judged=200)
    assert [len(step.rows) for step in found.steps] == [4, 4, 4]
    spreads = [step.spread for step in found.steps]
    assert spreads == sorted(spreads)
    assert spreads[-1] == pytest.approx(1.0)
    assert spreads[0] < 0.5
    assert np.array_equal(found.steps[-1].rows.frame, found.whole.frame.head(4))


def test_pictures_and_conditions():
    digits = likely.fit("digits", likely.GAN(latent=2, codes=2, width=16), condition="label", budget=2, certify=False)
    found = swept(digits, (0.5, 1.0), n=3, judged=20, given={"label": 3})
    assert found.steps[0].rows.pixels.shape[0] == 3
    assert set(found.steps[0].rows.said.frame["label"]) == {"3"} or set(found.steps[0].rows.said.frame["label"]) == {3}


def test_rows_that_do_not_vary_have_no_spread():
    same = likely.read("digits").take([3, 3, 3])
    assert spread_of(same, same) == 0.0


def test_refusals(moons):
    with pytest.raises(CannotAnswer, match=r"VAE has no codes to truncate.*GAN"):
        swept(likely.fit("iris", likely.VAE(latent=2), budget=1, certify=False))
    for wrong in ({"levels": ()}, {"n": 0}, {"judged": 1}):
        with pytest.raises(FieldError, match="at least one"):
            swept(moons, **wrong)
    for psi in (0.0, 1.5, float("nan")):
        with pytest.raises(FieldError, match="above 0, at most 1"):
            swept(moons, (psi,))
