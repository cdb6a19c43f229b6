"""What trunks share: what a context adds, and what is said of a place before anything is known."""

import torch

from likely.backbones import Context
from likely.backbones.trunk import Told, Where


def test_a_context_adds_its_summary_everywhere_and_its_field_in_place():
    told, context = Told(3, 2, 5), Context(torch.randn(4, 3), torch.randn(4, 2, 6, 7))
    assert Told(3, 0, 5)(context).shape == (4, 5, 1, 1)
    everywhere = told(Context(context.summary))
    assert everywhere.shape == (4, 5, 1, 1)
    assert told.field is not None
    torch.testing.assert_close(told(context) - everywhere, told.field(context.field))


def test_every_place_has_numbers_of_its_own():
    said = Where(4, (3, 5))()
    assert said.shape == (4, 3, 5)
    assert len(said.flatten(1).unique(dim=1).T) == 15
