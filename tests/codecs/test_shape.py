import numpy as np
import pytest

from likely.codecs import shape
from likely.codecs.monotone import Affine, Logarithm, Spline
from likely.errors import FieldError

rng = np.random.default_rng(0)
NORMAL = rng.normal(5, 2, 5000)
HUMPS = np.concatenate([rng.normal(-10, 1, 2500), rng.normal(10, 0.5, 2500)])


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (NORMAL, Affine),
        (rng.random(5000), Affine),
        (np.exp(rng.normal(0, 1, 5000)), Logarithm),
        (rng.exponential(1, 5000), Logarithm),
        (HUMPS, Spline),
        (np.round(HUMPS[::100]), Affine),  # too few to judge
        (np.full(500, 3.0), Affine),
        (np.zeros(0), Affine),
        (rng.choice([0.0, 100.0], 500), Affine),  # two values say nothing of quantiles
    ],
)
def test_the_map_follows_the_shape(values, kind):
    assert isinstance(shape.chosen(values, "auto", "x"), kind)


def test_how_gaussian_known_shapes_are():
    ordered = [np.sort(each) for each in (NORMAL, rng.random(20000), rng.exponential(1, 20000), HUMPS)]
    np.testing.assert_allclose([shape.gaussian(each) for each in ordered], [1, 0.955, 0.816, 0.70], atol=0.02)


def test_the_person_overrides_the_shape():
    assert isinstance(shape.chosen(NORMAL, "quantile", "x"), Spline)
    assert isinstance(shape.chosen(NORMAL, "log", "x"), Logarithm)
    assert isinstance(shape.chosen(HUMPS, "standard", "x"), Affine)
    with pytest.raises(FieldError, match="column 'debt'"):
        shape.chosen(-np.ones(5), "log", "debt")


@pytest.mark.parametrize("values", [NORMAL, HUMPS, np.exp(NORMAL), np.round(NORMAL * 3)])
@pytest.mark.parametrize("transform", ["auto", "standard", "log", "quantile"])
def test_units_change_the_slope_and_nothing_else(values, transform):
    values = values[values > 0] if transform == "log" else values
    z, slope = shape.chosen(values, transform, "x").forward(values)
    z_other, slope_other = shape.chosen(values * 1000, transform, "x").forward(values * 1000)
    np.testing.assert_allclose(z_other, z, atol=1e-8)
    np.testing.assert_allclose(slope_other, slope - np.log(1000), atol=1e-8)


@pytest.mark.parametrize("values", [HUMPS, np.round(HUMPS), np.concatenate([np.zeros(3000), NORMAL]), HUMPS**3])
def test_quantiles_make_a_normal(values):
    z, slope = shape.quantile(values).forward(values)
    assert abs(z.mean()) < 0.1
    assert abs(z.std() - 1) < 0.15
    assert np.isfinite(slope).all()


def test_huge_and_constant_values_have_finite_scales():
    huge = shape.standard(np.array([1e300, -1e300, 5e299]))
    assert np.isfinite(huge.scale)
    assert shape.standard(np.full(9, 7.0)).scale == 7.0
    assert shape.standard(np.zeros(9)).scale == 1.0
    assert shape.standard(1e9 + np.arange(10.0)).scale == pytest.approx(np.arange(10.0).std())
