"""A number carries its kind, and its bound is stable."""

import torch

from likely.scores import Scores, log_mean_exp


def test_the_kind_is_two_facts():
    nats = torch.zeros(3, dtype=torch.float64)
    stderr = torch.ones(3)
    kinds = {Scores(nats, bound, error).kind for bound in (False, True) for error in (None, stderr)}
    assert kinds == {"=", "≥", "≈", "≥ ≈"}


def test_a_score_says_its_kind_and_spread():
    scores = Scores(torch.tensor([-1.0, -3.0], dtype=torch.float64), bound=True)
    assert str(scores).startswith("≥ -2 ± 1 nats/row")


def test_an_estimate_says_a_row_s_own_errors():
    nats = torch.tensor([-1.0, -3.0], dtype=torch.float64)
    estimate = Scores(nats, bound=False, stderr=torch.full((2,), 0.25), error=torch.full((2,), 0.003))
    assert str(estimate) == "≈ -2 ± 1 nats/row (a row: ± 0.25 by chance, 0.003 by its solver)"
    assert "by chance" not in str(Scores(nats, bound=True, stderr=torch.full((2,), 0.25)))


def test_log_mean_exp_is_stable():
    assert torch.allclose(log_mean_exp(torch.tensor([[-1e4, -1e4], [0.0, 0.0]])), torch.tensor([-1e4, 0.0]))
