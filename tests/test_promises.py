"""A refusal names what is missing, and who has it."""

import pytest

from likely.contracts import Continues, Denoises, Density
from likely.diffusion import Descends, Walks
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


def test_a_refusal_of_a_room_s_own_promise_names_those_that_keep_it_and_no_others():
    with pytest.raises(CannotAnswer, match=r"Diffusion.*FlowMatching.*Score") as told:
        promised(bigram(["ab"]).model, "Bigram", Descends)
    assert "NaiveBayes" not in told.value.what


@pytest.mark.parametrize("asked", [(Denoises,), (Denoises, Walks), (Descends,), (Walks,)])
def test_a_room_s_own_promise_is_told_by_what_stands_on_it(asked):
    """Not by what it stands on itself, nor by those of every model."""
    with pytest.raises(CannotAnswer, match=r"Families that can: Diffusion, FlowMatching, Score") as told:
        promised(bigram(["ab"]).model, "Bigram", *asked)
    assert "GAN" not in str(told.value)
    assert "NaiveBayes" not in str(told.value)
    assert ("LatentDiffusion" in str(told.value)) == (Walks in asked)
