"""A card is plain values; what nobody said is empty."""

from likely.card import Card, Completion
from tests.bigram import Bigram


def test_what_was_not_said_is_empty():
    card = Card(family=Bigram())
    assert (card.seed, card.condition, card.order, card.findings) == (0, (), (), ())
    assert card.certificates is None
    assert Completion(["row"], "exact").share is None
