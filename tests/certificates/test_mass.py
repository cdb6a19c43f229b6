"""The mass of closed forms, right and wrong by known factors."""

import math

import pytest
import torch

from likely.certificates import mass
from likely.certificates.certificate import Beside
from likely.certificates.mass import adds_up, bridge, listed, total
from likely.certificates.reference import Box, Bumps
from likely.distributions import log_normal
from likely.rng import Keyed
from likely.spaces import Category, Image, Vector, reals
from tests.certificates import planted
from tests.certificates.planted import clock, subject


def normals(n, width, seed=0):
    return Keyed(seed).normal((n, width), like=torch.empty(0).double())


def density(x):
    return log_normal(x, 0.0, 0.0).sum(1)


@pytest.mark.parametrize("width", [1, 3, 12, 60])
def test_a_normal_adds_up_to_one_and_twice_it_to_two(width):
    x = normals(2000, width)
    law = Bumps(reals(width), x[:500])
    right = mass.judged(density, x[500:], law, rng=Keyed(1))
    assert right.passed
    wrong = mass.judged(lambda x: density(x) + math.log(2), x[500:], law, rng=Keyed(1))
    assert not wrong.passed
    told = float(wrong.said.split()[3])
    assert told == pytest.approx(2, rel=0.25)


def test_a_box_holds_what_it_should():
    x = normals(4000, 2)
    assert mass.judged(density, x, Box(x), rng=Keyed(1)).passed
    assert not mass.judged(lambda x: density(x) - 0.5, x, Box(x), rng=Keyed(1)).passed


def test_samples_that_are_not_the_density_s_are_seen():
    law = Bumps(reals(2), 1.3 * normals(500, 2))
    assert not mass.judged(density, 1.3 * normals(3000, 2, 1), law, rng=Keyed(1)).passed


def test_a_density_that_is_nowhere_near_its_samples_is_no_number_or_wrong():
    few = torch.zeros(100).double()
    assert not bridge(few, few + torch.nan, few, few).passed
    assert not bridge(few - 1e4, few, few - 1e4, few).passed
    assert not bridge(few - torch.inf, few, few - torch.inf, few).passed
    assert bridge(few, few, few, few).passed


def test_chance_stays_within_its_tolerance():
    """z, the gap in standard errors, has a spread of about one over 60 seeds."""
    gaps = []
    for seed in range(60):
        x = normals(600, 3, seed)
        seen = mass.judged(density, x[300:], Bumps(reals(3), x[:300]), rng=Keyed(seed + 1000))
        gaps.append(mass.DEVIATIONS * seen.value / (seen.tolerance - mass.SLACK))
    assert max(gaps) < 4
    assert 0.6 < math.sqrt(sum(gap**2 for gap in gaps) / len(gaps)) < 1.3


def test_every_value_of_a_few_choices_is_listed():
    cells = listed(Vector((Category(2, missing=True), Category(3))))
    assert cells is not None
    assert len(cells) == 9
    assert int(torch.isnan(cells).sum()) == 3
    assert listed(reals(1)) is listed(Vector((Category(5000),))) is listed(Image(1, 2, 2, 2)) is None
    assert total(torch.full((4,), math.log(0.25))).passed
    assert not total(torch.full((4,), math.log(0.3))).passed


def test_a_missing_count_of_points_is_seen_and_its_right_form_passes():
    assert adds_up(subject(planted.Kernels), clock()).passed
    seen = adds_up(subject(planted.NoLogN), clock())
    assert not seen.passed
    assert float(seen.said.split()[3]) == pytest.approx(40, rel=0.2)


def test_where_nothing_overlaps_nothing_is_said(monkeypatch):
    monkeypatch.setattr(mass, "CELLS", 2)
    with pytest.raises(Beside, match="no simple law"):
        adds_up(subject(planted.Kernels), clock())
    monkeypatch.undo()
    monkeypatch.setattr(mass, "BLIND", 1e-9)
    with pytest.raises(Beside, match="too scattered"):
        adds_up(subject(planted.Kernels), clock())
