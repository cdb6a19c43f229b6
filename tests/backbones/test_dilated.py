import pytest
import torch

from likely.backbones import Dilated, dilations


def made(dilated, context=0):
    torch.manual_seed(0)
    return Dilated(4, 6, dilated, context=context).double()


def test_dilations_double_until_all_is_seen():
    assert dilations(0, 2) == []
    assert dilations(1, 1) == [1]
    assert dilations(5, 2) == [1, 2, 4, 1, 2, 4]
    assert sum(dilations(1023, 1)) == 1023


@pytest.mark.parametrize("dilated", [[1], [1, 2, 4], [1, 2, 1, 2]])
def test_a_moment_sees_itself_and_what_came_before_as_far_as_it_reaches(dilated):
    network = made(dilated)
    x = torch.randn(1, 9, 4, dtype=torch.float64)
    moved = torch.autograd.functional.jacobian(lambda v: network(v).sum((0, 2)), x)[:, 0].abs().sum(2) > 0
    far = torch.arange(9)[:, None] - torch.arange(9)
    assert torch.equal(moved, (far >= 0) & (far <= network.reach))


@pytest.mark.parametrize("dilated", [[], [1], [1, 2, 4, 1, 2, 4], [16]])
@pytest.mark.parametrize("context", [0, 3])
def test_moment_by_moment_says_what_all_at_once_says(dilated, context):
    network = made(dilated, context)
    x = torch.randn(5, 11, 4, dtype=torch.float64)
    c = torch.randn(5, context, dtype=torch.float64) if context else None
    steps = network.by_moment(5, c)
    with torch.no_grad():
        told = torch.stack([steps.says(x[:, t]) for t in range(11)], 1)
    torch.testing.assert_close(told, network(x, c))


def test_the_layers_are_those_of_the_paper():
    """Against torch's own dilated convolution, gates and sums."""
    network, x = made([1, 2]), torch.randn(3, 7, 4, dtype=torch.float64)
    h, said = x, network.bias.expand(3, 7, 6)
    for at, layer in enumerate(network.layers):
        weight = torch.stack(layer.gates.weight.split(4, 1), 2)
        padded = torch.nn.functional.pad(h.transpose(1, 2), (layer.dilation, 0))
        gates = torch.nn.functional.conv1d(padded, weight, layer.gates.bias, dilation=layer.dilation)
        z = (gates[:, :4].tanh() * gates[:, 4:].sigmoid()).transpose(1, 2)
        said = said + z @ network.skips.weight[:, 4 * at : 4 * at + 4].T
        h = h if layer.onward is None else h + layer.onward(z)
    torch.testing.assert_close(network(x), said)
