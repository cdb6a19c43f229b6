"""The contest: its losses by hand, who is moved by them, slopes priced lazily, codes beside rows, its count."""

import pytest
import torch

from likely.adversarial import (
    Auxiliary,
    Concatenated,
    Contest,
    Critic,
    Differentiable,
    Projected,
    Shown,
)
from likely.adversarial.contest import TURN
from likely.backbones import DCGAN
from likely.errors import FieldError
from likely.objectives import (
    Hinge,
    Interpolated,
    Judged,
    LeastSquares,
    Minimax,
    NonSaturating,
    Relativistic,
    Unpenalised,
    Wasserstein,
    ZeroCentred,
)
from likely.rng import Keyed, Stepped
from likely.spaces import Image, label, reals

PLAIN = [game(penalty=Unpenalised()) for game in (Relativistic, Minimax, NonSaturating, LeastSquares, Hinge)]
PRICED = [
    Relativistic(ZeroCentred(0.5, 0.5)),
    NonSaturating(ZeroCentred(0.5, 0.0)),
    Wasserstein(),
    Hinge(Interpolated()),
]


def contest(game, space=reals(3), condition=None, *, lazily=1, augmentation=None, **parts):
    torch.manual_seed(0)
    critic = Critic(space, condition, width=8, **parts).double()
    return Contest(critic, game, lazily=lazily, augmentation=augmentation)


def rows(seed, n=6, width=3):
    return torch.randn(n, width, generator=torch.Generator().manual_seed(seed)).double()


def slopes(loss, module):
    return torch.autograd.grad(loss, list(module.parameters()), allow_unused=True, materialize_grads=True)


@pytest.mark.parametrize("game", PLAIN, ids=repr)
def test_losses_without_a_price_are_the_games_own(game):
    made, x, y = contest(game), Shown(rows(1)), Shown(rows(2))
    a, b = made.critic(x), made.critic(y)
    assert torch.isclose(made.critic_loss(x, y, rng=Keyed(0)), game.critic_loss(a, b).mean())
    assert torch.isclose(made.generator_loss(x, y, rng=Keyed(0)), game.generator_loss(a, b).mean())
    both = (game.generator_loss(a, b) + game.encoder_loss(a, b)).mean()
    assert torch.isclose(made.joint_loss(x, y, rng=Keyed(0)), both)


def test_r1_and_r2_are_added():
    made, x, y = contest(Relativistic(ZeroCentred(0.5, 2.0))), rows(1).requires_grad_(), rows(2).requires_grad_()
    a, b = made.critic(Shown(x)), made.critic(Shown(y))
    r1, r2 = (torch.autograd.grad(s.sum(), at)[0].square().sum(1).mean() for s, at in ((a, x), (b, y)))
    wanted = made.game.critic_loss(a, b).mean() + (0.5 * r1 + 2.0 * r2) / 2
    assert torch.isclose(made.critic_loss(Shown(x), Shown(y), rng=Keyed(0)), wanted)


@pytest.mark.parametrize("game", [*PLAIN, *PRICED], ids=repr)
def test_a_loss_evaluated_twice_is_the_same_and_turns_differ(game):
    made, x, y = contest(game), Shown(rows(1)), Shown(rows(2))
    losses = [made.critic_loss(x, y, rng=Stepped(0, 0), turn=turn) for turn in (0, 0, 1)]
    assert losses[0] == losses[1]
    assert (losses[0] == losses[2]) != isinstance(game.penalty, Interpolated)  # the one that draws


@pytest.mark.parametrize("game", PRICED, ids=repr)
@pytest.mark.parametrize("lazily", [2, 4])
def test_a_price_paid_lazily_has_the_same_mean_slope(game, lazily):
    """Over whole periods, with the weights and the noise held."""
    eager, lazy = contest(game), contest(game, lazily=lazily)
    x, y, totals = Shown(rows(1)), Shown(rows(2)), []
    for made in (eager, lazy):
        total = 0.0
        for _ in range(2 * lazily):
            found = slopes(made.critic_loss(x, y, rng=Keyed(7)), made.critic)
            total = total + torch.cat([each.flatten() for each in found]) / (2 * lazily)
            made.settle()
        totals.append(total)
    assert torch.allclose(*totals)


