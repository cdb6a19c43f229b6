import pytest
import torch

from likely.bijections import Squeeze, squeezed_by


@pytest.mark.parametrize(("height", "width", "shape"), [(2, 2, (2, 4, 6)), (2, 1, (1, 4, 3)), (1, 2, (3, 5, 2))])
def test_there_and_back(jacobian_agrees, height, width, shape):
    jacobian_agrees(Squeeze(height, width), torch.randn(2, *shape, dtype=torch.float64))


def test_shapes_down_to_odd_sides():
    x = torch.randn(2, 1, 28, 28)
    once = Squeeze()(x)[0]
    twice = Squeeze()(once)[0]
    assert once.shape == (2, 4, 14, 14)
    assert twice.shape == (2, 16, 7, 7)
    assert squeezed_by(7, 7) is None
    assert squeezed_by(8, 8) == (2, 2)
    assert squeezed_by(7, 4) == (1, 2)
    assert torch.equal(Squeeze().inverse(Squeeze().inverse(twice)[0])[0], x)


def test_the_first_half_of_the_channels_is_a_checkerboard():
    rows, columns = torch.meshgrid(torch.arange(6), torch.arange(4), indexing="ij")
    colour = ((rows + columns) % 2).float().expand(1, 3, 6, 4)
    z = Squeeze()(colour)[0]
    assert (z[:, :6] == 0).all()
    assert (z[:, 6:] == 1).all()
