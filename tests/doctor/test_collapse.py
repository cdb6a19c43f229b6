"""When a posterior counts as collapsed: few causes are no collapse, free nats are no use."""

import pytest
import torch

from likely.contracts import Used
from likely.doctor import collapsed


def used(*rates, free=0.0):
    rate = torch.tensor(rates).expand(5, -1)
    return Used(torch.zeros_like(rate), torch.zeros_like(rate), rate, free)


@pytest.mark.parametrize(
    ("rates", "free", "unused"),
    [
        ([0.0] * 16, 0.0, 16),
        ([0.05] * 16, 0.05, 16),  # what is free is spent, and says nothing
        ([0.3] + [0.001] * 15, 0.0, 15),
        ([0.009], 0.0, 1),
    ],
)
def test_codes_that_say_nothing(rates, free, unused):
    found = collapsed(used(*rates, free=free))
    assert found is not None
    assert found.name == "collapsed posterior"
    assert f"{unused} of {len(rates)} latents are unused" in found.seen
    assert "beta" in found.remedy


@pytest.mark.parametrize(
    ("rates", "free"),
    [([2.5] + [0.0] * 15, 0.0), ([0.2, 0.0], 0.0), ([0.3] * 16, 0.05), ([2.0, 1.0, 0.05, 0.05], 0.05)],
    ids=["one cause", "half in use", "all a little", "two causes"],
)
def test_codes_that_say_something(rates, free):
    assert collapsed(used(*rates, free=free)) is None
