"""What is given, in a fitted model's own terms."""

import numpy as np
import pandas as pd
import pytest

import likely
from likely import terms
from likely.errors import WrongRows
from likely.frames import Known
from likely.rng import Keyed


@pytest.fixture(scope="module")
def fitted():
    rng = np.random.default_rng(0)
    rows = pd.DataFrame({"age": rng.normal(40, 9, 80), "size": rng.choice([1, 2, 3], 80), "sex": ["f", "m"] * 40})
    return likely.fit(rows, likely.NaiveBayes(), condition="sex", certify=False)


def test_values_come_in_the_columns_own_types(fitted):
    partial = terms.known_of(fitted, {"age": "40.5", "size": "3"}, 2).values
    assert partial.to_dict("list") == {"age": [40.5] * 2, "size": [3] * 2}


def test_a_column_that_the_data_has_not_is_told_by_name(fitted):
    with pytest.raises(WrongRows, match="agee"):
        terms.known_of(fitted, {"agee": 3}, 1)


def test_rows_are_joined_with_what_they_were_drawn_given(fitted):
    c = terms.condition(fitted, Known(pd.DataFrame({"sex": ["m", "f"]})), Keyed(0)).c
    rows = terms.joined(fitted, fitted.codec.decode(fitted.model.sample(2, c, rng=Keyed(0))), c)
    assert list(rows.frame.columns) == ["age", "size", "sex"]
    assert rows.frame["sex"].tolist() == ["m", "f"]
