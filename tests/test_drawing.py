"""Rows are drawn in batches that nobody can see."""

import pytest
import torch

from likely import drawing
from likely.codecs import Lift
from likely.contracts import Sharpness
from likely.drawing import drawn
from likely.errors import FieldError
from tests.bigram import Bigram, bigram


@pytest.mark.parametrize("sharpness", [Sharpness(), Sharpness(0.5)])
def test_batches_do_not_show(monkeypatch, sharpness):
    fitted = bigram(["anna", "bert", "otto"])
    lift = Lift.of(Bigram(), fitted.codec.space)
    whole = drawn(fitted.model, lift, 50, None, 3, sharpness)
    monkeypatch.setattr(drawing, "BATCH", 7)
    assert torch.equal(drawn(fitted.model, lift, 50, None, 3, sharpness), whole)


def test_sharpness_leans_to_the_likeliest():
    fitted = bigram(["ab"] * 3 + ["ac"])
    lift = Lift.of(Bigram(), fitted.codec.space)
    cold = drawn(fitted.model, lift, 100, None, 0, Sharpness(top_k=1))
    assert len(torch.unique(cold, dim=0)) == 1


def test_a_truncation_is_a_share():
    fitted = bigram(["ab"])
    lift = Lift.of(Bigram(), fitted.codec.space)
    for wrong in (0.0, -0.5, 1.01, float("nan")):
        with pytest.raises(FieldError, match="above 0, at most 1"):
            drawn(fitted.model, lift, 2, None, 0, truncation=wrong)
