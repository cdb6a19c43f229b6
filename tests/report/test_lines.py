"""Rows in words."""

from likely.apps.comparison import Recommendation, Round, Seeds
from likely.report import lines


def test_a_round_and_seeds_in_words():
    told = lines.round_of(Round(2, "a", "", 0.5, 0, stopped="it counts"))
    assert (told["budget"], told["value"], told["steps"], told["stopped"]) == ("counts", "–", "–", "it counts")
    assert lines.seeds_of(Seeds("a", (0,), (-1.0,)))["spread"] == "–"


def test_a_purpose_that_is_new_is_told_by_its_own_name():
    assert lines.purpose_of(Recommendation("dance", "a", "b"))["purpose"] == "Dance"
    assert lines.purpose_of(Recommendation("speed", "a", "b", ("x -1.0",)))["evidence"] == ["x −1.0"]


def test_what_was_not_fitted_costs_nothing(planted, tables):
    broken = planted(*tables).contenders[-1]
    assert lines.cost_of(broken) == ("broken", "–", "–", "–", "–", "–")
    assert lines.health_of(broken) == {"name": "broken", "findings": [], "readings": []}
