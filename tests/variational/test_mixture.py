"""Mixture priors: densities that add up to one and are where draws fall; pseudo-rows of every space, from the data."""

import math

import pytest
import torch

from likely.errors import FieldError
from likely.rng import Keyed
from likely.spaces import Category, Count, Image, Real, Series, Tokens, Vector, Wave, label, reals
from likely.variational import FlowPosterior, GaussianPosterior, MixturePrior, VampPrior
from likely.variational.mixture import Mixture, PseudoRows
from likely.variational.posterior import mean_log_std

TABLE = Vector((Real(), Real(atoms=(0.0,), missing=True), Count(missing=True), Category(3)))
SPACES = [reals(3), TABLE, label(3), Image(1, 4, 4, 2), Image(3, 4, 4, None), Tokens(5, 4), Series(2, 5), Wave(8, 6, 4)]


def rows(space, count):
    torch.manual_seed(0)
    match space:
        case Tokens():
            return torch.randint(-1, space.vocabulary, (count, *space.shape))
        case Vector():
            drawn = torch.randint(0, 3, (count, len(space.columns))).float()
            return drawn.where(torch.tensor([not c.missing for c in space.columns]) | (drawn < 2), torch.nan)
    return torch.randint(0, 2, (count, *space.shape)).float()


@pytest.mark.parametrize("prior", [MixturePrior(components=3), VampPrior(components=3)], ids=["own", "vamp"])
def test_a_density_where_the_draws_are(prior, inference):
    torch.manual_seed(1)
    law = prior.law(2, inference).double()
    known = law.known(inference)
    side = torch.linspace(-8, 8, 401, dtype=torch.float64)
    grid = torch.cartesian_prod(side, side)[None]
    with torch.no_grad():
        mass = law(grid, grid[..., :0], known).exp() * 0.04**2
        drawn = law.sample(20_000, known, like=grid, rng=Keyed(0))
    assert mass.sum() == pytest.approx(1.0, abs=1e-6)
    inside = (grid[0] < 0.3).all(1)
    assert (drawn < 0.3).all(1).double().mean() == pytest.approx(float(mass[0, inside].sum()), abs=0.015)


def test_a_number_by_itself_is_the_marginal(inference):
    law = MixturePrior(components=4).law(2, inference).double()
    known, side = law.known(inference), torch.linspace(-9, 9, 1801, dtype=torch.float64)
    z = torch.stack([torch.full_like(side, 0.7), side], 1)[None]
    with torch.no_grad():
        summed = (law(z, z[..., :0], known).exp() * 0.01).sum()
        by_itself = law.cells(z[:, :1], z[:, :1, :0], known)[0, 0, 0].exp()
    torch.testing.assert_close(summed, by_itself, rtol=1e-6, atol=1e-9)


def test_vamp_is_the_mean_posterior_of_its_rows(inference):
    law = VampPrior(components=2).law(2, inference).double()
    assert isinstance(law, Mixture)
    source = law.source
    assert isinstance(source, PseudoRows)
    x = torch.randn(40, 3, dtype=torch.float64)
    law.prepare(x, None, rng=Keyed(0))
    assert all((row == x).all(1).any() for row in source.placed())
    assert not torch.equal(source.rows[0], source.rows[1])
    z = torch.randn(1, 5, 2, dtype=torch.float64)
    mean, log_std = mean_log_std(inference(source.rows))
    each = torch.distributions.Normal(mean, log_std.exp()).log_prob(z[0][:, None]).sum(2)
    expected = torch.logsumexp(each, 1) - math.log(2)
    torch.testing.assert_close(law(z, z[..., :0], law.known(inference))[0], expected)


@pytest.mark.parametrize("condition", [None, label(4), TABLE, Tokens(5, 4), Image(1, 4, 4, 2)], ids=repr)
@pytest.mark.parametrize("space", SPACES, ids=repr)
def test_pseudo_rows_of_every_space(space, condition):
    inference = GaussianPosterior().inference(2, space, condition, None)
    law = VampPrior(components=5).law(2, inference)
    for _ in range(2):  # at first, and after the data were seen: fewer rows than components
        z = torch.randn(1, 3, 2)
        law(z, z[..., :0], law.known(inference)).sum().backward()
        assert all(p.grad is not None and p.grad.isfinite().all() for p in law.parameters())
        law.prepare(rows(space, 3), None if condition is None else rows(condition, 3), rng=Keyed(0))


def test_missing_cells_of_pseudo_rows_stay_missing():
    inference = GaussianPosterior().inference(2, TABLE, None, None)
    law = VampPrior(components=3).law(2, inference)
    x = torch.tensor([[1.0, torch.nan, 2.0, 1.0]])
    law.prepare(x, None, rng=Keyed(0))
    law.source.shift.data.fill_(0.5)
    torch.testing.assert_close(law.source.placed()[0], torch.tensor([1.5, torch.nan, 2.0, 1.0]), equal_nan=True)


def test_what_cannot_be():
    for kind in (MixturePrior, VampPrior):
        with pytest.raises(FieldError, match="0 components"):
            kind(components=0)
    bent = FlowPosterior().inference(2, reals(3), None, None)
    with pytest.raises(FieldError, match="FlowPosterior"):
        VampPrior().law(2, bent)
