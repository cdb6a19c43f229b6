"""Gated convolutions: they see what came before, all of it, and nothing else."""

import math

import pytest
import torch

from likely.backbones import Context
from likely.backbones.masked_convolution import GatedStack


def stack(size, inputs=2, **fields):
    torch.manual_seed(0)
    return GatedStack(inputs, 6, size, **fields).double()


def seen(trunk, context=None):
    """(places, places): whether the features of the first move with the planes of the second."""
    planes = torch.randn(2, trunk.inputs, *trunk.size, dtype=torch.float64)
    places = math.prod(trunk.size)
    moved = torch.autograd.functional.jacobian(lambda x: trunk(x, context).sum(0).sum(0).flatten(), planes)
    return (moved != 0).any(1).any(1).view(places, places)


@pytest.mark.parametrize("size", [(5, 6), (1, 7), (6, 1), (1, 1), (2, 2)])
def test_features_see_only_what_came_before(size):
    assert not seen(stack(size, blocks=3)).triu().any()


@pytest.mark.parametrize("size", [(4, 5), (1, 6)])
def test_enough_blocks_see_all_that_came_before(size):
    """No blind spot: not even to the right of the row above."""
    places = torch.arange(math.prod(size))
    assert torch.equal(seen(stack(size, blocks=5, first=3)), places < places[:, None])


def test_columns_of_a_table_have_weights_of_their_own():
    trunk = stack((1, 4), blocks=2, kernel=7, columns=True)
    assert torch.equal(seen(trunk), torch.arange(4) < torch.arange(4)[:, None])
    planes = torch.ones(1, 2, 1, 4, dtype=torch.float64)
    first = trunk.left(planes)[0, :, 0]
    assert not torch.allclose(first[:, 1], first[:, 2])
    assert stack((1, 1), blocks=1, columns=True)(planes[..., :1]).shape == (1, 6, 1, 1)


def test_a_context_is_told_everywhere_and_a_field_where_it_lies():
    trunk, planes = stack((4, 4), blocks=2, summary=3, places=2), torch.randn(1, 2, 4, 4, dtype=torch.float64)
    summary, field = torch.randn(1, 3, dtype=torch.float64), torch.zeros(1, 2, 4, 4, dtype=torch.float64)
    said = trunk(planes, Context(summary, field))
    assert (trunk(planes, Context(summary + 1, field)) != said).any(1).all()
    field[0, :, 2, 2] = 1.0
    moved = (trunk(planes, Context(summary, field)) != said).any(1)[0]
    assert moved[2, 2]
    assert not moved[:2].any()
