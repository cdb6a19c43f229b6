"""Pictures from what an operator shows of them: forms, noise of rounding, and what cannot be."""

import numpy as np
import pytest
import torch

import likely
from likely.apps.reconstructed import reconstructed
from likely.backbones import MLP
from likely.diffusion import DPS, JPEG, Blur, Downsample, PiGDM, Replacing, Twisted
from likely.errors import CannotAnswer, WrongRows


@pytest.fixture(scope="module")
def digits():
    return likely.fit("digits", likely.Diffusion(steps=12, network=MLP()), budget="40 steps", condition="label")


def test_what_is_drawn_shows_what_was_seen(digits):
    pixels = likely.read("digits").pixels[:4].astype(float)
    small = pixels.reshape(4, 4, 2, 4, 2, 1).mean((2, 4))
    for by in (PiGDM(), Replacing(), Twisted(particles=2, steps=12)):
        told = reconstructed(digits, small, Downsample(2), by=by)
        assert told.rows.pixels.shape == (4, 8, 8, 1)
        back = told.rows.pixels.astype(float).reshape(4, 4, 2, 4, 2, 1).mean((2, 4))
        assert np.abs(back - small).mean() < 3.0  # of 17 levels: what it has learned is little
        assert (told.share is None) == (told.way == "heuristic")
    assert reconstructed(digits, small[0, ..., 0], Downsample(2), by=PiGDM()).rows.pixels.shape == (1, 8, 8, 1)


def test_derivatives_are_enough(digits):
    seen = likely.read("digits").pixels[:2].astype(float)
    assert reconstructed(digits, seen, JPEG(50), by=DPS()).rows.pixels.shape == (2, 8, 8, 1)


def test_what_does_not_fit_is_refused(digits):
    with pytest.raises(WrongRows, match="4 x 4"):
        reconstructed(digits, np.zeros((2, 4, 4, 1)), Blur())
    with pytest.raises(WrongRows, match="shape"):
        reconstructed(digits, np.zeros(4), Blur())
    table = likely.fit(likely.read("iris"), likely.Diffusion(steps=2), budget="2 steps")
    with pytest.raises(CannotAnswer, match="a table"):
        reconstructed(table, np.zeros((2, 4, 4, 1)), Blur())
    with pytest.raises(CannotAnswer, match="Diffusion"):
        reconstructed(likely.fit("iris", likely.NaiveBayes()), torch.zeros(1, 1, 4, 4), Blur())
