"""Weights of several ways to draw, by the energy score of their mixture."""

import numpy as np
import pytest
from scipy.optimize import minimize

from likely.apps.stacking import Hidden, Stacked


def numbers(*laws, cells=400, draws=30):
    rng = np.random.default_rng(0)
    truth = rng.normal(size=cells)
    made = np.stack([rng.normal(mean, sd, (draws, cells)) for mean, sd in laws])
    return Hidden(truth, made, truth, choice=False)


def test_the_score_is_that_of_the_formula_on_a_case_done_by_hand():
    told = Stacked.of([Hidden(np.array([1.0]), np.array([[[0.0], [2.0]]]), np.array([0.0, 2.0]), choice=False)])
    # E|X - 1| = 1, E|X - X'| over different draws = 2, half the mean distance of known cells = 1/2
    assert told.score(np.ones(1)) == pytest.approx((1 - 0.5 * 2) / 0.5)
    coin = np.array([0.0, 1.0])
    told = Stacked.of([Hidden(np.array([1.0]), np.array([[[0.0], [1.0]]]), coin, choice=True)])
    assert told.score(np.ones(1)) == pytest.approx((0.5 - 0.5 * 1) / 0.25)


def test_a_columns_own_law_scores_one_and_the_true_law_wins():
    told = Stacked.of([numbers((0, 1), (1, 1), (0, 3))])
    assert told.score(np.array([1.0, 0, 0])) == pytest.approx(1, abs=0.05)
    assert told.weights()[0] > 0.9


def test_weights_are_those_of_a_general_solver():
    told = Stacked.of([numbers((1, 1), (-1, 1), (0.2, 2), (3, 1)), numbers((0.5, 1), (0, 1.5), (-2, 1), (0, 0.3))])
    w = told.weights()
    found = minimize(told.score, np.full(4, 0.25), bounds=[(0, 1)] * 4, method="SLSQP",
                     constraints={"type": "eq", "fun": lambda w: w.sum() - 1}, options={"ftol": 1e-12})  # fmt: skip
    assert w.sum() == pytest.approx(1)
    assert (w >= 0).all()
    assert told.score(w) <= found.fun + 1e-6


def test_two_that_err_to_both_sides_share_and_columns_that_never_vary_say_nothing():
    still = Hidden(np.ones(3), np.ones((2, 5, 3)), np.ones(9), choice=True)
    w = Stacked.of([numbers((1, 0.5), (-1, 0.5)), still]).weights()
    assert w == pytest.approx([0.5, 0.5], abs=0.1)
