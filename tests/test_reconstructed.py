"""Pictures from what an operator shows of them: forms, noise of rounding, and what cannot be."""

import numpy as np
import pandas as pd
import pytest
import torch

import likely
from likely.backbones import MLP
from likely.data import Images
from likely.diffusion import DPS, JPEG, Blur, Colourise, Downsample, Mask, Matrix, PiGDM, Replacing, Twisted
from likely.errors import CannotAnswer, ConditionError, FieldError, LikelyError, WrongRows
from likely.reconstructed import reconstructed


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


def test_a_fitted_model_is_asked_in_any_form(digits, tmp_path):
    pictures = likely.read("digits").take([0, 1])
    asked = {"operator": Blur(0.4), "by": PiGDM(), "noise": 1.0, "seed": 3}
    drawn = digits.reconstruct(pictures, **asked).rows.pixels
    np.save(tmp_path / "seen.npy", pictures.pixels[..., 0])
    for form in (pictures.pixels, torch.from_numpy(pictures.pixels), tmp_path / "seen.npy"):
        assert np.array_equal(digits.reconstruct(form, **asked).rows.pixels, drawn)
    assert digits.reconstruct(pictures, Blur(0.4)).way == "asymptotic"
    for wrong in ("iris", "one two", {"a": [1]}):
        with pytest.raises(LikelyError):
            digits.reconstruct(wrong, Blur())


def test_derivatives_are_enough(digits):
    seen = likely.read("digits").pixels[:2].astype(float)
    assert reconstructed(digits, seen, JPEG(50), by=DPS()).rows.pixels.shape == (2, 8, 8, 1)


@pytest.fixture(scope="module")
def coloured():
    """Pictures that are one colour, red or blue, by their label."""
    rng = np.random.default_rng(0)
    label, bright = np.arange(60) % 2, rng.integers(128, 256, (60, 1, 1))
    pixels = np.zeros((60, 4, 4, 3), dtype=np.uint8)
    pixels[label == 0, :, :, 0], pixels[label == 1, :, :, 2] = bright[label == 0], bright[label == 1]
    about = likely.read(pd.DataFrame({"label": np.array(["red", "blue"])[label]}))
    few = likely.Diffusion(steps=12, network=MLP(width=64, depth=2))
    return likely.fit(Images(pixels, about=about), few, budget="300 steps", condition="label", certify=False)


def test_a_matrix_reads_levels_as_they_lie(coloured):
    rng, given = np.random.default_rng(1), {"label": ["red", "blue", "red"]}
    hidden = np.zeros((3, 4, 4, 3))
    hidden[[0, 2], :, :, 0], hidden[1, :, :, 2] = 200, 150
    matrix = np.linalg.qr(rng.normal(size=(48, 40)))[0].T
    seen = hidden.reshape(3, -1) @ matrix.T
    for by in (PiGDM(), DPS(), Replacing(), Twisted(particles=4, steps=20)):
        told = reconstructed(coloured, seen, Matrix(torch.from_numpy(matrix)), noise=3.0, by=by, given=given)
        off = np.abs(told.rows.pixels.astype(float) - hidden)
        assert off.mean() < 25, (by, off.mean())  # 40 of 48 numbers are known; to draw of the prior is 60 off
    one = reconstructed(coloured, seen[1], Matrix(torch.from_numpy(matrix)), by=PiGDM(), given={"label": "blue"})
    assert one.rows.pixels.shape == (1, 4, 4, 3)
    laid = torch.from_numpy(matrix.reshape(-1, 4, 4, 3).transpose(0, 3, 1, 2).reshape(-1, 48))
    same = reconstructed(coloured, seen[1], Matrix(laid, (3, 4, 4)), by=PiGDM(), given={"label": "blue"})
    assert np.array_equal(one.rows.pixels, same.rows.pixels)


