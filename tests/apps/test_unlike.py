"""Cells that no real row has the like of."""

import numpy as np
import pandas as pd

from likely.apps.unlike import odd_cells
from likely.data import Table, read


def test_far_numbers_new_categories_and_new_gaps():
    real = read(pd.DataFrame({"x": np.arange(40) / 7, "kind": ["a", "b"] * 20, "y": [np.nan, *np.arange(39) / 3]}))
    rows = Table(pd.DataFrame({"x": [0.0, 99.0, np.nan], "kind": ["a", "c", None], "y": [1.0, -1.0, np.nan]}),
                 real.schema)  # fmt: skip
    np.testing.assert_array_equal(
        odd_cells(rows, real), [[False, False, False], [True, True, True], [True, True, False]]
    )
    assert not odd_cells(real, real).any()


def test_a_little_beyond_an_end_is_no_wonder_and_more_rows_know_more():
    real = read(pd.DataFrame({"x": np.arange(41) / 4, "kind": ["a", "b", "c", "d"] * 10 + ["a"]}))
    rows = Table(pd.DataFrame({"x": [10.4, 10.6], "kind": ["e", "a"]}), real.schema)
    np.testing.assert_array_equal(odd_cells(rows, real), [[False, True], [True, False]])
    assert not odd_cells(rows, real, rows).any()
