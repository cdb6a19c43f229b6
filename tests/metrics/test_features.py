"""Rows as numbers: every kind of cell, the same on both sides."""

import numpy as np
import pandas as pd
import pytest

from likely.data import Images, Table, read
from likely.errors import WrongRows
from likely.metrics.features import PLAIN, codes, features, frame_of, keys, sampled


def table(**columns):
    return read(pd.DataFrame(columns))


def test_ids_texts_and_constants_are_left_out():
    rows = table(id=[f"A{i:03d}" for i in range(60)], same=["x"] * 60, x=np.linspace(0, 1, 60))
    assert list(frame_of(rows)) == ["x"]
    with pytest.raises(WrongRows, match="no column"):
        frame_of(table(id=[f"A{i:03d}" for i in range(60)], same=["x"] * 60))


def test_categories_share_their_codes_and_unseen_ones_get_their_own():
    a, b = table(c=["u", "v"] * 20, x=np.arange(40) / 7), table(c=["v", "w"] * 20, x=np.arange(40) / 7)
    first, second = codes(a, b)
    assert first[1, 0] == second[0, 0]
    assert second[1, 0] not in first[:, 0]


def test_one_category_in_several_types_is_one():
    a = table(c=pd.Series([0, 1] * 20), x=np.arange(40) / 7)
    for column in ([0.0, 1.0] * 20, [False, True] * 20):
        other = Table(a.frame.assign(c=column), a.schema)
        np.testing.assert_array_equal(*codes(a, other))


def test_missing_is_nan_in_numbers_and_categories():
    rows = table(c=["u", None] * 20, x=[1.5, np.nan, 2.5, 3.5] * 10)
    (matrix,) = codes(rows)
    assert np.isnan(matrix[:, 0]).sum() == 20
    assert np.isnan(matrix[:, 1]).sum() == 10


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_dates_are_days_whatever_their_unit(unit):
    days = pd.date_range("2020-01-01", periods=40, freq="36h").as_unit("s")
    text = table(d=days.strftime("%Y-%m-%d %H:%M:%S"), x=np.arange(40) / 7)
    other = Table(text.frame.assign(d=days.as_unit(unit)), text.schema)
    first, second = codes(text, other)
    np.testing.assert_array_equal(first, second)
    assert first[1, 0] - first[0, 0] == 1.5


def test_missing_and_time_zoned_dates():
    days = pd.Series(pd.date_range("2020-01-01", periods=40, freq="D", tz="Europe/Berlin"))
    days[3] = pd.NaT
    (matrix,) = codes(read(pd.DataFrame({"d": days, "x": np.arange(40) / 7})))
    assert np.isnan(matrix[3, 0])
    assert np.isfinite(matrix[[0, 1, 39], 0]).all()


def test_lacking_columns_are_told(plane):
    rows = plane(30, 0)
    with pytest.raises(WrongRows, match="lack"):
        codes(rows, Table(rows.frame[["x"]], rows.schema))


def test_features_are_standardised_and_bounded():
    x = np.r_[np.random.default_rng(0).normal(5, 3, 199), 1e9]
    a, b = features(table(x=x, c=["u", "v"] * 100), table(x=x, c=["u", "v"] * 100))
    np.testing.assert_array_equal(a, b)
    assert np.abs(a).max() <= 5
    assert a.shape == (200, 3)


def test_a_gap_is_an_axis_of_its_own():
    whole, holes = table(x=np.arange(40) / 7), table(x=[np.nan, *np.arange(39) / 7])
    assert [side.shape[1] for side in features(whole, holes)] == [2, 2]


def test_infinite_and_all_missing_cells_are_finite_features():
    a = read(pd.DataFrame({"x": np.arange(40) / 7, "y": np.arange(40) % 9 / 7}))
    b = Table(a.frame.assign(x=np.inf, y=np.nan), a.schema)
    assert all(np.isfinite(side).all() for side in features(a, b))


def test_many_levels_keep_memory_bounded():
    rows = table(c=[f"level {i % 400}" for i in range(4000)], x=np.arange(4000) / 7)
    assert features(rows)[0].shape[1] <= 51


def test_principal_parts_keep_distances():
    pixels = np.random.default_rng(0).integers(0, 17, (60, 4, 4, 1)).astype(np.uint8)
    (points,) = features(Images(pixels, 17))
    flat = pixels.reshape(60, -1) / 16
    np.testing.assert_allclose(np.linalg.norm(points[0] - points[1]), np.linalg.norm(flat[0] - flat[1]), atol=1e-9)


def test_large_pictures_take_the_randomised_way():
    rng = np.random.default_rng(0)
    images = Images(rng.integers(0, 256, (40, 24, 24, 3)).astype(np.uint8))
    first, second = features(images), features(images)
    np.testing.assert_array_equal(first[0], second[0])
    assert first[0].shape == (40, 41)  # forty directions, and the distance from their plane


def test_keys_are_equal_where_the_modelled_cells_are():
    a = table(id=[f"A{i:03d}" for i in range(60)], x=np.arange(60) % 30 / 7)
    assert (keys(a)[:30] == keys(a)[30:]).all()
    assert len(np.unique(keys(a))) == 30


def test_sampled_keeps_order_and_repeats_by_seed(plane):
    rows = plane(100, 0)
    assert sampled(rows, 200, 0) is rows
    few = sampled(rows, 10, 1)
    assert len(few) == 10
    assert few.frame.index.is_monotonic_increasing
    assert few.frame.equals(sampled(rows, 10, 1).frame)


def test_the_plain_sight_is_the_features():
    a, b = table(x=np.arange(40) / 7, y=np.arange(40) % 3), table(x=np.arange(30) / 5, y=np.arange(30) % 3)
    for mine, theirs in zip(PLAIN.points(a, b), features(a, b)):
        assert np.array_equal(mine, theirs)
    assert PLAIN.name == "plain features"
