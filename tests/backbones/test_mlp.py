import pytest
import torch
import torch.nn.functional as F

from likely.backbones import MLP
from likely.backbones.mlp import Layers
from likely.errors import FieldError


@pytest.mark.parametrize("residual", [False, True])
@pytest.mark.parametrize("normalised", [False, True])
def test_rules(keeps_the_rules, residual, normalised):
    layers = Layers(5, 3, MLP(width=8, depth=3, residual=residual, normalised=normalised), embedding=4)
    keeps_the_rules(layers, torch.randn(4, 5), torch.randn(4, 4))


def test_the_plain_network_is_what_it_says():
    layers = Layers(5, 3, MLP(width=8, depth=2))
    x = torch.randn(4, 5)
    h = F.silu(layers.hidden[1].linear(F.silu(layers.hidden[0].linear(x))))
    torch.testing.assert_close(layers(x), layers.out(h))


def test_a_residual_layer_adds():
    layers = Layers(8, 3, MLP(width=8, depth=1, residual=True))
    x = torch.randn(4, 8)
    torch.testing.assert_close(layers(x), layers.out(x + F.silu(layers.hidden[0].linear(x))))


@pytest.mark.parametrize("field", [{"width": 0}, {"depth": -1}])
def test_no_width_or_depth_is_refused(field):
    with pytest.raises(FieldError, match="at least 1"):
        MLP(**field)


def test_without_hidden_layers_it_is_a_linear_map():
    layers, x = Layers(5, 3, MLP(depth=0)), torch.randn(4, 5)
    torch.testing.assert_close(layers(x), layers.out(x))
