"""Every cell sees all known ones, and of hidden ones nothing."""

import pytest
import torch

from likely.backbones.bidirectional import Around, Bidirectional, CodesAround, ColumnsAround
from likely.errors import FieldError

NETWORK = Bidirectional(width=8, layers=2, heads=2)


@pytest.mark.parametrize("rotary", [False, True])
def test_every_place_sees_every_other(rotary):
    torch.manual_seed(0)
    around, x = Around(NETWORK, rotary=rotary).double(), torch.randn(1, 4, 8, dtype=torch.float64, requires_grad=True)
    for place in range(4):
        (slope,) = torch.autograd.grad(around(x)[0, place].square().sum() + around(x)[0, place, 0], x)
        assert (slope.abs().sum((0, 2)) > 0).all()


def test_columns_are_told_of_known_ones_alone():
    torch.manual_seed(0)
    reads, says = (0, 0, 1, 2), (0, 1, 1, 2, 2, 2)
    network = ColumnsAround(reads, says, NETWORK).double()
    read, known = torch.randn(5, 4, dtype=torch.float64), torch.tensor([[True, False, True]]).expand(5, -1)
    other = read.clone()
    other[:, 2] = 9.0
    torch.testing.assert_close(network.look(read, known).said(), network.look(other, known).said())
    other[:, 3] = 9.0
    assert not torch.allclose(network.look(read, known).said(), network.look(other, known).said())
    look, rows = network.look(read, known), torch.tensor([1, 4])
    for column in range(3):
        own = [at for at, of in enumerate(says) if of == column]
        torch.testing.assert_close(look.said_of(column, rows), look.said()[rows][:, own])


def test_codes_are_told_of_known_ones_alone_and_of_the_context():
    torch.manual_seed(0)
    network = CodesAround(3, 4, NETWORK).double()
    codes, known = torch.tensor([[0, 1, 2, 0]]), torch.tensor([[True, False, True, False]])
    said = network(codes, known)
    assert said.shape == (1, 4, 3)
    torch.testing.assert_close(network(torch.tensor([[0, 2, 2, 1]]), known), said)
    assert not torch.allclose(network(torch.tensor([[1, 1, 2, 0]]), known), said)
    assert not torch.allclose(network(codes, known, torch.ones(1, 8, dtype=torch.float64)), said)
    hidden = network(codes, torch.zeros_like(known))
    assert not torch.allclose(hidden[0, 0], hidden[0, 1])  # places differ


@pytest.mark.parametrize("fields", [{"width": 6}, {"layers": 0}, {"dropout": 1.0}])
def test_what_cannot_be_built_is_refused(fields):
    with pytest.raises(FieldError, match="Bidirectional"):
        Bidirectional(**{"width": 8, "heads": 2, **fields})
