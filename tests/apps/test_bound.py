"""What a bound is made of on somebody's rows."""

import pytest
import torch

import likely
from likely.apps.bound import bound
from likely.errors import CannotAnswer
from likely.training import Engine


def test_the_parts_of_a_bound():
    fitted = likely.fit(
        "iris", "vae,latent=3,network=mlp,network.width=16", budget=200, engine=Engine(threads=1, probe=False)
    )
    few, many = bound(fitted, "iris", draws=4), bound(fitted, "iris", draws=256)
    assert few.terms.fit.shape == few.terms.rate.shape == (150,)
    assert few.terms.value.mean() < few.scores.mean + 0.1
    assert few.scores.mean < many.scores.mean + 0.05
    assert many.scores.stderr is not None
    assert few.latents is not None
    torch.testing.assert_close(few.latents.rate.sum(1), few.terms.rate, rtol=1e-3, atol=1e-3)
    assert "of 3 latents active" in str(many)
    assert "256 draws" in str(many)


def test_a_density_is_no_bound():
    with pytest.raises(CannotAnswer, match="NaiveBayes has no bound"):
        bound(likely.fit("iris", "naive-bayes"), "iris")
