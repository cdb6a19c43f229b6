"""Where a picture is odd: sums that hold, a spoilt corner that is found, and refusals."""

import numpy as np
import pytest

import likely
from likely.apps.heat import heat, patches
from likely.apps.strange import scores_of
from likely.errors import CannotAnswer

FAMILIES = {
    "pixels": (likely.PixelCNN(width=8, blocks=2, hidden=16), 60),
    "a mass": (likely.NaiveBayes(), None),
    "a density of lifted levels": (likely.FactorAnalysis(factors=8), None),
    "a misfit": (likely.Autoencoder(latent=8), 60),
}


@pytest.fixture(scope="module")
def digits():
    return likely.read("digits")


@pytest.mark.parametrize("name", FAMILIES)
def test_they_add_up_to_the_score_and_find_a_spoilt_corner(digits, name):
    family, budget = FAMILIES[name]
    fitted = likely.fit(digits.take(np.arange(1000)), family, budget=budget, certify=False)
    some = digits.take(np.arange(1500, 1506))
    some.pixels[:, :2, 6:] = np.where(np.arange(6)[:, None, None, None] % 2, some.pixels[:, :2, 6:], 15)
    told = heat(fitted, some)
    assert told.nats.shape == (6, 8, 8)
    assert np.allclose(told.total, -scores_of(fitted, some), rtol=0, atol=1e-3)
    shares = told.excess[::2]
    corner = shares[:, :2, 6:].mean((1, 2))
    assert (corner > shares.mean((1, 2))).all()
    if name == "a mass":
        assert (corner == shares.reshape(3, 4, 2, 4, 2).mean((2, 4)).max((1, 2))).all()


def test_the_columns_of_independent_pixels_are_told_exactly(digits):
    """Where pixels are independent v telescopes to each patch's own log p, whatever stands beside it."""
    fitted = likely.fit(digits, likely.NaiveBayes(), certify=False)
    some = digits.take(np.arange(2))
    both = digits.take(np.array([0, 1]))
    both.pixels[:, 4:] = digits.pixels[7:9, 4:]  # other lower halves
    upper, again = heat(fitted, some).nats[:, :4], heat(fitted, both).nats[:, :4]
    assert np.allclose(upper, again, atol=1e-5)


def test_patches_are_as_even_as_they_can_be():
    assert patches(2, 2).tolist() == [[0, 1], [2, 3]]
    assert patches(28, 28).unique(return_counts=True)[1].tolist() == [49] * 16
    assert patches(5, 4)[:, 0].tolist() == [0, 0, 4, 8, 12]


def test_of_pictures_alone():
    fitted = likely.fit("iris", likely.NaiveBayes(), certify=False)
    with pytest.raises(CannotAnswer, match="have no pixels"):
        heat(fitted, "iris")
