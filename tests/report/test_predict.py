"""The page about a label: whole, escaped, with and without a learning curve."""

import numpy as np
import pandas as pd
import pytest

from likely.apps.learning_curve import learning_curve
from likely.apps.predictions import predictions
from likely.report import write_predictions

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 400)
    return pd.DataFrame({"x": rng.normal(y, 1.0), HOSTILE: np.array(["a", "b"])[y]})


@pytest.mark.parametrize("curved", [False, True])
def test_the_page(rows, tmp_path, curved: bool) -> None:
    curve = learning_curve(rows, HOSTILE, sizes=(20, 100), repeats=2) if curved else None
    page = write_predictions(predictions(rows, HOSTILE, "naive-bayes,linear"), tmp_path / "page.html", curve=curve)
    told = page.read_text()
    assert "<script>" not in told
    assert "Are they as sure as they may be?" in told
    assert ("How many rows does it take?" in told) == curved
    assert "predicts real numbers" in told
    assert told.count("<svg") == 1 + curved
    assert "<style>" in told
    assert "</html>" in told
