"""Contracts: a number carries its kind, promises are abstract, the bound's arithmetic."""

import inspect

import pytest
import torch

from likely import contracts
from likely.contracts import Bound, Elbo, Model, Scores, Used, Weighted, log_mean_exp


def test_the_kind_is_two_facts():
    nats = torch.zeros(3, dtype=torch.float64)
    stderr = torch.ones(3)
    kinds = {Scores(nats, bound, error).kind for bound in (False, True) for error in (None, stderr)}
    assert kinds == {"=", "≥", "≈", "≥ ≈"}


def test_a_score_says_its_kind_and_spread():
    scores = Scores(torch.tensor([-1.0, -3.0], dtype=torch.float64), bound=True)
    assert str(scores).startswith("≥ -2 ± 1 nats/row")


def test_elbo_is_fit_minus_rate():
    assert Elbo(torch.tensor([3.0]), torch.tensor([1.0])).value.item() == 2.0


def test_log_mean_exp_is_stable():
    assert torch.allclose(log_mean_exp(torch.tensor([[-1e4, -1e4], [0.0, 0.0]])), torch.tensor([-1e4, 0.0]))


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
