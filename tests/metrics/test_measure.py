"""Intervals against published values and by simulation."""

import numpy as np
import pytest

from likely.metrics.measure import GROUPS, Measure, mean, share, wilson


@pytest.mark.parametrize(
    ("hits", "rows", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)  # Newcombe (1998), method 3
def test_wilson_against_newcombe_s_table(hits, rows, low, high):
    assert wilson(hits / rows, rows) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))


def test_wilson_holds_the_truth_nineteen_times_in_twenty():
    hits = np.random.default_rng(0).binomial(50, 0.1, 2000)
    held = [low <= 0.1 <= high for low, high in (wilson(k / 50, 50) for k in hits)]
    assert 0.92 < np.mean(held) < 0.99


def test_a_share_of_dependent_rows_is_less_certain():
    hits = np.arange(100) < 30
    wide, narrow = share("s", hits, (100, 100), 0.5, effective=10), share("s", hits, (100, 100), 0.5)
    assert wide.value == narrow.value == 0.3
    assert wide.low < narrow.low < 0.3 < narrow.high < wide.high


def test_a_mean_and_its_interval():
    values = np.array([1.0, 2.0, 3.0, 4.0])
    measured = mean("m", values, (4, 4), 0.0)
    half = 1.96 * values.std(ddof=1) / 2
    assert (measured.value, measured.low) == (2.5, pytest.approx(2.5 - half, abs=1e-4))
    assert mean("m", values[:1], (1, 1), 0.0).high == np.inf


def test_few_rows_carry_a_warning():
    assert "only 40 rows" in Measure("m", 0.5, 0.4, 0.6, (40, 9000), 0.5).warning
    assert Measure("m", 0.5, 0.4, 0.6, (400, 9000), 0.5).warning == ""


def test_printed_with_its_interval():
    assert str(Measure("m", 0.5, 0.4, 0.6, (400, 400), 0.5)) == "0.5 [0.4, 0.6]"


def test_a_measure_answers_a_question_in_named_features():
    told = Measure("m", 0.5, 0.4, 0.6, (400, 400), 0.5).within("coverage", "plain features")
    assert (told.value, told.group, told.features) == (0.5, "coverage", "plain features")
    assert told.group in GROUPS
