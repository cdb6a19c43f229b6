import numpy as np
import pandas as pd
import pytest

from likely.data import read
from likely.data.conform import dtype_name
from likely.errors import EmptyData, WrongRows

RNG = np.random.default_rng(0)


def schema_of(cells: object, **stated: object):
    frame = pd.DataFrame({"x": cells, "other": np.arange(len(cells)) % 7 + 0.5})
    rows = read(frame, schema={"columns": {"x": stated}} if stated else None)
    assert dtype_name(rows.frame["x"]) == rows.schema["x"].dtype
    return rows.schema["x"]


def test_a_constant_and_a_column_of_gaps() -> None:
    assert schema_of(["a"] * 9).value == "a"
    assert schema_of([5] * 9).kind == "constant"
    gaps = schema_of([None] * 9)
    assert (gaps.kind, gaps.value, gaps.missing) == ("constant", None, True)


def test_one_value_or_missing_is_a_category() -> None:
    assert schema_of(["a", None, "a"]).kind == "category"
    assert schema_of([5, None, 5, 5.0]).levels == (5.0,)


def test_one_row_is_read() -> None:
    rows = read(pd.DataFrame({"a": [1.5], "b": ["x"], "c": [3]}))
    assert [column.kind for column in rows.schema.columns] == ["real", "category", "count"]


def test_categorical_columns_keep_their_order() -> None:
    cells = pd.Categorical(["low", "high", None], categories=["low", "mid", "high"], ordered=True)
    schema = schema_of(cells)
    assert (schema.levels, schema.ordered, schema.missing, schema.dtype) == (
        ("low", "mid", "high"),
        True,
        True,
        "category",
    )


def test_dates_and_truth_values() -> None:
    assert schema_of(pd.date_range("2020", periods=9)).kind == "date"
    assert schema_of(pd.date_range("2020", periods=9, tz="UTC")).dtype.endswith("UTC]")
    assert schema_of([True, False, True]).levels == (False, True)


def test_every_column_says_why() -> None:
    rows = read("iris")
    assert all(column.why for column in rows.schema.columns)


@pytest.mark.parametrize(
    ("cells", "stated", "expected"),
    [
        ([1, 2, 3] * 9, {"kind": "count"}, "count"),
        (RNG.integers(0, 99, 50), {"kind": "category"}, "category"),
        (["1.5", "2.5"] * 9, {"kind": "real"}, "real"),
        ([20200101] * 3 + [20200102], {"kind": "date"}, "date"),
        (["yes", "no"] * 9, {"kind": "boolean"}, "boolean"),
        (["a", "b"] * 9, {"kind": "text"}, "text"),
    ],
)
def test_a_declared_kind_stands(cells: object, stated: dict, expected: str) -> None:
    assert schema_of(cells, **stated).kind == expected


@pytest.mark.parametrize(
    ("cells", "stated", "said"),
    [
        ([1.5, 2], {"kind": "count"}, "declared a count, but holds 1.5"),
        ([-1, 2], {"kind": "count"}, "declared a count, but holds -1"),
        (["a", "b", "c"], {"kind": "boolean"}, "declared boolean"),
        (["a", "b", "c"], {"kind": "real"}, "row 1: 'a' is not a number"),
        (["2020-01-02", "soon"], {"kind": "date"}, "is not a date"),
        (["2020-01-02", "2020-01-03"], {"kind": "date", "date_format": "%d.%m.%Y"}, "is not a date written %d.%m.%Y"),
    ],
)
def test_a_declared_kind_that_does_not_fit_is_an_error(cells: list[object], stated: dict, said: str) -> None:
    with pytest.raises(WrongRows, match=said):
        schema_of(cells, **stated)


def test_stated_details_override_the_inferred_ones() -> None:
    schema = schema_of(RNG.normal(size=50), decimals=2, low=-9.0, transform="quantile")
    assert (schema.kind, schema.decimals, schema.low, schema.transform) == ("real", 2, -9.0, "quantile")


def test_a_group_column_is_an_identifier() -> None:
    rows = read(pd.DataFrame({"customer": [1, 1, 2, 2], "x": [1.5, 2.5, 3.5, 4.5]}), schema={"group": "customer"})
    assert rows.schema.group == "customer"
    assert rows.schema["customer"].kind == "id"


def test_unusable_frames() -> None:
    with pytest.raises(EmptyData, match="no columns"):
        read(pd.DataFrame())
    with pytest.raises(EmptyData, match="no rows"):
        read(pd.DataFrame({"a": []}))
    with pytest.raises(WrongRows, match="more than one column is called 'a'"):
        read(pd.DataFrame([[1, 2]], columns=["a", "a"]))
    with pytest.raises(WrongRows, match="more than one level"):
        read(pd.DataFrame([[1, 2]], columns=pd.MultiIndex.from_tuples([("a", "b"), ("a", "c")])))


def test_the_persons_frame_is_left_as_it_was() -> None:
    frame = pd.DataFrame({0: [1.5, 2.5], 1: [True, None]}, index=[7, 7])
    before = frame.copy(deep=True)
    rows = read(frame)
    pd.testing.assert_frame_equal(frame, before)
    assert rows.schema.names == ("0", "1")
    assert rows.frame.index.tolist() == [0, 1]


def test_a_fitted_schema_reads_new_rows_as_it_read_the_first() -> None:
    first = read(pd.DataFrame({"n": RNG.integers(0, 2, 40), "s": ["1", "2", "3+", "1"] * 10}))
    again = read(pd.DataFrame({"s": ["1", "2"], "n": [1, 1]}), schema=first.schema)
    assert again.schema["n"] == first.schema["n"]
    assert again.schema["s"] == first.schema["s"]
