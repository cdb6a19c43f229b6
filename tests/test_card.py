"""A card is plain values; what nobody said is empty."""

import json

from likely.card import Card, Completion
from likely.families.naive_bayes import NaiveBayes
from tests.bigram import Bigram


def test_what_was_not_said_is_empty():
    card = Card(family=Bigram())
    assert (card.seed, card.condition, card.order, card.findings) == (0, (), (), ())
    assert card.certificates is None
    assert Completion(["row"], "exact").share is None


def test_there_and_back_through_plain_values():
    card = Card(family=NaiveBayes(), seed=3, condition=("a",), order=("a", "b"), findings=("none",), measures={"x": 1})
    assert Card.from_json(json.loads(json.dumps(card.to_json()))) == card


def test_of_the_last_weights_nothing_is_told_that_was_measured_of_the_kept_ones():
    ends = {"kept": {"step": 3}, "final": {"step": 9}}
    last = Card(family=NaiveBayes(), findings=("worn out",), measures=ends | {"validation": {}}).of_final
    assert last.measures == {
        "kept": {"step": 9},
        "final": {"step": 9},
        "rule": "the last weights, which were asked for",
    }
    assert last.findings == ()
