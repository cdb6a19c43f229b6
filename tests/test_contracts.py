"""Contracts: promises are abstract, the bound's arithmetic."""

import inspect

import pytest
import torch

from likely import contracts
from likely.contracts import Bound, Elbo, Estimate, Model, Used, Weighted


def test_elbo_is_fit_minus_rate():
    assert Elbo(torch.tensor([3.0]), torch.tensor([1.0])).value.item() == 2.0


def test_an_estimate_may_know_an_error_that_is_not_chance_s():
    value, zero = torch.tensor([3.0]), torch.zeros(1)
    assert Estimate(value, zero).error is None
    assert Estimate(value, zero, torch.tensor([0.1])).error == 0.1


def test_every_promise_is_abstract_and_a_model():
    for name, kind in inspect.getmembers(contracts, inspect.isclass):
        if issubclass(kind, Model):
            assert inspect.isabstract(kind), name


def test_a_tightenable_bound_is_a_bound():
    assert issubclass(Weighted, Bound)


def test_nothing_abstract_can_be_made():
    with pytest.raises(TypeError):
        Bound(None)  # type: ignore[abstract]


def test_a_number_of_a_code_is_active_where_its_mean_varies():
    mean = torch.tensor([[0.0, 0.0, 0.3], [0.3, 0.1, -0.3]])
    noise = torch.tensor([0.0, 0.0, 0.2]).expand(2, -1)
    assert Used(mean, noise, mean).active.tolist() == [True, False, False]  # 0.0225, 0.0025, 0.09 less 0.2
    assert Used(mean[:1], noise[:1], mean[:1]).active.tolist() == [False] * 3
