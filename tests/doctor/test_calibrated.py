"""The divergence that a critic's scores imply, against the closed form on two Gaussians, whatever the scores' scale."""

import math

import numpy as np
import pytest

from likely.doctor.calibrated import FEWEST, calibrated, line, steps, told_apart


def normal(x, mean, spread=1.0):
    return np.exp(-0.5 * ((x - mean) / spread) ** 2) / (spread * math.sqrt(2 * math.pi))


def truth(shift, spread=1.0):
    """JSD and the best accuracy of N(0, 1) and N(shift, spread^2), by quadrature."""
    x = np.linspace(-30, 30, 200_001)
    p, q = normal(x, 0), normal(x, shift, spread)
    m = (p + q) / 2
    terms = [np.where(each > 0, each * np.log(np.where(each > 0, each / m, 1)), 0) for each in (p, q)]
    return float(np.trapezoid(sum(terms), x)) / 2, float(np.trapezoid(np.maximum(p, q), x)) / 2


def logit(x, shift, spread=1.0):
    """The best critic's: log p - log q."""
    return -0.5 * x**2 + 0.5 * ((x - shift) / spread) ** 2 + math.log(spread)


@pytest.mark.parametrize("shift", [0.0, 0.5, 1.0, 2.0, 4.0])
@pytest.mark.parametrize("scale", ["logit", "thousandth", "cubed", "probability", "ranks"])
def test_two_gaussians(shift, scale):
    """Within its standard error of what the best critic implies, though all that is known are the scores' ranks."""
    rng = np.random.default_rng(int(10 * shift))
    real, fake = logit(rng.normal(size=4000), shift), logit(shift + rng.normal(size=4000), shift)
    ways = {
        "logit": lambda s: s, "thousandth": lambda s: 1e-3 * s - 7, "cubed": lambda s: s**3,
        "probability": lambda s: 1 / (1 + np.exp(-np.clip(s, -40, 40))), "ranks": np.arctan,
    }  # fmt: skip
    told = told_apart(ways[scale](real), ways[scale](fake))
    assert told is not None
    divergence, accuracy = truth(shift)
    assert abs(told.divergence - divergence) < 3.5 * told.divergence_error + 0.003
    assert abs(told.accuracy - accuracy) < 3.5 * told.accuracy_error + 0.003
    assert told.divergence_error < 0.01
    low, high = told.divergence_within(1.96)
    assert 0 <= low <= high <= math.log(2)


def test_two_widths():
    """A law within another: the best critic's score falls on both sides, and is still only a score."""
    rng = np.random.default_rng(3)
    real, fake = (logit(x, 0.0, 2.0) for x in (rng.normal(size=4000), 2 * rng.normal(size=4000)))
    told = told_apart(real, fake)
    divergence, accuracy = truth(0.0, 2.0)
    assert abs(told.divergence - divergence) < 3.5 * told.divergence_error
    assert abs(told.accuracy - accuracy) < 3.5 * told.accuracy_error


@pytest.mark.parametrize("rows", [30, 300])
def test_a_lower_bound_up_to_its_error(rows):
    """Over many samples the mean lies below the truth, and errors are as told."""
    rng, shift = np.random.default_rng(0), 1.0
    each = [told_apart(rng.normal(size=rows), shift + rng.normal(size=rows), seed=k) for k in range(150)]
    values, errors = np.array([t.divergence for t in each]), np.array([t.divergence_error for t in each])
    divergence, _ = truth(shift)
    assert values.mean() < divergence + 2 * values.std() / 150**0.5
    assert 0.6 < values.std() / errors.mean() < 1.6


def test_equal_laws_are_not_told_apart():
    rng = np.random.default_rng(1)
    each = [told_apart(rng.normal(size=200), rng.normal(size=200), seed=k) for k in range(100)]
    inside = [t.accuracy_within(1.96)[0] <= 0.5 <= t.accuracy_within(1.96)[1] for t in each]
    assert np.mean(inside) > 0.88
    assert abs(np.mean([t.accuracy for t in each]) - 0.5) < 0.01
    assert np.mean([t.divergence for t in each]) < 0.005


def test_a_judge_that_takes_generated_rows_for_real_ones_still_tells_them_apart():
    rng = np.random.default_rng(2)
    told = told_apart(rng.normal(size=500) - 3, rng.normal(size=500))
    assert told.accuracy > 0.9


def test_few_rows_and_wild_scores():
    assert told_apart(np.zeros(FEWEST - 1), np.zeros(50)) is None
    told = told_apart(np.zeros(20), np.zeros(20))
    assert told.accuracy == 0.5
    assert abs(told.divergence) < 0.01
    wild = np.array([1e30, -1e30, 0.0, 1.0] * 10)
    assert np.isfinite(told_apart(wild, -wild).divergence)


def test_the_line_and_the_steps():
    rng = np.random.default_rng(0)
    real, fake = rng.normal(size=3000) + 1, rng.normal(size=3000)
    at = np.array([-1.0, 0.5, 2.0])
    wanted = 1 / (1 + np.exp(0.5 - at))  # log p - log q is x - 1/2
    assert np.abs(line(real, fake)(at) - wanted).max() < 0.03
    assert np.abs(steps(real, fake)(at) - wanted).max() < 0.08
    assert (np.diff(steps(real, fake)(np.linspace(-5, 5, 100))) >= 0).all()
    assert np.abs(calibrated(real**3, fake**3)(at**3) - wanted).max() < 0.08  # no line fits the cube
