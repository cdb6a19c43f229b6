"""Modes of numbers: those of a known mixture, as many as rows bear out, and values that are modes of their own."""

import math

import pytest
import torch

from likely.adversarial.modes import Mixture, alone, log_joint, modes, quantiles, shares
from likely.rng import Keyed


def drawn(weight, mean, scale, n=20_000, seed=0):
    rng, like = Keyed(seed), torch.empty(0, dtype=torch.float64)
    which = rng.categorical(torch.tensor(weight, dtype=torch.float64).log().expand(n, -1))
    return torch.tensor(mean, dtype=torch.float64)[which] + torch.tensor(scale)[which] * rng.normal((n,), like=like)


def fitted(*columns, most=10):
    points = torch.stack([quantiles(column) for column in columns])
    rows = torch.tensor([len(column) for column in columns], dtype=torch.float64)
    found = modes(points, rows, torch.full((len(columns),), most))
    return [Mixture(*(part[c][found.weight[c] > 0] for part in found)) for c in range(len(columns))]


def test_the_modes_of_known_mixtures_are_found_together():
    three = drawn([0.6, 0.3, 0.1], [-3.0, 0.0, 4.0], [0.5, 0.3, 0.8])
    two = drawn([0.9, 0.1], [100.0, 130.0], [5.0, 2.0], seed=1)
    one = drawn([1.0], [0.5], [2.0], seed=2)
    for found, (weight, mean, scale) in zip(
        fitted(three, two, one),
        [([0.6, 0.3, 0.1], [-3.0, 0.0, 4.0], [0.5, 0.3, 0.8]), ([0.9, 0.1], [100.0, 130.0], [5.0, 2.0]),
         ([1.0], [0.5], [2.0])],
        strict=True,
    ):  # fmt: skip
        order = found.mean.argsort()
        assert len(order) == len(mean)
        assert torch.allclose(found.weight[order], torch.tensor(weight).double(), atol=0.02)
        assert torch.allclose(found.mean[order], torch.tensor(mean).double(), atol=0.1 * max(scale))
        assert torch.allclose(found.scale[order], torch.tensor(scale).double(), rtol=0.1)


def test_a_broad_and_a_narrow_mode_on_one_place_are_two():
    (found,) = fitted(drawn([0.5, 0.5], [0.0, 0.0], [0.1, 3.0]))
    assert len(found.weight) == 2
    assert found.scale.min() < 0.15
    assert found.scale.max() > 2.5


def test_no_more_modes_than_asked_for():
    mixed = drawn([0.25] * 4, [0.0, 10.0, 20.0, 30.0], [1.0] * 4)
    assert len(fitted(mixed, most=3)[0].weight) <= 3
    points, rows = quantiles(mixed).expand(2, -1), torch.full((2,), 20_000.0, dtype=torch.float64)
    found = modes(points, rows, torch.tensor([2, 6]))
    assert [int((weight > 0).sum()) for weight in found.weight] == [2, 4]


@pytest.mark.parametrize("values", [torch.zeros(0), torch.full((50,), 3.0), torch.tensor([1.0])], ids=len)
def test_columns_that_say_little_have_one_mode(values):
    (found,) = fitted(values.double())
    assert len(found.weight) == 1
    assert torch.isfinite(torch.stack(list(found))).all()


def test_shares_are_those_of_bayes():
    mixture = Mixture(torch.tensor([[0.7, 0.3]]), torch.tensor([[0.0, 2.0]]), torch.tensor([[1.0, 0.5]]))
    points = torch.tensor([[0.0, 1.0, 2.0]])
    law = torch.distributions.Normal(mixture.mean[0], mixture.scale[0])
    joint = law.log_prob(points.T) + mixture.weight[0].log()
    share, fit = shares(points, mixture)
    assert torch.allclose(share[0], joint.softmax(1), atol=1e-6)
    assert torch.allclose(fit - 0.5 * math.log(2 * math.pi), joint.logsumexp(1).mean()[None], atol=1e-6)
    apart = log_joint(points, mixture)[0] - joint
    assert torch.allclose(apart, apart[:1, :1].expand_as(apart), atol=1e-6)


def test_few_values_stand_alone_and_many_do_not():
    rng = Keyed(0)
    few = rng.integers(5, (1000,), like=torch.empty(0)).float()
    assert alone(few, 8, whole=True).tolist() == [0, 1, 2, 3, 4]
    assert not len(alone(torch.randn(6, generator=torch.Generator().manual_seed(0)), 8, whole=False))
    ages = (60 + 12 * rng.normal((20_000,), like=torch.empty(0))).round().clamp(min=0)
    assert not len(alone(ages, 16, whole=True))
    assert not len(alone(ages + 0.5, 16, whole=False))


def test_values_that_stand_out_are_alone_the_most_telling_first():
    hours = (40 + 12 * Keyed(1).normal((10_000,), like=torch.empty(0))).round().clamp(min=1)
    hours[:5000], hours[5000:5500], hours[5500:5600] = 40, 20, 99
    assert set(alone(hours, 16, whole=True).tolist()) == {20.0, 40.0, 99.0}
    assert alone(hours, 2, whole=True).tolist() == [40.0]
