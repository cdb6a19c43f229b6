"""Weighted particles: drawn anew evenly, and their mean weight is what it was."""

import torch

from likely.particles.population import Population, systematic
from likely.rng import Keyed


def test_systematic_resampling_is_even_and_fair():
    weights = torch.tensor([0.1, 0.45, 0.05, 0.4]).double()
    log_weights = weights.log()[:, None].expand(4, 5000)
    places = systematic(log_weights, Keyed(0).uniform((5000,), like=log_weights))
    counts = torch.stack([(places == k).sum(0) for k in range(4)]).double()
    assert ((counts - 4 * weights[:, None]).abs() < 1).all()
    assert (counts.mean(1) / 4 - weights).abs().max() < 0.01


def test_evidence_is_the_mean_weight_and_outlives_drawing_anew():
    told = torch.tensor([[0.1, 0.2, 0.3, 0.4], [1e-9, 1.0, 1e-9, 1e-9]]).double().log()
    some = Population(2, 1, device=torch.device("cpu"))
    some.weigh(torch.tensor([0.5, 1.0]).log())
    assert some.spread(4).tolist() == [0] * 4 + [1] * 4
    some.weigh(told.flatten())
    expected = torch.tensor([0.5 * 0.25, 0.25]).double()
    assert torch.allclose(some.log_evidence.exp(), expected)
    places = some.anew(rng=Keyed(0))
    assert places is not None
    assert places.tolist() == [0, 1, 2, 3, 5, 5, 5, 5]
    assert torch.allclose(some.log_evidence.exp(), expected)
    assert torch.allclose(some.share, torch.tensor([1 / 1.2, 0.25]).double())


def test_where_no_particle_can_be_all_go_on():
    some = Population(1, 3, device=torch.device("cpu"))
    some.weigh(torch.full((3,), -torch.inf))
    assert some.anew(rng=Keyed(0)) is None
    assert 0 <= int(some.one(rng=Keyed(0))) < 3
    assert float(some.log_evidence) == -torch.inf
    assert float(some.share) == 0
