"""The cached walk says what the whole stack says at every place."""

import pytest
import torch

from likely.backbones import Context
from likely.backbones.masked_convolution import GatedStack
from tests.pixels import walks_as_the_whole


@pytest.mark.parametrize("told", ["nothing", "summary", "field"])
@pytest.mark.parametrize(
    ("size", "fields"),
    [
        ((5, 6), {"blocks": 3}),
        ((5, 6), {"blocks": 2, "kernel": 5, "first": 3}),
        ((4, 3), {"blocks": 2, "kernel": 1}),
        ((1, 7), {"blocks": 2}),
        ((6, 1), {"blocks": 2}),
        ((1, 5), {"blocks": 2, "kernel": 5, "columns": True}),
        ((1, 1), {"blocks": 1, "columns": True}),
    ],
    ids=str,
)
def test_place_by_place_is_the_whole_at_once(size, fields, told):
    torch.manual_seed(0)
    places = 2 if told == "field" else 0
    trunk = GatedStack(3, 8, size, summary=0 if told == "nothing" else 4, places=places, **fields).double()
    field = torch.randn(4, 2, *size, dtype=torch.float64) if places else None
    context = None if told == "nothing" else Context(torch.randn(4, 4, dtype=torch.float64), field)
    planes = torch.randn(4, 3, *size, dtype=torch.float64)
    walks_as_the_whole(trunk, planes, context)
