"""A reader of noised rows: every space, its level, and each row by itself."""

import pytest
import torch

from likely.backbones import MLP, UNet
from likely.backbones.noised import NoisedReader
from likely.errors import FieldError
from likely.spaces import Image, Series, Wave, reals


@pytest.mark.parametrize(
    "space", [reals(3), Image(1, 8, 8, None), Image(3, 20, 20, None), Series(2, 6), Wave(8000, 70, None)]
)
def test_every_space_of_reals_is_read_row_by_row_with_its_level(space):
    torch.manual_seed(0)
    reader = NoisedReader(space, 4, 16).double().eval()
    x, level = torch.randn(5, *space.shape, dtype=torch.float64), torch.linspace(-1, 1, 5, dtype=torch.float64)
    whole = reader(x, level)
    assert whole.shape == (5, 4)
    assert torch.allclose(whole[2:3], reader(x[2:3], level[2:3]))
    assert not torch.allclose(whole, reader(x, level + 0.5))


def test_its_network_can_be_said_and_one_that_draws_is_refused():
    told = [
        sum(w.numel() for w in NoisedReader(Image(1, 8, 8, None), 4, 16, MLP(width=w)).parameters()) for w in (8, 64)
    ]
    assert told[0] < told[1]
    with pytest.raises(FieldError, match="not UNet reads the space Image"):
        NoisedReader(Image(1, 8, 8, None), 4, 16, UNet())
