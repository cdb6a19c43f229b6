"""What crossings are told as."""

import pytest

from likely.apps.learning_curve import Crossing
from likely.apps.told_curve import sentence

SIZES = (10, 100, 1000)


@pytest.mark.parametrize(
    ("crossing", "words"),
    [
        (
            Crossing("A", "B", 120.0, 60.0, 300.0, -0.1, 0.01, 0.05, 0.01),
            "A errs less up to about 120 rows [60, 300], B",
        ),
        (Crossing("A", "B", 120.0, 5.0, None, -0.1, 0.01, 0.05, 0.01), "[10, beyond 1,000]"),
        (
            Crossing("A", "B", None, None, None, -0.1, 0.01, -0.05, 0.01),
            "at every number of rows up to 1,000 (5.0 ± 1.0",
        ),
        (Crossing("A", "B", None, None, None, -0.1, 0.01, -0.005, 0.01), "too close to call"),
        (Crossing("A", "B", 10.0, 10.0, 10.0, 0.0, 0.01, 0.05, 0.01), "B errs less than A from 10 rows on"),
    ],
)
def test_every_outcome_is_a_sentence(crossing, words) -> None:
    assert words in sentence(crossing, SIZES)
