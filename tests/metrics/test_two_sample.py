"""Trees tell what differs and only that."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from likely.data import Images, read
from likely.metrics import two_sample
from likely.metrics.two_sample import hanley_mcneil, interval


def test_same_law_is_not_told_apart(mixed):
    real = mixed(400, 0)
    held = [
        measured.low <= 0.5 <= measured.high for measured in (two_sample(real, mixed(400, seed)) for seed in (1, 2, 3))
    ]
    assert sum(held) >= 2


def test_disjoint_laws_are_told_apart(plane):
    measured = two_sample(plane(300, 0), plane(300, 1, centre=(9, 0)))
    assert measured.value == pytest.approx(1.0, abs=0.01)
    assert measured.low < 1.0


def test_a_shift_is_told_as_well_as_it_can_be(plane):
    """Two Gaussians a spread apart: the best area is Phi(1 / sqrt 2)."""
    measured = two_sample(plane(2000, 0), plane(2000, 1, centre=(1, 0)))
    assert measured.value == pytest.approx(norm.cdf(1 / np.sqrt(2)), abs=0.03)


def test_a_broken_dependence_is_told(mixed):
    rows = mixed(500, 0)
    shuffled = rows.frame.assign(x=rows.frame["x"].sample(frac=1, random_state=0).to_numpy())
    assert two_sample(mixed(500, 1), read(shuffled, schema=rows.schema)).low > 0.5


def test_missing_where_nothing_was_missing_is_told(mixed):
    rows = mixed(400, 0)
    holes = rows.frame.assign(x=np.where(np.arange(400) % 2 == 0, np.nan, rows.frame["x"]))
    assert two_sample(mixed(400, 1), read(holes, schema=rows.schema)).value > 0.6


@pytest.mark.parametrize("rows", [1, 4, 10, 13])
def test_few_rows_of_one_law_are_not_told_apart(plane, rows):
    measured = two_sample(plane(40, 0).take(range(rows)), plane(40, 1))
    assert measured.rows == (rows, rows)
    assert measured.low <= 0.5  # it may be above: a fold left out pulls the rest the other way
    assert measured.warning


def test_a_single_row_tells_nothing(plane):
    measured = two_sample(plane(30, 0).take([0]), plane(30, 1))
    assert (measured.value, measured.low, measured.high) == (0.5, 0.0, 1.0)


def test_constant_rows_are_a_half():
    rows = read(pd.DataFrame({"x": [1.0, 2.0] * 40}))
    assert two_sample(rows, rows).value == pytest.approx(0.5, abs=0.1)


def test_noise_outside_the_principal_plane_is_told():
    """Pictures that differ only where the real ones never vary."""
    rng = np.random.default_rng(0)
    real = np.zeros((200, 16, 16, 1), np.uint8)
    real[:, :8, :, 0] = rng.integers(0, 256, (200, 8, 1))
    fake = real.copy()
    fake[:, 8:, :, 0] = rng.integers(0, 40, (200, 8, 16))
    assert two_sample(Images(real), Images(fake)).value > 0.95


def test_more_pixels_than_rows_tell_nothing_by_themselves():
    """A plane fitted to the real rows alone would lie nearer to them than to fresh ones."""
    rng = np.random.default_rng(0)
    pictures = [Images(rng.integers(0, 256, (40, 8, 8, 1)).astype(np.uint8)) for _ in range(6)]
    areas = [two_sample(real, fresh).value for real, fresh in zip(pictures[::2], pictures[1::2], strict=True)]
    assert np.mean(areas) < 0.6


def test_many_categories_are_no_error():
    rng = np.random.default_rng(0)
    sides = [
        pd.DataFrame({"c": rng.choice([f"level {i}" for i in range(400)], 3000), "x": rng.normal(size=3000)})
        for _ in "ab"
    ]
    real = read(sides[0])
    assert two_sample(real, read(sides[1], schema=real.schema)).value == pytest.approx(0.5, abs=0.05)


def test_the_seed_decides(plane):
    a, b = plane(200, 0), plane(200, 1, centre=(0.5, 0))
    assert two_sample(a, b, seed=3) == two_sample(a, b, seed=3)


def test_hanley_and_mcneil_s_own_example():
    """Radiology 143 (1982): area 0.893, 51 abnormal and 58 normal cases, standard error 0.032."""
    assert hanley_mcneil(0.893, 51, 58) == pytest.approx(0.032, abs=6e-4)


def test_an_area_of_one_on_few_rows_is_not_certain():
    low, high = interval(1.0, 20)
    assert 0.7 < low < 0.99
    assert high == 1.0


@pytest.mark.parametrize("area", [0.5, 0.7, 0.9])
def test_on_many_rows_the_interval_is_hanley_and_mcneil_s_of_half(area):
    low, high = interval(area, 5000)
    assert (high - low) / 2 == pytest.approx(1.96 * hanley_mcneil(area, 2500, 2500), rel=0.01)


@pytest.mark.slow
def test_the_interval_holds_a_half_of_halves_of_one_table():
    rows = read(pd.DataFrame(np.random.default_rng(0).normal(size=(600, 4)), columns=list("abcd")))
    held = []
    for seed in range(40):
        order = np.random.default_rng(seed).permutation(600)
        measured = two_sample(rows.take(order[::2]), rows.take(order[1::2]), seed=seed)
        held.append(measured.low <= 0.5 <= measured.high)
    assert np.mean(held) >= 0.85
