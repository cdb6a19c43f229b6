"""The background: so many pixels are drawn anew, evenly, and the same family learns from what is left."""

import numpy as np
import pytest

import likely
from likely.apps.background import background, noised
from likely.errors import FieldError, WrongRows


def test_the_share_and_the_law_of_the_noise():
    images = likely.read("digits")
    drawn = noised(images, 0.3, seed=1)
    moved = drawn.pixels != images.pixels
    assert abs(moved.mean() - 0.3 * 16 / 17) < 0.005
    counts = np.bincount(drawn.pixels[moved], minlength=17)
    assert counts.min() > 0
    assert drawn.pixels.max() == 16
    assert (noised(images, 0.3, seed=1).pixels == drawn.pixels).all()
    assert drawn.about is images.about


def test_the_same_family_given_the_same():
    fitted = likely.fit("digits", likely.NaiveBayes(), condition="label", certify=False)
    other = background(fitted, "digits")
    assert other.card.family == fitted.card.family
    assert other.card.condition == ("label",)
    assert float(other.score("digits").mean) < float(fitted.score("digits").mean)


def test_refusals():
    fitted = likely.fit("digits", likely.NaiveBayes(), certify=False)
    with pytest.raises(FieldError, match="share"):
        background(fitted, "digits", share=1.0)
    with pytest.raises(WrongRows, match="pictures"):
        background(fitted, "iris")