def test_a_price_falls_as_the_training_goes_on():
    made, x, y = contest(NonSaturating(ZeroCentred(1.0, 1.0, last=0.25))), Shown(rows(1)), Shown(rows(2))
    free = contest(NonSaturating()).critic_loss(x, y, rng=Keyed(0)).detach()
    whole = made.critic_loss(x, y, rng=Keyed(0)).detach() - free
    made.pace(0.5)
    assert torch.isclose(made.critic_loss(x, y, rng=Keyed(0)).detach() - free, whole / 2)


def test_turns_are_counted_where_they_are_settled_and_saved():
    made = contest(Relativistic(), lazily=3)
    x, y = Shown(rows(1)), Shown(rows(2))
    costs, steep = [], []
    for _ in range(6):
        loss = made.critic_loss(x, y, rng=Keyed(0))
        costs.append(float(loss.detach()))
        steep.append(sum(float(slope.square().sum()) for slope in slopes(loss, made.critic)))
        made.settle()
    assert costs == pytest.approx(costs[:1] * 6)  # what is told does not go up and down
    assert steep[0] == steep[3] != steep[1] == steep[2] == steep[4]
    assert made.state_dict()["taken"] == 6


def test_weights_are_held_where_the_game_wants_it():
    made = contest(Wasserstein(Unpenalised(), clip=0.05))
    made.settle()
    assert max(float(weight.detach().abs().max()) for weight in made.critic.parameters()) <= 0.05 + 1e-12


@pytest.mark.parametrize("game", [*PLAIN, *PRICED], ids=repr)
def test_every_loss_moves_those_whom_it_should(game):
    made, x, y = contest(game), rows(1).requires_grad_(), rows(2).requires_grad_()
    weights = list(made.critic.parameters())
    loss = made.critic_loss(Shown(x), Shown(y), rng=Keyed(0))
    assert torch.autograd.grad(loss, [x, y], allow_unused=True, retain_graph=True) == (None, None)
    assert any((slope != 0).any() for slope in slopes(loss, made.critic))
    loss = made.generator_loss(Shown(x), Shown(y), rng=Keyed(0))
    towards = torch.autograd.grad(loss, [x, y, *weights], allow_unused=True)
    assert (towards[1] != 0).any()
    assert all(each is None for each in (towards[0], *towards[2:]))
    assert all(weight.requires_grad for weight in weights)
    loss = made.joint_loss(Shown(x), Shown(y), rng=Keyed(0))
    towards = torch.autograd.grad(loss, [x, y, *weights], allow_unused=True)
    assert (towards[0] != 0).any()
    assert (towards[1] != 0).any()
    assert all(each is None for each in towards[2:])


@pytest.mark.parametrize("game", PRICED, ids=repr)
def test_slopes_are_taken_in_the_rows_and_in_what_stands_beside_them(game):
    """The same numbers as one row, or as a row and a code beside it, where the critic reads both alike."""
    made = contest(game, reals(3), beside=2)
    x, y = (Shown(rows(s), None, rows(s + 10, width=2)) for s in (1, 2))
    found = made.critic_loss(x, y, rng=Keyed(0))
    a, b = (shown.reals.clone().requires_grad_() for shown in (x, y))
    told, fake = (made.critic(shown.at(at)) for shown, at in ((x, a), (y, b)))
    if isinstance(game.penalty, ZeroCentred):
        r1, r2 = (torch.autograd.grad(s.sum(), at)[0].square().sum(1).mean() for s, at in ((told, a), (fake, b)))
        wanted = (game.penalty.real * r1 + game.penalty.fake * r2) / 2
        assert torch.isclose(found, game.critic_loss(told, fake).mean() + wanted)
    assert found > game.critic_loss(told, fake).mean()


