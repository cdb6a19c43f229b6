import numpy as np
import pandas as pd
import pytest

from likely.codecs.refusal import cells_of, refuse
from likely.errors import WrongRows


def test_an_error_names_column_rows_values_and_remedy():
    cells = pd.Series(["a", "b", "c", "d", "e"])
    with pytest.raises(WrongRows) as error:
        refuse("age", np.array([0, 1, 1, 1, 1], bool), "no number", expected="numbers", remedy="mend it", cells=cells)
    assert str(error.value) == (
        "column 'age', rows 2, 3, 4 and 1 more: no number: 'b', 'c', 'd'\nExpected: numbers\nTry: mend it"
    )


def test_one_column_of_a_frame():
    assert cells_of(pd.DataFrame({"a": [1, 2]}), "a").tolist() == [1, 2]
