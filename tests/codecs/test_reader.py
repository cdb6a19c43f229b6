import numpy as np
import pandas as pd
import pytest

from likely.codecs.reader import UNSEEN, LevelReader, NumberReader, absent, typed
from likely.data.schema import ColumnSchema
from likely.errors import WrongRows


def number(**said):
    return NumberReader(ColumnSchema("age", said.pop("kind", "real"), said.pop("dtype", "float64"), **said))


def levels(*known, dtype="str", closed=True, **said):
    return LevelReader(ColumnSchema("colour", "category", dtype, levels=known, **said), closed)


@pytest.mark.parametrize(
    "cells",
    [
        pd.Series([1, 2, 3]),
        pd.Series([1.0, 2.0, 3.0], dtype="float32"),
        pd.Series([1, 2, 3], dtype="Int64"),
        pd.Series(["1", "2", "3.0"]),
        pd.Series([1, "2", 3.0], dtype=object),
        pd.Series([1, 2, 3], dtype="uint8"),
    ],
)
def test_numbers_of_any_type(cells):
    np.testing.assert_array_equal(number().read(cells), [1, 2, 3])


def test_missing_numbers_are_nan():
    for cells in (pd.Series([1, None], dtype="Int64"), pd.Series([1, None], dtype=object), pd.Series([1.0, np.nan])):
        np.testing.assert_array_equal(number().read(cells), [1, np.nan])
    np.testing.assert_array_equal(number(missing_as="?").read(pd.Series(["1", "?"])), [1, np.nan])


@pytest.mark.parametrize(
    ("reader", "cells", "words"),
    [
        (number(), pd.Series([1, "old", 2], dtype=object), r"column 'age', row 2: text .*'old'"),
        (number(), pd.Series(["1", "?"]), "text where a number"),
        (number(), pd.Series([1.0, np.inf, -np.inf]), "rows 2, 3: an infinite number"),
        (number(low=0.0), pd.Series([1.0, -1.0]), r"outside .*'-1.0'"),
        (number(low=0.0, high=2.0), pd.Series([3.0]), "at least 0 and at most 2"),
        (levels("red", "green"), pd.Series(["red", "mauve"]), r"row 2: .*'mauve'"),
        (levels(1, 2, dtype="int64"), pd.Series([1, 3]), "one of '1', '2'"),
    ],
)
def test_what_does_not_fit_is_named(reader, cells, words):
    with pytest.raises(WrongRows, match=words) as error:
        reader.read(cells)
    assert error.value.remedy


@pytest.mark.parametrize(("cells", "words"), [([1.5], "not a whole number"), ([-1.0], "limits"), ([2.0**25], "limits")])
def test_counts_are_whole_and_not_negative(cells, words):
    counts = NumberReader(ColumnSchema("n", "count", "float64"), whole=True)
    np.testing.assert_array_equal(counts.read(pd.Series([0.0, np.nan, 2.0**24])), [0, np.nan, 2**24])
    with pytest.raises(WrongRows, match=words):
        counts.read(pd.Series(cells))


def test_settling_rounds_and_clips():
    np.testing.assert_array_equal(number(decimals=1).settle(np.array([0.04, 39.1000001, -0.01])), [0.0, 39.1, 0.0])
    assert not np.signbit(number(decimals=1).settle(np.array([-0.01])))[0]
    np.testing.assert_array_equal(number(low=0.0, high=1.0).settle(np.array([-1, 0.5, 7])), [0, 0.5, 1])
    np.testing.assert_array_equal(number(dtype="int64").settle(np.array([1.4])), [1])
    np.testing.assert_array_equal(number(decimals=-2).settle(np.array([149.0, 151.0])), [100, 200])
    assert NumberReader(ColumnSchema("x", "real", "float64"), positive=True).settle(np.array([-1.0]))[0] == 0
    assert levels("a", "b").settle(np.array([-1, 0.4, 9])).tolist() == [0, 0, 1]