@pytest.mark.parametrize("game", PRICED, ids=repr)
@pytest.mark.parametrize("packing", [1, 2])
def test_both_kinds_of_rows_in_one_pass_are_judged_as_in_two(game, packing):
    made, c = (
        contest(game, condition=label(3), told=Auxiliary(), packing=packing),
        torch.arange(6)[:, None].double() % 3,
    )
    x, y = Shown(rows(1), c), Shown(rows(2), c)
    at = [shown.x.clone().requires_grad_() for shown in (x, y)]
    told, fake = (made(shown.at(one)) for shown, one in zip((x, y), at))
    judged = (Judged(one, verdict.score) for one, verdict in zip(at, (told, fake)))
    price = game.penalty.price(lambda z: made.critic(x.at(z)), *judged, rng=Keyed(0).fork(TURN), done=made.done)
    apart = game.critic_loss(told.score, fake.score).mean() + told.price + fake.price + price
    together = made.critic_loss(x, y, rng=Keyed(0))
    assert torch.isclose(together, apart)
    pairs = zip(slopes(together, made.critic), slopes(apart, made.critic))
    assert all(torch.allclose(one, other) for one, other in pairs)


def test_naming_costs_both_players():
    made, c = contest(NonSaturating(), condition=label(3), told=Auxiliary(0.5)), torch.tensor([[0.0], [1.0], [2.0]] * 2)
    x, y = Shown(rows(1), c), Shown(rows(2), c)
    (a, of_real), (b, of_fake) = made.critic.verdict(x), made.critic.verdict(y)
    wanted = made.game.critic_loss(a, b).mean() + of_real + of_fake
    assert torch.isclose(made.critic_loss(x, y, rng=Keyed(0)), wanted)
    assert torch.isclose(made.generator_loss(x, y, rng=Keyed(0)), made.game.generator_loss(a, b).mean() + of_fake)


@pytest.mark.parametrize("told", [Concatenated(), Projected(), Auxiliary()], ids=repr)
@pytest.mark.parametrize("game", PRICED, ids=repr)
def test_conditions_packs_and_company_in_every_priced_game(told, game):
    made = contest(game, condition=label(3), told=told, packing=2, company=2)
    c = torch.arange(7)[:, None].double() % 3
    x, y = Shown(rows(1, 7), c), Shown(rows(2, 7), c)
    found = slopes(made.critic_loss(x, y, rng=Keyed(0)), made.critic)
    assert all(torch.isfinite(slope).all() for slope in found)
    assert torch.isfinite(made.generator_loss(x, y, rng=Keyed(0)))


def test_both_kinds_of_rows_are_changed_before_the_critic_sees_them():
    space = Image(1, 4, 4, None)
    made = contest(NonSaturating(), space, augmentation=Differentiable())
    x, y = (rows(s, 4, 16).reshape(4, 1, 4, 4) for s in (1, 2))
    seen = []
    verdict = made.critic.verdict
    made.critic.verdict = lambda shown: (seen.append(shown.x), verdict(shown))[1]
    made.critic_loss(Shown(x), Shown(y), rng=Stepped(0, 0))
    assert not torch.equal(seen[0][:4], x)
    assert not torch.equal(seen[0][4:], y)
    y.requires_grad_()
    made.generator_loss(Shown(x), Shown(y), rng=Stepped(0, 0)).backward()
    assert (y.grad != 0).any()


def test_what_cannot_be_changed_or_counted_is_refused():
    with pytest.raises(FieldError, match="pictures"):
        contest(NonSaturating(), augmentation=Differentiable())
    with pytest.raises(FieldError, match="lazily"):
        contest(NonSaturating(), lazily=0)


@pytest.mark.parametrize(("network", "apart"), [(DCGAN(width=4), False), (DCGAN(width=4, normalised=False), True)])
def test_a_critic_with_batch_norm_judges_each_kind_of_rows_by_itself(network, apart):
    torch.manual_seed(0)
    made = Contest(Critic(Image(1, 16, 16, None), None, network, width=8), NonSaturating())
    assert made.critic.apart == apart
    x, y = Shown(torch.rand(8, 1, 16, 16)), Shown(torch.rand(8, 1, 16, 16))
    told, fake = made.critic(x), made.critic(y)
    assert torch.allclose(made.critic_loss(x, y, rng=Keyed(0)), made.game.critic_loss(told, fake).mean(), atol=1e-6)
    joined = made.critic(x.joined(y))
    assert torch.allclose(joined, torch.cat([told, fake]), atol=1e-5) == apart
