from typing import final

import pytest
import torch
from torch import nn

from likely.contracts import Estimate, Estimated, Player, Trained, Turn
from likely.spaces import reals
from likely.training.examples import Examples
from likely.training.judge import Judge, dtype_of
from tests.training.toys import Game, Gaussian, Mean, Noisy

X = torch.randn(50, 4, generator=torch.Generator().manual_seed(0))


def judge(model, size: int = 16, weight=None, lift=None) -> Judge:
    return Judge(model, model.players(), Examples(X, weight=weight), size=size, seed=1, lift=lift)


def test_a_density_by_its_log_probability() -> None:
    model = Gaussian(4)
    with torch.no_grad():
        expected = -model.log_prob(X).double().mean().item()
    assert judge(model).judged().value == pytest.approx(expected, rel=1e-6)
    assert judge(model).unit == "nats"


def test_weights_count() -> None:
    model, weight = Gaussian(4), torch.arange(50.0)
    with torch.no_grad():
        expected = -(model.log_prob(X).double() * weight).sum().item() / weight.sum().item()
    assert judge(model, weight=weight).judged().value == pytest.approx(expected, rel=1e-6)


class Doubled:
    def up(self, x, *, rng):
        return 2 * x, torch.full((len(x),), 4 * 0.6931471805599453, dtype=torch.float64)


def test_a_lift_is_paid_for() -> None:
    model = Gaussian(4)
    with torch.no_grad():
        expected = -(model.log_prob(2 * X).double().mean().item() + 4 * 0.6931471805599453)
    assert judge(model, lift=Doubled()).judged().value == pytest.approx(expected, rel=1e-6)


def test_a_bound_with_the_same_noise_every_time_however_the_rows_are_cut() -> None:
    model = Noisy(4)
    assert judge(model).judged() == judge(model).judged()
    assert judge(model, size=7).judged().value == pytest.approx(judge(model, size=50).judged().value, rel=1e-6)


def test_judging_leaves_the_model_as_it_was() -> None:
    model = Noisy(4).train()
    judge(model).judged()
    assert model.training
    assert all(w.grad is None for w in model.parameters())


@final
class Followed(Trained):
    """One player leads, another learns from what it makes, whose scale is anybody's guess."""

    def __init__(self) -> None:
        super().__init__(reals(4))
        self.leader, self.follower = nn.Linear(4, 2), nn.Linear(2, 1)

    def sample(self, n, c=None, *, rng):
        return torch.zeros(n, 4)

    def players(self):
        return {"leader": Player(self.leader), "follower": Player(self.follower, follows=True)}

    def turns(self, x, c=None, *, rng):
        yield Turn("leader", lambda: self.leader(x).square().mean())
        yield Turn("follower", lambda: 1e3 + self.follower(self.leader(x).detach()).square().mean())


def test_a_loss_on_what_another_player_moves_judges_nothing() -> None:
    model = Followed()
    with torch.no_grad():
        assert judge(model, size=50).judged().value == pytest.approx(model.leader(X).square().mean().item(), rel=1e-5)


def test_losses_judge_where_the_players_keep_to_them() -> None:
    assert judge(Game(4, averaged=False)).unit == "loss"
    assert judge(Game(4, averaged=False)).able
    assert not judge(Game(4, averaged=True)).able  # without rows that it learns from


def test_a_game_by_what_it_draws_the_same_noise_every_time() -> None:
    model = Game(4, averaged=True)

    def of(size: int) -> Judge:
        return Judge(model, model.players(), Examples(X), size=size, seed=1, lift=None, learned=Examples(X + 1))

    first = of(16).judged()
    assert of(16).unit == "distance"
    assert of(50).judged().value == pytest.approx(first.value, rel=1e-5)
    with torch.no_grad():
        model.generator.layers[3].bias += 5.0
    assert of(16).judged().value > 2 * first.value


def test_rows_of_their_own_have_an_error() -> None:
    model = Gaussian(4)
    with torch.no_grad():
        losses = -model.log_prob(X).double()
    assert judge(model).judged().error == pytest.approx(losses.std(correction=0).item() / 50**0.5, rel=1e-5)
    assert judge(Game(4, averaged=False)).judged().error is None  # one loss for the whole batch


def test_it_says_what_is_measured() -> None:
    assert judge(Gaussian(4)).told == "-log p (or its bound) on 50 validation rows"
    assert judge(Game(4, averaged=False)).told == "loss on 50 validation rows"


def test_an_estimate_is_too_dear_to_judge_by() -> None:
    class Rough(Estimated, Trained):
        def __init__(self) -> None:
            super().__init__(reals(4))
            self.w = nn.Parameter(torch.zeros(()))

        def log_prob_estimate(self, x, c=None, *, rng):
            return Estimate(x.sum(1), x.sum(1))

        def sample(self, n, c=None, *, rng):
            return X[:n]

        def players(self):
            return {"rough": Player(self)}

        def turns(self, x, c=None, *, rng):
            yield Turn("rough", lambda: (self.w + 2) * 1.0)

    assert judge(Rough()).judged().value == 2.0


def test_the_models_own_precision() -> None:
    assert dtype_of(Gaussian(2).double()) == torch.float64
    assert dtype_of(Mean(2)) == torch.float32
