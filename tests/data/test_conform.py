import datetime
import decimal

import numpy as np
import pandas as pd
import pytest

from likely.data.conform import conformed, dtype_name, exact, restored
from likely.errors import WrongRows


@pytest.mark.parametrize(
    ("cells", "dtype", "expected"),
    [
        ([1, 2], "Int64", "Int64"),
        ([1.0, None], "int64", "Int64"),
        ([1.0, 2.0], "uint8", "uint8"),
        (["1", None], "float64", "float64"),
        (["1", "2"], "int64", "int64"),
        (["True", None], "bool", "boolean"),
        ([1, 2], "str", "str"),
        ([1.5, 2.0], "int64", "float64"),  # never truncated
    ],
)
def test_a_column_comes_back_in_its_dtype(cells: list[object], dtype: str, expected: str) -> None:
    column = restored(pd.Series(cells), dtype, "x")
    assert dtype_name(column) == expected
    assert column.isna().sum() == sum(cell is None for cell in cells)


def test_words_where_numbers_were_are_named() -> None:
    with pytest.raises(WrongRows, match="'x', row 2: 'abc' is not a number"):
        restored(pd.Series(["1", "abc"]), "float64", "x")


def test_long_whole_numbers_keep_their_last_digit() -> None:
    cells = pd.Series([str(2**53 + 1), None, str(2**62 + 1)])
    assert exact(cells, pd.to_numeric(cells))[0] == 2**53 + 1
    assert exact(cells, pd.to_numeric(cells))[2] == 2**62 + 1
    unsigned = pd.Series([str(2**64 - 1)])
    assert exact(unsigned, pd.to_numeric(unsigned))[0] == 2**64 - 1


@pytest.mark.parametrize(
    ("cells", "dtype"),
    [
        ([True, None, False], "boolean"),
        ([datetime.date(2020, 1, 2), None], "datetime64"),
        ([decimal.Decimal("1.5"), decimal.Decimal(2)], "float64"),
        ([1, 2.5], "float64"),
        ([1, "x"], "str"),
    ],
)
def test_python_objects_become_columns(cells: list[object], dtype: str) -> None:
    assert dtype_name(conformed(pd.Series(cells, dtype=object), "x", {})).startswith(dtype)


@pytest.mark.parametrize("cells", [np.array([1j]), pd.to_timedelta([1], unit="s"), [{}], [[1, 2]]])
def test_what_is_no_data_is_refused(cells: object) -> None:
    with pytest.raises(WrongRows, match="column 'x'"):
        conformed(pd.Series(cells), "x", {})
