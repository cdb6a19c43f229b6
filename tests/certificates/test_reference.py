"""Reference laws add up to one, by counting and by integration, and draw from what they say."""

import itertools

import pytest
import torch

from likely.certificates.reference import Box, Bumps, reals_only
from likely.distributions.normal import log_normal
from likely.rng import Keyed
from likely.spaces import Category, Count, Image, Real, Vector, reals
from likely.testing.case import example_rows


def rows(space, n=60):
    return example_rows(space, n, Keyed(4)).double()


def test_masses_of_choices_add_up_and_are_drawn_as_often():
    space = Vector((Category(3), Category(2, missing=True)))
    law = Bumps(space, rows(space))
    cells = torch.tensor(list(itertools.product(range(3), (0.0, 1.0, torch.nan)))).double()
    mass = law.log_prob(cells).exp()
    assert float(mass.sum()) == pytest.approx(1)
    drawn = law.draw(40_000, rng=Keyed(5)).nan_to_num(-1.0)
    seen = (drawn[:, None] == cells.nan_to_num(-1.0)).all(2).double().mean(0)
    torch.testing.assert_close(seen, mass, atol=0.012, rtol=0)


def test_a_plane_of_reals_integrates_to_one():
    law = Bumps(reals(2), rows(reals(2)))
    line = torch.linspace(-9, 9, 400).double()
    grid = torch.cartesian_prod(line, line)
    assert float(law.log_prob(grid).exp().sum() * (line[1] - line[0]) ** 2) == pytest.approx(1, abs=1e-3)


def test_counts_with_a_gap_and_an_atom_integrate_to_one():
    space = Vector((Count(missing=True), Real(atoms=(0.0,))))
    law = Bumps(space, rows(space))
    line = torch.linspace(-9.013, 9, 700).double()
    counts = torch.cat([torch.arange(60).double(), torch.tensor([torch.nan]).double()])
    values = law.log_prob(torch.cartesian_prod(counts, line)).exp().sum() * (line[1] - line[0])
    atoms = law.log_prob(torch.cartesian_prod(counts, torch.zeros(1).double())).exp().sum()
    assert float(values + atoms) == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize(
    "space",
    [reals(3), Vector((Real(), Real(atoms=(0.0,), missing=True), Count(), Category(3))), Image(1, 3, 3, levels=4)],
    ids=["reals", "mixed", "picture"],
)
def test_draws_have_the_entropy_that_densities_say(space):
    """E[exp(log r - log q)] = 1 for another law r of the same kind, which both sides know exactly."""
    one, other = Bumps(space, rows(space)), Bumps(space, rows(space, 90))
    drawn = one.draw(6000, rng=Keyed(6))
    q, r = one.log_prob(drawn), other.log_prob(drawn)
    back = other.draw(6000, rng=Keyed(7))
    left, right = torch.sigmoid(r - q).mean(), torch.sigmoid(one.log_prob(back) - other.log_prob(back)).mean()
    assert abs(float(left - right)) < 0.04


def test_a_box_is_uniform():
    draws = Keyed(1).normal((5000, 2), like=torch.empty(0).double())
    box = Box(draws)
    inside = box.draw(200, rng=Keyed(2))
    volume = float((box.high - box.low).prod())
    assert torch.allclose(box.log_prob(inside).exp(), torch.tensor(1 / volume).double())
    assert box.log_prob(torch.full((1, 2), 50.0).double()).item() == -torch.inf


def test_one_sample_and_constant_samples_make_a_law():
    law = Bumps(reals(2), torch.ones(1, 2))
    assert torch.isfinite(law.log_prob(law.draw(10, rng=Keyed(0)))).all()
    narrow = log_normal(torch.tensor(0.0), 0.0, 0.0)
    assert float(law.log_prob(torch.ones(1, 2))) > 2 * float(narrow) - 1


def test_plain_reals_only():
    assert reals_only(reals(3).columns, 3)
    assert not reals_only(reals(4).columns, 3)
    assert not reals_only((Real(missing=True),), 3)
    assert not reals_only((), 3)
