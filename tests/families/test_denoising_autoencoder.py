"""The denoising autoencoder: what it mends is nearer to the truth than what it was given."""

import numpy as np
import pytest
import torch

import likely
from likely.data import Images
from likely.errors import CannotAnswer, FieldError
from likely.families.denoising_autoencoder import DenoisingAutoencoder
from likely.families.gaussian_mixture import GaussianMixture
from likely.fields import made
from likely.objectives import GaussianNoise, Masking, SaltAndPepper
from likely.rng import Keyed, Stepped
from likely.source import promises
from likely.spaces import label, reals


def test_its_promises_and_its_corruption_by_name():
    assert "Restores" in promises("DenoisingAutoencoder")
    asked = made("Family", "denoising-autoencoder,corruption=salt-and-pepper,corruption.share=0.2")
    assert asked.corruption == SaltAndPepper(0.2)


def test_it_is_shown_spoilt_rows_and_asked_for_what_they_were():
    torch.manual_seed(0)
    model = DenoisingAutoencoder(latent=2, corruption=Masking(0.5), density=GaussianMixture()).build(reals(3))
    x = torch.randn(10, 3)
    (turn,) = model.turns(x, rng=Stepped(0, 7))
    seen = Masking(0.5).spoil(x, reals(3), rng=Stepped(0, 7))
    wanted = -model.coder.law.log_prob(x, model.coder.decoder(model.encode(seen))).mean()
    torch.testing.assert_close(turn.loss(), wanted)


def test_a_line_is_found_again():
    """Rows on a line, blurred across it: mended ones lie nearer, and a missing cell is what the others say."""
    x = Keyed(0).normal((600, 1), like=torch.empty(0)) * torch.tensor([[1.0, 1.0, 1.0]])
    fitted = likely.fit(x.numpy(), likely.DenoisingAutoencoder(latent=4, corruption=GaussianNoise(0.5)), budget=600,
                        certify=False)  # fmt: skip
    blurred = (x + 0.5 * Keyed(1).normal(x.shape, like=x)).numpy()
    mended = fitted.denoise(blurred)
    assert isinstance(mended, np.ndarray)
    assert np.square(mended - x.numpy()).mean() < 0.45 * np.square(blurred - x.numpy()).mean()  # a third, at best


def test_missing_and_wrong_cells_of_a_table_are_put_right():
    iris = likely.read("iris").frame
    fitted = likely.fit(iris, likely.DenoisingAutoencoder(), budget=500, certify=False)
    spoilt = iris.copy()
    spoilt.index = [f"row {at}" for at in range(150)]
    spoilt.iloc[::10, 0] = np.nan
    spoilt.iloc[5::10, 4] = None
    spoilt.iloc[7, 4] = "setoza"
    mended = fitted.denoise(spoilt)
    assert list(mended.index) == list(spoilt.index)
    assert list(mended.columns) == list(iris.columns)
    assert (mended.dtypes == iris.dtypes).all()
    assert mended.notna().all(axis=None)
    assert (mended["species"].to_numpy() == iris["species"].to_numpy()).mean() > 0.93
    gaps = np.abs(mended.iloc[::10, 0].to_numpy() - iris.iloc[::10, 0].to_numpy())
    assert gaps.mean() < 0.75 * np.abs(iris.iloc[::10, 0] - iris.iloc[:, 0].mean()).mean()


def test_pictures_keep_their_form_and_levels():
    digits = likely.read("digits")
    family = likely.DenoisingAutoencoder(corruption=SaltAndPepper(0.2))
    fitted = likely.fit(digits, family, budget=250, certify=False)
    chance = np.random.default_rng(0)
    ends = 16 * chance.integers(0, 2, digits.pixels.shape)
    jumped = np.where(chance.random(digits.pixels.shape) < 0.2, ends, digits.pixels).astype(np.uint8)
    mended = fitted.denoise(Images(jumped, levels=17))
    assert mended.pixels.shape == digits.pixels.shape
    assert mended.pixels.dtype == np.uint8
    before, after = (np.square(each.astype(float) - digits.pixels).mean() for each in (jumped, mended.pixels))
    assert after < 0.6 * before


def test_noise_that_finds_nothing_to_blur():
    with pytest.raises(FieldError, match="Masking"):
        DenoisingAutoencoder(corruption=GaussianNoise(), density=GaussianMixture()).build(label(3))


def test_who_cannot_mend_names_who_can():
    fitted = likely.fit("iris", likely.NaiveBayes(), certify=False)
    with pytest.raises(CannotAnswer, match="DenoisingAutoencoder"):
        fitted.denoise("iris")
