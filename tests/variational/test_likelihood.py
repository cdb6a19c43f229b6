"""Rows given their codes: many codes a row at once are each alone."""

import torch

from likely.backbones import MLP
from likely.distributions import law_of
from likely.spaces import Category, Real, Vector, label
from likely.variational import Likelihood

SPACE = Vector((Real(), Category(3)))


def test_many_codes_of_a_row_are_each_scored_under_its_condition():
    torch.manual_seed(0)
    told = Likelihood(2, law_of(SPACE), label(2), MLP(width=8))
    x, z, c = torch.tensor([[0.3, 1.0], [-1.0, 2.0]]), torch.randn(2, 5, 2), torch.tensor([[0.0], [1.0]])
    many = told(x, z, c)
    assert many.shape == (2, 5)
    one = torch.cat([told(x, z[:, at : at + 1], c) for at in range(5)], 1)
    torch.testing.assert_close(many, one)