@pytest.mark.parametrize(
    ("decimals", "dtype", "step"), [(2, "float64", 0.01), (0, "float64", 1), (None, "float64", 0), (None, "int8", 1)]
)
def test_the_step_of_recorded_values(decimals, dtype, step):
    assert number(decimals=decimals, dtype=dtype).step == step
    assert levels("a").step == 1


@pytest.mark.parametrize("dtype", ["int64", "uint8", "int8", "float64", "float32", "Int64", "Float64", "object"])
def test_numbers_take_their_own_type(dtype):
    written = typed(np.array([1.0, 2.0]), dtype)
    assert str(written.dtype) == dtype
    assert written.tolist() == [1, 2]


def test_numbers_beyond_an_integer_type_stop_at_its_ends():
    assert typed(np.array([1e30, -1e30, 300.0]), "uint8").tolist() == [255, 0, 255]
    assert typed(np.array([1e30, -1e30]), "int64").tolist() == [2**63 - 1024, -(2**63)]
    assert typed(np.array([1e30]), "uint64").tolist() == [2**64 - 2048]


@pytest.mark.parametrize("dtype", ["Int64", "float64", "object"])
def test_missing_numbers_come_back_missing(dtype):
    written = typed(np.array([1.0, np.nan]), dtype)
    assert str(written.dtype) == dtype
    assert written.isna().tolist() == [False, True]
    assert typed(np.array([1.0, np.nan]), "int64").isna().tolist() == [False, True]


@pytest.mark.parametrize(
    ("cells", "known"),
    [
        (pd.Series(["b", "a", None]), ("a", "b")),
        (pd.Series(["b", "a", np.nan], dtype=object), ("a", "b")),
        (pd.Series(["b", "a", None], dtype="string"), ("a", "b")),
        (pd.Series(pd.Categorical(["b", "a", None], ["a", "b"], ordered=True)), ("a", "b")),
        (pd.Series([True, False, np.nan], dtype=object), (False, True)),
        (pd.Series([True, False, None], dtype="boolean"), (False, True)),
        (pd.Series([2.5, 1.0, np.nan]), (1.0, 2.5)),
        (pd.Series([2, 1, None], dtype="Int64"), (1, 2)),
        (pd.Series([2**60 + 1, 2**60, None], dtype="Int64"), (2**60, 2**60 + 1)),
    ],
)
def test_levels_come_back_in_their_own_type(cells, known):
    reader = levels(*known, dtype=str(cells.dtype), ordered=True)
    codes = reader.read(cells)
    np.testing.assert_array_equal(codes, [1, 0, np.nan])
    written = reader.write(codes)
    pd.testing.assert_series_equal(written, cells, check_names=False)


def test_levels_without_missing_cells_keep_plain_types():
    pd.testing.assert_series_equal(
        levels(False, True, dtype="bool").write(np.array([1.0, 0.0])), pd.Series([True, False])
    )
    pd.testing.assert_series_equal(levels(3, 7, dtype="int8").write(np.array([1.0])), pd.Series([7], dtype="int8"))
    told = levels(False, True, dtype="bool").write(np.array([1.0, np.nan]))  # a missing bool never becomes True
    assert told[0] is True
    assert pd.isna(told[1])


def test_numbers_read_as_other_numbers_are_the_same_level():
    np.testing.assert_array_equal(levels(1, 2, dtype="int64").read(pd.Series([2.0, np.nan])), [1, np.nan])


def test_an_open_column_marks_the_unseen():
    np.testing.assert_array_equal(levels("a", closed=False).read(pd.Series(["a", "z", None])), [0, UNSEEN, np.nan])


def test_the_word_for_missing():
    column = ColumnSchema("a", "category", "str", missing_as="?", levels=("x",))
    assert absent(pd.Series(["x", "?", None]), column).tolist() == [False, True, True]