def test_a_class_that_is_told_is_drawn(coloured):
    """Grey, weighed evenly, says nothing of the colour: only what is given does."""
    grey = np.full((6, 4, 4, 1), 60.0)
    labels = ["red", "blue"] * 3
    told = reconstructed(coloured, grey, Colourise((1 / 3, 0.0, 1 / 3)), by=PiGDM(), given={"label": labels}, noise=5.0)
    mean = told.rows.pixels.astype(float).mean((1, 2))
    assert [("red", "blue")[int(row[2] > row[0])] for row in mean] == labels
    assert np.abs(mean[:, [0, 2]].sum(1) / 3 - 60).mean() < 15  # of weights that do not add up to 1 as well
    assert (
        reconstructed(coloured, grey, Colourise((1, 0, 1)), by=Twisted(2, 4), given={"label": "red"}).way != "heuristic"
    )
    with pytest.raises(WrongRows, match="green"):
        reconstructed(coloured, grey, Colourise((1, 0, 1)), given={"label": "green"})
    with pytest.raises(WrongRows, match="2 rows are given beside 6"):
        reconstructed(coloured, grey, Colourise((1, 0, 1)), given={"label": ["red", "blue"]})
    with pytest.raises(WrongRows, match="colour"):
        reconstructed(coloured, grey, Colourise((1, 0, 1)), given={"colour": "red"})


def test_a_model_that_always_had_a_class_wants_one():
    never = likely.Diffusion(steps=4, network=MLP(width=8), drop=0.0)
    fitted = likely.fit("digits", never, budget="2 steps", condition="label", certify=False)
    seen = np.zeros((1, 8, 8, 1))
    with pytest.raises(ConditionError, match="--given label=VALUE"):
        reconstructed(fitted, seen, Blur(), by=PiGDM())
    assert reconstructed(fitted, seen, Blur(), by=PiGDM(), given={"label": 3}).rows.pixels.shape == (1, 8, 8, 1)


def test_a_mask_hides_what_is_not_read(digits):
    pixels = likely.read("digits").pixels[:3].astype(float)
    known = np.ones((8, 8), dtype=bool)
    known[4:] = False
    unread = np.where(known[..., None], pixels, np.nan)
    mask = Mask(torch.from_numpy(known))
    for by in (PiGDM(), DPS()):
        drawn = [reconstructed(digits, each, mask, by=by).rows.pixels for each in (unread, pixels)]
        assert np.array_equal(*drawn)
    each = Mask(torch.from_numpy(np.stack([known, ~known, known])[:, None]))
    told = reconstructed(digits, pixels, each, by=Replacing()).rows.pixels.astype(float)
    off = np.abs(told - pixels)[..., 0]
    assert off[0, :4].mean() < 1.0
    assert off[1, 4:].mean() < 1.0


def test_what_does_not_fit_is_refused(digits):
    with pytest.raises(WrongRows, match="4 x 4"):
        reconstructed(digits, np.zeros((2, 4, 4, 1)), Blur())
    with pytest.raises(WrongRows, match="shape"):
        reconstructed(digits, np.zeros(4), Blur())
    seen = np.zeros((2, 8, 8, 1))
    with pytest.raises(WrongRows, match="missing or infinite"):
        reconstructed(digits, np.full_like(seen, np.nan), Blur())
    for noise in (-3.0, float("nan"), float("inf")):
        with pytest.raises(FieldError, match=f"noise of {noise}"):
            reconstructed(digits, seen, Blur(), noise=noise)
    for known in (torch.ones(3, 3), torch.ones(3, 8, 8), torch.ones(8)):
        with pytest.raises(WrongRows, match="the mask is"):
            reconstructed(digits, seen, Mask(known.bool()))
    with pytest.raises(WrongRows, match="3 masks are beside 2"):
        reconstructed(digits, seen, Mask(torch.ones(3, 1, 8, 8).bool()))
    with pytest.raises(WrongRows, match="5 columns"):
        reconstructed(digits, np.zeros((2, 2)), Matrix(torch.ones(2, 5)))
    with pytest.raises(WrongRows, match="what was seen is 3 numbers"):
        reconstructed(digits, np.zeros((2, 3)), Matrix(torch.ones(2, 64)))
    with pytest.raises(WrongRows, match="shape"):
        reconstructed(digits, seen, Matrix(torch.ones(2, 64)))
    for wrong in (torch.ones(64), torch.full((2, 64), torch.nan)):
        with pytest.raises(FieldError, match="no linear map"):
            Matrix(wrong)
    table = likely.fit(likely.read("iris"), likely.Diffusion(steps=2), budget="2 steps")
    with pytest.raises(CannotAnswer, match="a table"):
        reconstructed(table, np.zeros((2, 4, 4, 1)), Blur())
    with pytest.raises(CannotAnswer, match="Diffusion"):
        reconstructed(likely.fit("iris", likely.NaiveBayes()), torch.zeros(1, 1, 4, 4), Blur())
