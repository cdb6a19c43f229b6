"""Where a cell's parameters lie."""

import pytest
import torch

from likely.distributions.layout import stacked, unstacked
from likely.spaces import Image, Series, Tokens, Wave, reals


@pytest.mark.parametrize(
    ("space", "shape"),
    [
        (reals(4), (12,)),
        (Image(2, 3, 5), (6, 3, 5)),
        (Series(2, 7), (6, 7)),
        (Wave(8, 7), (3, 7)),
        (Tokens(9, 7), (3, 7)),
    ],
)
def test_parameters_come_first(space, shape):
    assert stacked(space, 3) == shape
    parts = torch.randn(6, 3, *space.shape)
    laid = parts.reshape(6, *shape)
    assert torch.equal(unstacked(laid, 3, space), parts)
    assert unstacked(laid, 3, space).data_ptr() == laid.data_ptr()
