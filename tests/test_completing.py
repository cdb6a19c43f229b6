"""Rows of which something is known, completed by any model."""

import pandas as pd

import likely


def test_orders_are_compared_on_the_rows_as_completed():
    rows = likely.read("iris").frame
    fitted = likely.fit(rows, likely.MADE(width=16), condition="species", budget=20, certify=False)
    told = fitted.complete(rows.drop(columns=rows.columns[0]).head(9))
    assert told.way == "model-exact"
    assert told.disagreement is not None
    assert told.disagreement > 0
    pd.testing.assert_index_equal(told.rows.index, rows.index[:9])
