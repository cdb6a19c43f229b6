"""References of energies: their maps, densities and ends; and what heights may not depend on."""

import math

import pytest
import torch

from likely.backbones import DCGAN
from likely.errors import FieldError
from likely.objectives.landscape import Around, Landscape, Within
from likely.spaces import Image, label, reals

X = 3 * torch.randn(500, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64) + 1


@pytest.mark.parametrize("reference", [Around(), Within()], ids=repr)
def test_normal_numbers_become_the_reference_and_come_back(reference):
    ground = reference.over(reals(2)).double()
    ground.prepare(X)
    z = torch.randn(200, 2, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    torch.testing.assert_close(ground.back(ground(z)), z, atol=1e-6, rtol=1e-6)


@pytest.mark.parametrize("reference", [Around(2.0), Within(0.5)], ids=repr)
def test_densities_follow_the_change_of_variables(reference):
    ground = reference.over(reals(2)).double()
    ground.prepare(X)
    z = torch.randn(2, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    slope = torch.autograd.functional.jacobian(lambda one: ground(one[None])[0], z)
    base = -0.5 * z.square().sum() - math.log(2 * math.pi)
    torch.testing.assert_close(ground.log_prob(ground(z[None]))[0], base - torch.linalg.slogdet(slope)[1])


def test_nothing_lies_outside_a_range():
    ground = Within(0.0).over(reals(2)).double()
    ground.prepare(X)
    assert ground.log_prob(X).isfinite().all()
    assert ground.log_prob(X.amax(0, keepdim=True) + 0.1).item() == -math.inf
    pictures = Within().over(Image(1, 4, 4, 16))
    pictures.prepare(torch.zeros(3, 1, 4, 4))
    assert torch.equal(pictures.low, -torch.ones(1, 4, 4))
    assert torch.equal(pictures.spread, 2 * torch.ones(1, 4, 4))


def test_heights_are_a_row_s_own():
    torch.manual_seed(0)
    made, x = Landscape(reals(2), label(3), None, width=8, waves=1, outputs=1).double(), X[:6]
    c = torch.arange(6)[:, None].double() % 3
    torch.testing.assert_close(made(x, c)[:2], made(x[:2], c[:2]))
    assert not torch.equal(made(x, c), made(x, (c + 1) % 3))
    with pytest.raises(FieldError, match="beside it"):
        Landscape(Image(1, 32, 32, 16), None, DCGAN(), width=8, waves=0, outputs=1)


def test_a_reference_without_width_is_refused():
    with pytest.raises(FieldError, match="width"):
        Around(0.0)
    with pytest.raises(FieldError, match="margin"):
        Within(-1.0)
