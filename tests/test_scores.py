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


def test_log_mean_exp_is_stable():
    assert torch.allclose(log_mean_exp(torch.tensor([[-1e4, -1e4], [0.0, 0.0]])), torch.tensor([-1e4, 0.0]))
