import math

import pytest
import torch

from likely.bijections import Halving, Histogram, Spline
from likely.bijections.halving import coloured, thinned

FORMS = [Histogram(bins=4), Spline(bins=4, tail=3.0)]
SHAPES = [(1, 1, 1), (2, 1, 1), (1, 3, 3), (1, 12, 12), (3, 10, 8), (1, 10, 9), (2, 25, 25)]


def halved(form, shape, turns=1, context=0):
    return Halving(form=form, turns=turns, width=8, blocks=1, hidden=(8,), context=context).of_images(shape)


def images(shape, count=2):
    return torch.rand(count, *shape, dtype=torch.float64) * 2 - 1


@pytest.mark.parametrize("form", FORMS, ids=repr)
@pytest.mark.parametrize("shape", SHAPES[:-1], ids=str)
def test_jacobian(jacobian_agrees, disturbed, form, shape):
    jacobian_agrees(disturbed(halved(form, shape), 0.1), images(shape))


@pytest.mark.parametrize("turns", [2, 3])
def test_jacobian_of_more_turns(jacobian_agrees, disturbed, turns):
    jacobian_agrees(disturbed(halved(FORMS[0], (1, 10, 10), turns), 0.1), images((1, 10, 10)))


def test_jacobian_given_a_context(jacobian_agrees, disturbed):
    flow = disturbed(halved(FORMS[0], (1, 10, 10), context=3), 0.1)
    jacobian_agrees(flow, images((1, 10, 10)), torch.randn(2, 3, dtype=torch.float64))


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_it_comes_back_in_float32(disturbed, shape):
    flow, x = disturbed(halved(FORMS[0], shape), 0.1), images(shape, 20).float()
    flow.prepare(x)
    z, _ = flow(x)
    assert z.shape == (20, math.prod(shape))
    assert (flow.inverse(z)[0] - x).abs().max() < 1e-4


def test_a_single_turn_reads_cells_as_they_came():
    """Each code depends on its own cell and on those that leave later; all cells together on all."""
    flow = halved(FORMS[0], (1, 4, 4)).double()
    for parameter in flow.parameters():
        parameter.data.add_(torch.randn_like(parameter))
    jacobian = torch.autograd.functional.jacobian(lambda x: flow(x)[0].sum(0), images((1, 4, 4), 1)).view(16, 16)
    assert (jacobian != 0).sum(1).sort().values[0] == 1
    assert (jacobian != 0).sum() >= 16 + 40


def test_prepared_codes_are_normal_cell_by_cell():
    x = torch.rand(2000, 1, 4, 4).pow(1.5) * 2 - 1
    z, _ = halved(Histogram(bins=16), (1, 4, 4)).prepare(x)
    assert z.mean(0).abs().max() < 0.2
    assert (z.std(0) - 1).abs().max() < 0.2


def test_the_colours_of_a_pixel_depend_on_each_other():
    flow = halved(FORMS[0], (3, 12, 12)).double()
    for parameter in flow.parameters():
        parameter.data.add_(0.3 * torch.randn_like(parameter))
    jacobian = torch.autograd.functional.jacobian(lambda x: flow(x)[0].sum(0), images((3, 12, 12), 1))
    reads = torch.as_tensor(jacobian)[:, 0] != 0  # (code, colour, row, column)
    pixel = reads[:, :, 5, 6]  # of the half that leaves first: nothing but its own code reads its last colour
    assert pixel[:, 2].sum() == 1
    assert pixel[pixel[:, 2]].all()


def test_leaving_channels_are_ordered_by_colour():
    assert coloured(2, 2, 2) == [0, 1, 2, 4, 3, 5]
    assert coloured(1, 2, 1) == [0, 1, 2]


def test_thinned_orders_halve_by_every_second_place():
    assert list(thinned(8)) == [0, 4, 2, 6, 1, 3, 5, 7]
    assert all(sorted(thinned(size)) == list(range(size)) for size in range(1, 50))
