import json

import numpy as np
import pytest

from likely.codecs.monotone import Affine, Logarithm, Spline, monotone_from
from likely.codecs.parts import Part
from likely.errors import Corrupt

MAPS = [
    Affine(3.0, 0.5),
    Logarithm(0.1, 1.0, 2.0),
    Spline((-2.0, -1.0, 0.5, 4.0, 4.5), (-2.0, -1.9, 0.3, 0.4, 2.0)),
    Spline((0.0, 1.0), (0.0, 2.0)),
]
POINTS = np.concatenate([np.linspace(-9, 9, 2001), [-1e6, 1e6, 0.1, 0.0]])


@pytest.mark.parametrize("f", MAPS)
def test_the_inverse_gives_the_value_back(f):
    z, _ = f.forward(POINTS)
    np.testing.assert_allclose(f.inverse(z), POINTS, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(f.forward(f.inverse(POINTS))[0][:-2001], POINTS[:-2001], rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("f", MAPS)
def test_the_slope_is_the_numeric_derivative(f):
    v = np.linspace(-9, 9, 2003)
    h = 1e-6
    numeric = (f.forward(v + h)[0] - f.forward(v - h)[0]) / (2 * h)
    np.testing.assert_allclose(np.exp(f.forward(v)[1]), numeric, rtol=2e-5)


@pytest.mark.parametrize("f", MAPS)
def test_maps_rise_everywhere(f):
    assert (np.diff(f.forward(np.unique(POINTS))[0]) > 0).all()
    assert np.isfinite(f.forward(POINTS)[1]).all()


@pytest.mark.parametrize("f", MAPS)
def test_parts_rebuild_the_map(f):
    assert monotone_from(Part(json.loads(json.dumps(f.parts())))) == f


@pytest.mark.parametrize(
    "parts",
    [
        {"is": "Affine", "shift": 0, "scale": 0},
        {"is": "Affine", "shift": float("nan"), "scale": 1},
        {"is": "Affine", "shift": 0, "scale": "1"},
        {"is": "Affine", "shift": 0, "scale": 1, "more": 1},
        {"is": "Logarithm", "knee": -1, "shift": 0, "scale": 1},
        {"is": "Spline", "x": [0, 0], "z": [0, 1]},
        {"is": "Spline", "x": [0], "z": [0]},
        {"is": "Spline", "x": [0, 1, 2], "z": [0, 1]},
        {"is": "os.system"},
        [],
    ],
)
def test_hostile_parts_are_refused(parts):
    with pytest.raises(Corrupt):
        monotone_from(Part(parts))
