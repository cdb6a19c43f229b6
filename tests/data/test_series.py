import numpy as np
import pandas as pd
import pytest

from likely.data import Panel, content_hash, read, series_of, sides, split, windowed
from likely.errors import EmptyData, FieldError, WrongRows

UNEVEN = [np.array([1.5, 2.0, np.nan, 4.0]), np.array([0.25, -1.0])]


def record(moments=50):
    frame = pd.DataFrame({"date": pd.date_range("2020-01-01", periods=moments, freq="h").astype(str)})
    return frame.assign(load=np.sin(np.arange(moments)) + 2, heat=np.arange(moments) * 0.5)


def test_an_array_or_a_list_of_unequal_lengths_are_series():
    rows = series_of(UNEVEN, labels=["a", "b"])
    assert rows.values.shape == (2, 4, 1)
    assert rows.lengths.tolist() == [4, 2]
    assert np.isnan(rows.values[1, 2:]).all()
    assert rows.about.frame["label"].tolist() == ["a", "b"]
    assert series_of(np.zeros((3, 5, 2))).values.shape == (3, 5, 2)
    assert series_of(np.zeros((3, 5))).values.shape == (3, 5, 1)


def test_whole_numbers_are_levels_and_others_are_reals():
    assert series_of(np.array([[0, 3], [1, 2]])).levels == 4
    assert series_of(np.array([[0.5, 3], [1, 2]])).levels is None
    assert series_of(np.array([[-1, 3], [1, 2]])).levels is None
    assert series_of(np.array([[1000, 3], [1, 2]])).levels is None


@pytest.mark.parametrize(
    "wrong", [[[1.0, np.inf]], [["x"]], np.zeros((2, 2, 2, 2)), [np.zeros((3, 1)), np.zeros((3, 2))]]
)
def test_what_is_no_series_is_refused(wrong):
    with pytest.raises(WrongRows):
        series_of(wrong)
    with pytest.raises(EmptyData):
        series_of(np.zeros((2, 0, 1)))


def test_a_table_of_moments_is_cut_only_when_a_window_is_asked_for(tmp_path):
    path = tmp_path / "power.csv"
    record().to_csv(path, index=False)
    assert not isinstance(read(path), Panel)
    rows = read(path, window=12)
    assert isinstance(rows, Panel)
    assert (rows.values.shape, rows.channels) == ((4, 12, 2), ("load", "heat"))
    assert rows.names[1] == "2020-01-01 12:00:00"
    assert np.array_equal(rows.values[1, :, 1], np.arange(12, 24) * 0.5)
    assert content_hash(rows) == content_hash(read(path, schema={"window": 12}))
    with pytest.raises(EmptyData, match="50 moments fill no window of 60"):
        read(path, window=60)
    with pytest.raises(FieldError):
        read("digits", window=3)


def test_categories_are_no_channel():
    table = read(record().assign(weather=["wet", "dry"] * 25))
    with pytest.raises(WrongRows, match=r"'weather' \(category\) is no channel"):
        windowed(table, 5)


def test_windows_follow_one_another_and_their_sides_are_cut():
    parts = split(windowed(read(record()), 2))
    assert [len(part) for part in (parts.train, parts.validation, parts.test)] == [20, 2, 3]
    assert parts.train.values[-1, -1, 1] < parts.validation.values[0, 0, 1] < parts.test.values[0, 0, 1]


def test_a_series_hash_does_not_know_how_far_it_was_filled_up():
    alone, beside = series_of(UNEVEN[1:]), series_of(UNEVEN)
    assert alone.hashes()[0] == beside.hashes()[1]
    assert series_of([[0.0, 1.5]]).hashes() == series_of([[-0.0, 1.5]]).hashes()
    many = series_of(np.random.default_rng(0).normal(size=(40, 3)))
    assert np.array_equal(sides(many)[:20], sides(many.take(range(20))))


def test_series_are_told_in_words():
    assert series_of(UNEVEN).described().form == "series of 2 to 4 (3 on average) moments, 1 channel, 16.7% missing"
    assert windowed(read(record()), 5).described().form == "windows of 5 moments, 2 channels"
    assert series_of(np.array([[0, 1]])).described().to_json()["levels"] == 2


def test_rows_of_one_form_are_brought_beside_each_other():
    rows, shorter = series_of(UNEVEN), series_of(UNEVEN[1:])
    assert rows.alike(shorter).values.shape == (1, 4, 1)
    assert rows.points().shape == (2, 5)
    assert rows.mixed(np.random.default_rng(0)).values.shape == rows.values.shape
    assert rows.dimensions == 2
    with pytest.raises(WrongRows):
        shorter.alike(rows)
