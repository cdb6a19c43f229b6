"""Generators: every shape and condition, and a start that is not one point."""

import pytest
import torch

from likely.adversarial import Noise, generator
from likely.backbones import MLP, Conv
from likely.rng import Keyed
from likely.spaces import Image, Series, Wave, label, reals


@pytest.mark.parametrize("space", [reals(3), Image(1, 8, 8, None), Image(3, 33, 20, None), Series(2, 9),
                                   Wave(8000, 300, None)], ids=repr)  # fmt: skip
@pytest.mark.parametrize("condition", [None, label(3)], ids=["nothing", "class"])
def test_a_generator_makes_rows_of_the_space(space, condition):
    noise = Noise(4, 6)
    z = noise.lifted(noise.draw(5, Keyed(0), torch.empty(0)))
    made = generator(noise.inputs, space, condition)
    c = None if condition is None else torch.arange(5)[:, None].float() % 3
    assert made(z, c).shape == (5, *space.shape)


def test_it_starts_spread_out():
    torch.manual_seed(0)
    made = generator(16, reals(2), network=MLP(width=64, depth=3))
    assert made(torch.randn(500, 16)).std(0).min() > 0.3


@pytest.mark.parametrize("space", [Image(1, 4, 4, None), Wave(8000, 12, None)], ids=repr)
def test_pictures_and_sounds_are_bounded(space):
    assert generator(4, space)(1e3 * torch.randn(50, 4)).abs().max() <= 1


def test_the_shape_can_be_chosen():
    torch.manual_seed(0)
    small, large = (generator(4, Image(1, 8, 8, None), network=shape) for shape in (MLP(width=8), Conv(width=8)))
    assert sum(p.numel() for p in small.parameters()) != sum(p.numel() for p in large.parameters())
