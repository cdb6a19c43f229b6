"""A refusal names what is missing, and who has it."""

import pytest

from likely.contracts import Continues, Density
from likely.errors import CannotAnswer
from likely.promises import ASKED, promised
from tests.bigram import bigram


def test_a_promise_kept_is_the_model_itself():
    model = bigram(["ab"]).model
    assert promised(model, "Bigram", Continues) is model


def test_a_refusal_names_families_that_can():
    with pytest.raises(CannotAnswer, match=r"Bigram has no density: .*NaiveBayes"):
        promised(bigram(["ab"]).model, "Bigram", Density)
    assert all(len(words) == 2 for words in ASKED.values())
