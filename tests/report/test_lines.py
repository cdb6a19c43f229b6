"""Rows in words."""

from dataclasses import replace

import likely
from likely.apps.comparison import Recommendation, Round, Seeds
from likely.apps.contender import Contender
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


def test_a_game_s_health_stands_in_words():
    reading = {"name": "critic's accuracy", "value": 0.56, "low": 0.5, "high": None, "of": "90 rows", "healthy": "0.5"}
    fitted = likely.fit("iris", likely.NaiveBayes(), certify=False)
    fitted = replace(fitted, card=replace(fitted.card, measures={"health": [reading]}))
    told = lines.health_of(Contender("GAN", fitted.card.family, fitted=fitted))
    assert told["readings"] == ["critic's accuracy: 0.56 [0.5, ∞] (0.5)"]
