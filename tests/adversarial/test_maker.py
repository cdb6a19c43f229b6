"""What makes rows: it hears what it is told and given; levels' law starts as often as they are."""

import torch

from likely.adversarial.maker import WIDEST, Law, Maker
from likely.adversarial.noise import Noise
from likely.adversarial.places import Places
from likely.backbones import MLP
from likely.rng import Keyed
from likely.spaces import Category, Count, Real, Vector, label

SPACE = Vector((Real(), Count(), Category(3)))


def made(condition=None):
    torch.manual_seed(0)
    return Maker(Noise(4, 2), Places(SPACE, 5), condition, MLP(width=16, depth=2))


def test_choices_and_places_follow_what_is_told_and_given():
    maker, c = made(label(2)), torch.zeros(6, 1)
    z, told = maker.noise.draw(6, Keyed(0), torch.empty(0)), torch.arange(6)
    whole = maker(z, told, c)
    assert whole.logits.shape == (6, 13)
    assert whole.places.shape == (6, 10)
    alone = maker(z[2:3], told[2:3], c[2:3])
    assert torch.allclose(alone.logits, whole.logits[2:3], atol=1e-6)
    assert not torch.allclose(maker(z, told.flip(0), c).logits, whole.logits)
    assert not torch.allclose(maker(z, told, 1 - c).places, whole.places)


def test_numbers_are_made_within_a_few_widths():
    maker = made()
    with torch.no_grad():
        for layer in maker.layers.parameters():
            layer.mul_(100)
    said = maker(maker.noise.draw(50, Keyed(0), torch.empty(0)), torch.zeros(50, dtype=torch.int64), None)
    assert said.places.abs().max() <= WIDEST
    assert said.logits.abs().max() > WIDEST


def test_the_law_of_levels_begins_as_often_as_they_are():
    law = Law(label(2), 7)
    first, second = law(torch.tensor([[0.0], [1.0]]))
    assert torch.equal(first, second)
