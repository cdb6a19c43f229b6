import numpy as np
import pandas as pd
import pytest

from likely.data import Relative, Windows, read, sides, windowed
from likely.errors import FieldError, WrongRows

RNG = np.random.default_rng(0)
TOLD = (Relative.CHANGES, Relative.GROWTH)


@pytest.fixture
def table():
    walk = np.exp(RNG.normal(0, 0.1, (40, 2)).cumsum(0))
    return read(pd.DataFrame(walk, columns=["rate", "price"]))


@pytest.mark.parametrize("relative", TOLD)
def test_changes_and_levels_are_each_other_s_inverse(relative):
    values, before = RNG.uniform(1, 2, (5, 7, 2)), RNG.uniform(1, 2, (5, 1, 2))
    told = relative.told(values, before)
    np.testing.assert_allclose(relative.levels(told, before), values)
    first = np.log(values[:, 0] / before[:, 0]) if relative is Relative.GROWTH else values[:, 0] - before[:, 0]
    np.testing.assert_allclose(told[:, 0], first)


@pytest.mark.parametrize("relative", [Relative.NOT, *TOLD])
def test_the_log_determinant_is_that_of_the_numerical_jacobian(relative):
    values, before, step = RNG.uniform(1, 2, (1, 4, 1)), np.array([[[1.3]]]), 1e-6
    moved = values + step * np.eye(4)[:, :, None]
    jacobian = (relative.told(moved, np.tile(before, (4, 1, 1))) - relative.told(values, before))[..., 0] / step
    np.testing.assert_allclose(relative.log_det(values), np.linalg.slogdet(jacobian)[1], atol=1e-5)


def test_windows_overlap_and_know_the_moment_before(table):
    values = table.frame.to_numpy()
    rows = windowed(table, Windows(length=8, stride=3, relative=Relative.CHANGES))
    assert rows.values.shape == (11, 8, 2)
    np.testing.assert_array_equal(rows.values[1], values[4:12])
    np.testing.assert_array_equal(rows.before[1], values[3:4])
    np.testing.assert_array_equal(rows.take([1]).before, rows.before[1:2])
    np.testing.assert_allclose(rows.points()[1, :16].reshape(8, 2), np.diff(values[3:12], axis=0))
    assert (np.diff(sides(rows)) >= 0).all()
    mixed = rows.mixed(np.random.default_rng(0))
    np.testing.assert_allclose(np.sort(mixed.told, 0), np.sort(rows.told, 0), atol=1e-12)
    assert windowed(table, 8).values.shape == (5, 8, 2)
    with pytest.raises(WrongRows, match="levels beside changes"):
        rows.alike(windowed(table, 8))


def test_windows_know_the_changes_before_them(table):
    values = table.frame.to_numpy()
    rows = windowed(table, Windows(length=8, stride=3, relative=Relative.GROWTH, volatility=4))
    np.testing.assert_array_equal(rows.values[1], values[8:16])
    np.testing.assert_array_equal(rows.before[1], values[3:8])
    np.testing.assert_allclose(rows.told[1], np.diff(np.log(values[7:16]), axis=0))
    with pytest.raises(WrongRows, match="one way"):
        rows.alike(windowed(table, Windows(length=8, relative=Relative.GROWTH)))


@pytest.mark.parametrize(
    "windows",
    [
        Windows(length=5),
        Windows(length=5, stride=2, relative=Relative.GROWTH),
        Windows(length=5, relative=Relative.CHANGES, volatility=9),
    ],
)
def test_windows_come_back_from_json(windows):
    assert Windows.of(windows.to_json()) == windows
    assert Windows.of(windows) is windows


def test_what_cannot_be_cut_is_refused(table):
    with pytest.raises(WrongRows, match="gaps"):
        windowed(read(table.frame.mask(table.frame > 1.2)), Windows(length=4, relative=Relative.CHANGES))
    with pytest.raises(WrongRows, match="no growth"):
        assert windowed(read(-table.frame), Windows(length=4, relative=Relative.GROWTH)).told is None
    with pytest.raises(FieldError, match="overlap"):
        read("digits", window=Windows(length=4, stride=1))
    with pytest.raises(FieldError, match="'rises'"):
        Windows.of({"length": 4, "relative": "rises"})
    with pytest.raises(FieldError, match="no windows"):
        Windows.of({"width": 4})
    with pytest.raises(WrongRows, match="stride of 0"):
        Windows(length=4, stride=0)
    with pytest.raises(WrongRows, match="volatility of 3"):
        Windows(length=4, volatility=3)
