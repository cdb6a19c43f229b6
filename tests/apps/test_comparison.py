"""What a comparison holds."""

from math import isnan

import pytest

from likely.apps.comparison import Recommendation, Round, Seeds


def test_luck_is_the_spread_over_seeds():
    found = Seeds("VAE", (0, 1, 2), (-1.0, -2.0, -3.0))
    assert found.mean == -2.0
    assert found.spread == pytest.approx(1.0)
    assert isnan(Seeds("VAE", (0,), (-1.0,)).spread)


def test_wins_and_leaders(planted):
    found = planted(("KDE", "=", -1.0, 0.6), ("VAE", "≥ ≈", -1.2, 0.6), ("NaiveBayes", "=", -2.0, 0.9),
                    ("independent columns", "=", -5.0, 0.99))  # fmt: skip
    assert ("KDE", "NaiveBayes") in found.wins
    assert ("VAE", "NaiveBayes") in found.wins
    assert found.leaders == ("KDE", "VAE")


def test_a_comparison_without_a_race_has_neither_rounds_nor_advice(planted):
    found = planted(("KDE", "=", -1.0, 0.6), ("independent columns", "=", -5.0, 0.99))
    assert found.rounds == () == found.seeds == found.recommendations


def test_a_round_that_was_cut_has_no_value():
    assert isnan(Round(1, "VAE", "2 s", 2.5, stopped="its share was too small").value)
    assert Recommendation("score", "", "no family has a likelihood").evidence == ()
