"""NICE: volumes are kept by all but the last step; the density against autograd; rows and images of every size."""

import math
from dataclasses import replace

import pytest
import torch

from likely import fields
from likely.bijections import Logistic, Normal
from likely.errors import FieldError
from likely.families.nice import NICE
from likely.rng import Keyed, Stepped
from likely.spaces import Image, Tokens, label, reals

SMALL = NICE(width=16, depth=2)


def made(space, condition=None, family=SMALL):
    torch.manual_seed(0)
    model = family.flow(space, condition)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    return model


@pytest.mark.parametrize("base", [Logistic(), Normal()], ids=repr)
@pytest.mark.parametrize("columns", [1, 2, 5])
def test_the_density_is_the_change_of_variables(base, columns):
    model = made(reals(columns), family=replace(SMALL, base=base)).double()
    x = torch.randn(4, columns, dtype=torch.float64)
    for i, log_p in enumerate(model.log_prob(x)):
        jacobian = torch.autograd.functional.jacobian(model.encode, x[i : i + 1]).view(columns, columns)
        codes = base.log_prob(model.encode(x[i : i + 1])).sum()
        assert log_p.item() == pytest.approx((codes + jacobian.slogdet()[1]).item(), abs=1e-9)


@pytest.mark.parametrize("space", [reals(5), Image(1, 3, 4, None)], ids=repr)
def test_the_volume_is_that_of_the_diagonal_alone(space):
    """log|det| is the same for every row: the sum of the log-scales."""
    model = made(space)
    _, ladj = model.flow(torch.randn(20, *space.shape))
    scale = [parameter for name, parameter in model.named_parameters() if name.endswith("log_scale")]
    assert len(scale) == 1
    torch.testing.assert_close(ladj, scale[0].sum().expand(20))


def test_every_cell_depends_on_every_other():
    model = made(reals(5), family=replace(SMALL, layers=3))
    jacobian = torch.autograd.functional.jacobian(lambda x: model.encode(x).sum(0), torch.randn(1, 5))
    assert (jacobian != 0).sum() >= 22  # after three couplings; the last one's own half is shifted, not mixed


@pytest.mark.parametrize("space", [reals(1), reals(7), Image(1, 7, 7, None), Image(2, 3, 2, None)], ids=repr)
@pytest.mark.parametrize("condition", [None, label(3)], ids=repr)
def test_codes_decode_to_their_rows(space, condition):
    model = made(space, condition)
    x = torch.randn(6, *space.shape) * 100
    c = None if condition is None else torch.arange(6).remainder(3).float()[:, None]
    model.prepare(x, c, rng=Keyed(0))
    z = model.encode(x, c)
    assert z.shape == (6, math.prod(space.shape))
    torch.testing.assert_close(model.decode(z, c), x, atol=1e-4, rtol=1e-4)
    if c is not None:
        assert not torch.allclose(model.log_prob(x, c), model.log_prob(x, c.roll(1, 0)))


def test_learns_a_parabola_better_than_a_normal():
    torch.manual_seed(3)
    x = torch.randn(400, 1)
    x = torch.cat((x, x**2 + 0.1 * torch.randn(400, 1)), 1)
    model = made(reals(2), family=replace(SMALL, width=64))
    model.prepare(x, rng=Keyed(0))
    optimizer = torch.optim.Adam(model.parameters(), 1e-2)
    for step in range(300):
        (turn,) = model.turns(x, rng=Stepped(0, step))
        optimizer.zero_grad()
        turn.loss().backward()
        optimizer.step()
    normal = torch.distributions.MultivariateNormal(x.mean(0), x.T.cov())
    assert model.log_prob(x).mean() > normal.log_prob(x).mean() + 1


def test_wrong_fields_and_spaces_are_told():
    for wrong in ("layers=0", "width=0", "depth=0", "rate=0", "rate=inf"):
        with pytest.raises(FieldError):
            fields.made("Family", f"nice,{wrong}")
    with pytest.raises(FieldError, match="Tokens"):
        NICE().build(Tokens(4, 3))
