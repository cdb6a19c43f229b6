import pytest
import torch

from likely.backbones import MLP, Conv, UNet, decoder
from likely.errors import ConditionError, FieldError
from likely.spaces import absent, label

SHAPES = [(5,), (4, 3), (3, 13, 9), (1, 28, 28), (2, 3, 8, 8)]


@pytest.mark.parametrize("outputs", SHAPES, ids=str)
def test_shapes_and_rules(outputs, keeps_the_rules):
    drawer = decoder(7, outputs, condition=label(3))
    c = torch.tensor([[0.0], [1.0], [2.0], [float("nan")]])
    assert drawer(torch.randn(4, 7), c).shape == (4, *outputs)
    keeps_the_rules(drawer, torch.randn(4, 7), c)


def test_every_condition_is_heard(space, cells, keeps_the_rules):
    drawer, c, z = decoder(3, (1, 6, 5), condition=space, network=Conv(width=4)), cells(space), torch.randn(4, 3)
    assert not torch.allclose(drawer(z, c), drawer(z, absent(c)))
    keeps_the_rules(drawer, z, c)


def test_without_a_condition(keeps_the_rules):
    keeps_the_rules(decoder(3, (1, 6, 5)), torch.randn(4, 3), None)
    keeps_the_rules(decoder(3, (1, 6, 5), network=MLP(width=8)), torch.randn(4, 3), None)


def test_a_condition_that_was_forgotten_is_asked_for():
    with pytest.raises(ConditionError, match="absent"):
        decoder(3, (2,), condition=label(2))(torch.zeros(1, 3))


@pytest.mark.parametrize(("outputs", "network"), [((4,), Conv()), ((1, 8, 8), UNet())])
def test_a_network_that_does_not_fit_is_named(outputs, network):
    with pytest.raises(FieldError, match=type(network).__name__):
        decoder(3, outputs, network=network)


@pytest.mark.parametrize(("outputs", "shared"), [((6,), 3), ((4, 3), 2), ((2, 5, 4), 1)], ids=str)
def test_shared_parameters_are_one_learned_number(outputs, shared):
    drawer = decoder(7, outputs, condition=label(3), shared=shared)
    drawn = drawer(torch.randn(4, 7), torch.zeros(4, 1))
    assert drawn.shape == (4, *outputs)
    assert (drawn[:, -shared:] == drawn[0, -1].flatten()[0]).all()
    assert drawn[:, :-shared].std(0).min() > 0
    drawn[:, -shared:].sum().backward()
    assert [name for name, p in drawer.named_parameters() if p.grad is not None and p.grad.any()] == ["number"]
