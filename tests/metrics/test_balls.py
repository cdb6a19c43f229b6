"""Balls against brute force, among points that are apart, equal, tied or far out."""

import numpy as np
import pytest

from likely.metrics import balls
from likely.metrics.balls import Places, held, radii
from likely.metrics.coverage import of_points

RNG = np.random.default_rng(0)
POINTS = {
    "apart": (RNG.normal(size=(150, 6)), RNG.normal(size=(90, 6)) * 1.2),
    "equal and tied": (RNG.integers(0, 3, (150, 3)) / np.sqrt(2), RNG.integers(0, 3, (90, 3)) / np.sqrt(2)),
    "all the same": (np.zeros((12, 2)), np.zeros((9, 2))),
    "far out": (RNG.normal(size=(60, 4)) + 1e4, RNG.normal(size=(70, 4)) + 1e4),
    "some far out": (RNG.standard_cauchy((150, 4)), RNG.standard_cauchy((90, 4))),
}


def brute(a, b):
    return ((a[:, None] - b[None]) ** 2).sum(2)


@pytest.mark.parametrize("name", POINTS)
@pytest.mark.parametrize("block", [(7, 16), (512, 4096)])
def test_against_brute_force(name, block, monkeypatch):
    monkeypatch.setattr(balls, "ROWS", block[0])
    monkeypatch.setattr(balls, "COLUMNS", block[1])
    (a, b), k = POINTS[name], 4
    real, drawn = Places(a), Places(b)
    around = radii(real, k)
    np.testing.assert_allclose(around[real.back], np.sort(brute(a, a), axis=1)[:, k], rtol=1e-9, atol=1e-9)
    inside = brute(a, b) <= around[real.back][:, None] * (1 + 1e-12) + 1e-9
    inner, outer = held(drawn, real, around)
    np.testing.assert_array_equal(inner.counts[drawn.back], inside.sum(0))
    np.testing.assert_array_equal(outer.counts[real.back], inside.sum(1))
    once = inside.sum(1) == 1
    np.testing.assert_array_equal(outer.alone[real.back] >= 0, once)
    np.testing.assert_array_equal(outer.alone[real.back][once], drawn.back[inside.argmax(1)[once]])


def test_precision_recall_density_and_coverage_by_their_definitions():
    a, b = POINTS["apart"]
    k, across = 5, brute(a, b)
    around_a, around_b = (np.sort(brute(side, side), axis=1)[:, k] for side in (a, b))
    precision, recall, density, coverage = (each.value for each in of_points(a, b, k))
    assert precision == (across <= around_a[:, None]).any(0).mean()
    assert recall == (across <= around_b).any(1).mean()
    assert density == pytest.approx((across <= around_a[:, None]).sum(0).mean() / k)
    assert coverage == (across.min(1) <= around_a).mean()


def test_single_precision_alone_would_decide_wrongly():
    """Points whose distances differ by less than single precision can say, far from the origin."""
    a = np.array([[0.0, 0], [1.0, 0], [3000.0, 0], [3000.0, 1.00001]])
    b = np.array([[3000.0, -1.000011], [3000.0, -1.000009]])
    real = Places(a)
    inside = held(Places(b), real, radii(real, 1))[0].counts
    np.testing.assert_array_equal(inside, (brute(a, b) <= np.sort(brute(a, a), 1)[:, 1, None]).sum(0))
    assert set(inside) == {0.0, 1.0}
