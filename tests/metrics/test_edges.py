"""Blurred and noisy pictures beside sharp ones, and spectra that are known."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from likely.data import Images
from likely.metrics.edges import powers, sharpness, spectral_slope, spectrum

RNG = np.random.default_rng(0)


def pictures(values):
    """Reals as levels."""
    low, high = values.min(), values.max()
    return Images(np.rint((values - low) / (high - low) * 255).astype(np.uint8)[..., None])


def coloured(slope, count, side=32, seed=0):
    """Noise whose mean power is f^slope."""
    rng = np.random.default_rng(seed)
    f = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.fftfreq(side))
    f[0, 0] = np.inf
    waves = np.fft.fft2(rng.normal(size=(count, side, side)))
    return np.fft.ifft2(waves * f ** (slope / 2)).real


SHARP = pictures((gaussian_filter(RNG.normal(size=(150, 16, 16)), (0, 2, 2)) > 0).astype(float))
OTHER = pictures((gaussian_filter(RNG.normal(size=(150, 16, 16)), (0, 2, 2)) > 0).astype(float))
BLURRED = pictures(gaussian_filter(OTHER.pixels[..., 0].astype(float), (0, 1, 1)))
NOISY = pictures(OTHER.pixels[..., 0] + 60 * RNG.normal(size=(150, 16, 16)))


def test_a_blur_is_below_one_noise_above_and_real_pictures_at_it():
    blurred, noisy, real = (sharpness(SHARP, each) for each in (BLURRED, NOISY, OTHER))
    assert blurred.high < 0.5
    assert noisy.low > 1.2
    assert real.low < 1 < real.high
    assert sharpness(SHARP, SHARP).value == 1.0
    slopes = [spectral_slope(SHARP, each) for each in (BLURRED, OTHER, NOISY)]
    assert slopes[0].high < slopes[1].low
    assert slopes[1].high < slopes[2].low
    assert slopes[1].low - 0.05 < slopes[1].ideal < slopes[1].high + 0.05


def test_contrast_alone_is_no_blur():
    faint = Images((OTHER.pixels * 0.4 + 60).astype(np.uint8))
    assert sharpness(OTHER, faint).value == pytest.approx(1.0, abs=0.02)


@pytest.mark.parametrize("slope", [0, -2, -3])
def test_the_slope_of_noise_whose_spectrum_is_known(slope):
    found = spectral_slope(pictures(coloured(slope, 200)), pictures(coloured(slope, 200, seed=1)))
    assert found.value == pytest.approx(slope, abs=0.25)
    assert found.low < found.ideal + 0.1


def test_the_spectrum_is_a_curve_with_its_interval():
    told = spectrum(SHARP)
    assert (told.low < told.power).all()
    assert (told.power < told.high).all()
    assert len(told.frequency) == 8
    f, power = powers(pictures(np.cos(2 * np.pi * 4 * np.arange(16) / 16)[None, None] * np.ones((3, 16, 1))))
    assert f[power.mean(0).argmax()] == 4


def test_what_has_no_edges_is_not_told():
    flat, tiny = Images(np.full((9, 8, 8, 1), 7, np.uint8)), Images(np.zeros((9, 2, 2, 1), np.uint8))
    assert sharpness(flat, flat) is None
    assert spectral_slope(flat, flat) is None
    assert sharpness(tiny, tiny) is None
    assert spectral_slope(tiny, tiny) is None
