"""Every game: its formulas by hand, the direction each player pushes, the best critic, and toy games that settle."""

import math

import pytest
import torch
from torch.nn.functional import logsigmoid

from likely.objectives import Hinge, LeastSquares, Minimax, NonSaturating, Relativistic, Wasserstein

GAMES = [Relativistic(), Minimax(), NonSaturating(), LeastSquares(), Hinge(), Wasserstein()]
A, B = torch.tensor([0.3, -1.2, 2.0]).double(), torch.tensor([-0.5, 0.7, 0.1]).double()


@pytest.mark.parametrize(
    ("game", "critic", "generator"),
    [
        (Relativistic(), -logsigmoid(A - B), -logsigmoid(B - A)),
        (Minimax(), -logsigmoid(A) - (1 - B.sigmoid()).log(), (1 - B.sigmoid()).log()),
        (NonSaturating(), -logsigmoid(A) - (1 - B.sigmoid()).log(), -logsigmoid(B)),
        (LeastSquares(), ((A - 1) ** 2 + B**2) / 2, (B - 1) ** 2 / 2),
        (Hinge(), (1 - A).clamp(min=0) + (1 + B).clamp(min=0), -B),
        (Wasserstein(), B - A, -B),
    ],
    ids=lambda value: type(value).__name__,
)
def test_the_losses_are_the_formulas(game, critic, generator):
    assert torch.allclose(game.critic_loss(A, B), critic)
    assert torch.allclose(game.generator_loss(A, B), generator)


@pytest.mark.parametrize("game", GAMES, ids=lambda game: type(game).__name__)
def test_the_critic_parts_the_scores_and_the_generator_lifts_its_own(game):
    real, fake = torch.zeros(4).requires_grad_(), torch.zeros(4).requires_grad_()
    game.critic_loss(real, fake).sum().backward()
    assert (real.grad < 0).all()  # lowering the loss raises the real scores
    assert (fake.grad >= 0).all()
    fake = torch.zeros(4).requires_grad_()
    game.generator_loss(torch.zeros(4), fake).sum().backward()
    assert (fake.grad < 0).all()


@pytest.mark.parametrize("game", GAMES, ids=lambda game: type(game).__name__)
def test_losses_stay_finite_for_huge_scores(game):
    real, fake = torch.tensor([1e4, -1e4]), torch.tensor([-1e4, 1e4])
    assert torch.isfinite(game.critic_loss(real, fake)).all()
    assert torch.isfinite(game.generator_loss(real, fake)).all()


@pytest.mark.parametrize("game", [Minimax(), NonSaturating()], ids=lambda game: type(game).__name__)
def test_the_best_critic_is_the_log_ratio_and_is_worth_a_jensen_shannon_divergence(game):
    """Goodfellow et al., Theorem 1, on three atoms: min over f of the loss = 2 log 2 - 2 JS(p, q)."""
    p, q = torch.tensor([0.6, 0.3, 0.1], dtype=torch.float64), torch.tensor([0.2, 0.3, 0.5], dtype=torch.float64)
    best = p.log() - q.log()
    loss = p @ game.critic_loss(best, torch.full((3,), -1e3).double()) + q @ game.critic_loss(
        torch.full((3,), 1e3).double(), best
    )
    middle = (p + q) / 2
    shannon = (p @ (p / middle).log() + q @ (q / middle).log()) / 2
    assert math.isclose(loss, 2 * math.log(2) - 2 * shannon, rel_tol=1e-9)


@pytest.mark.parametrize("game", GAMES[:4], ids=lambda game: type(game).__name__)
def test_equal_scores_are_the_middle_of_the_game(game):
    """At scores that cannot tell (0, or 1/2 for least squares) the critic gains nothing by moving both together."""
    at = 0.5 if isinstance(game, LeastSquares) else 0.0
    both = torch.tensor([at]).requires_grad_()
    game.critic_loss(both, both).sum().backward()
    assert both.grad.abs() < 1e-6


def test_only_clipped_wasserstein_clips():
    assert [game.clip for game in GAMES] == [None] * 6
    assert Wasserstein(clip=0.01).clip == 0.01
