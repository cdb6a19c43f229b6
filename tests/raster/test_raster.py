"""The model of a raster: in parts as at once, its promises, its condition."""

import pytest
import torch

from likely.contracts import Density, Prepared, Sharpens, Trained
from likely.errors import ConditionError
from likely.families.pixelcnn import PixelCNN
from likely.raster import raster
from likely.rng import Keyed
from likely.spaces import Image, label

SMALL = PixelCNN(width=8, blocks=2, hidden=8)


def test_rows_are_scored_in_parts_as_at_once(monkeypatch):
    torch.manual_seed(0)
    model, x = SMALL.build(Image(1, 4, 4, 2), label(3)).double(), torch.randint(0, 2, (7, 1, 4, 4)).double()
    c = torch.randint(0, 3, (7, 1)).double()
    with torch.no_grad():
        whole = model.log_prob(x, c)
        monkeypatch.setattr(raster, "TOGETHER", 2 * 2 * 8 * 16)
        torch.testing.assert_close(model.log_prob(x, c), whole)
    assert all(isinstance(model, promise) for promise in (Density, Sharpens, Trained, Prepared))


def test_a_condition_that_is_not_given_is_asked_for():
    model = SMALL.build(Image(1, 4, 4, 2), label(3))
    with pytest.raises(ConditionError):
        model.sample(2, rng=Keyed(0))
