"""Every game: its formulas by hand, the direction each player pushes, the best critic, and toy games that settle."""

import math

import pytest
import torch
from torch.nn.functional import logsigmoid

from likely.objectives import Hinge, LeastSquares, Minimax, NonSaturating, Relativistic, Wasserstein

GAMES = [Relativistic(), Minimax(), NonSaturating(), LeastSquares(), Hinge(), Wasserstein()]
A, B = torch.tensor([0.3, -1.2, 2.0]).double(), torch.tensor([-0.5, 0.7, 0.1]).double()


@pytest.mark.parametrize(
    ("game", "critic", "generator", "encoder"),
    [
        (Relativistic(), -logsigmoid(A - B), -logsigmoid(B - A), 0 * A),
        (Minimax(), -logsigmoid(A) - (1 - B.sigmoid()).log(), (1 - B.sigmoid()).log(), logsigmoid(A)),
        (NonSaturating(), -logsigmoid(A) - (1 - B.sigmoid()).log(), -logsigmoid(B), -(1 - A.sigmoid()).log()),
        (LeastSquares(), ((A - 1) ** 2 + B**2) / 2, (B - 1) ** 2 / 2, A**2 / 2),
        (Hinge(), (1 - A).clamp(min=0) + (1 + B).clamp(min=0), -B, A),
        (Wasserstein(), B - A, -B, A),
    ],
    ids=lambda value: type(value).__name__,
)
def test_the_losses_are_the_formulas(game, critic, generator, encoder):
    assert torch.allclose(game.critic_loss(A, B), critic)
    assert torch.allclose(game.generator_loss(A, B), generator)
    assert torch.allclose(game.encoder_loss(A, B), encoder)


@pytest.mark.parametrize("game", GAMES, ids=lambda game: type(game).__name__)
def test_only_a_paired_generator_asks_about_real_rows(game):
    asks = not torch.equal(game.generator_loss(A, B), game.generator_loss(A + 1, B))
    assert asks == game.paired == isinstance(game, Relativistic)


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


# The best critic of two laws, by closed form --------------------------------------------------------------------------

P, Q = torch.tensor([0.8, 0.2]).double(), torch.tensor([0.3, 0.7]).double()


def expected(game, f):
    """The critic's expected loss where real rows follow P, generated ones Q, on two points with scores f."""
    pairs = game.critic_loss(f[:, None].expand(2, 2), f[None, :].expand(2, 2))
    return (P[:, None] * Q[None, :] * pairs).sum()


def shannon(p, q):
    middle = (p + q) / 2
    return (p @ (p / middle).log() + q @ (q / middle).log()) / 2


RATIO = P.log() - Q.log()
BEST = {  # the best critic, and what its loss is
    Minimax(): (RATIO, 2 * math.log(2) - 2 * shannon(P, Q)),  # Goodfellow et al., theorem 1
    NonSaturating(): (RATIO, 2 * math.log(2) - 2 * shannon(P, Q)),
    LeastSquares(): (P / (P + Q), (2 - ((P - Q) ** 2 / (P + Q)).sum()) / 8),  # Pearson's chi^2(p + q || 2 q)
    Hinge(): ((P - Q).sign(), 2 - (P - Q).abs().sum()),
    Relativistic(): (RATIO, None),  # two points: the score of one above the other, p_1 q_2 against p_2 q_1
}


@pytest.mark.parametrize("game", BEST, ids=lambda game: type(game).__name__)
def test_the_best_critic_is_the_papers(game):
    best, value = BEST[game]
    least = expected(game, best)
    if value is not None:
        assert torch.isclose(least, torch.as_tensor(value).double())
    for at in range(2):
        for step in (-1e-2, 1e-2, -0.3, 0.3):
            moved = best.clone()
            moved[at] += step
            assert expected(game, moved) > least - 1e-12


def test_the_best_relativistic_critic_weighs_the_pairs_that_differ():
    best, _ = BEST[Relativistic()]
    one, other = P[0] * Q[1], P[1] * Q[0]  # the two pairs
    share = one / (one + other)
    entropy = -(share * share.log() + (1 - share) * (1 - share).log())
    assert torch.isclose(expected(Relativistic(), best), (P @ Q) * math.log(2) + (one + other) * entropy)


def test_the_best_critic_of_slope_1_tells_the_earth_movers_distance():
    """Two points 1.5 apart: mass 0.5 has to be moved."""
    assert torch.isclose(-expected(Wasserstein(), torch.tensor([1.5, 0.0]).double()), torch.tensor(0.75).double())
    assert expected(Wasserstein(), torch.tensor([1.0, 0.0]).double()) > -0.75


def test_a_non_saturating_generator_descends_the_reverse_divergence_less_two_shannons():
    """Arjovsky & Bottou (2017), theorem 2.5: the best critic held, the slope of KL(q || p) - 2 JS(p, q)."""
    q = Q.clone().requires_grad_()
    (slope,) = torch.autograd.grad(q @ NonSaturating().generator_loss(RATIO, RATIO), q)
    (wanted,) = torch.autograd.grad(q @ (q.log() - P.log()) - 2 * shannon(P, q), q)
    assert torch.isclose(slope[0] - slope[1], wanted[0] - wanted[1])  # along q: the two sum to 1


def test_a_minimax_generator_descends_the_shannon_divergence():
    q = Q.clone().requires_grad_()
    (slope,) = torch.autograd.grad(q @ Minimax().generator_loss(RATIO, RATIO), q)
    (wanted,) = torch.autograd.grad(2 * shannon(P, q), q)
    assert torch.isclose(slope[0] - slope[1], wanted[0] - wanted[1])


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
