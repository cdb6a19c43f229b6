"""The GAN: every space, condition, game and object; turns evaluated late and twice; what every game learns; codes."""

import pytest
import torch
from examples import CONDITIONS, TABLE, play, rows

from likely.adversarial import Auxiliary, Differentiable, Projected, Shown
from likely.backbones import DCGAN, Residual
from likely.contracts import Bound, Decodes, Density, Paced, Trained, Truncates
from likely.errors import ConditionError, FieldError
from likely.families.gan import GAN, GANModel
from likely.objectives import (
    Hinge,
    Interpolated,
    LeastSquares,
    Minimax,
    NonSaturating,
    Relativistic,
    Unpenalised,
    Wasserstein,
    ZeroCentred,
)
from likely.rng import Keyed, Stepped
from likely.spaces import Category, Image, Vector, absent, label, reals
from likely.training import Examples, Recipe
from likely.training.course import Course
from likely.training.processes import Alone
from likely.training.rounds import Rounds

GAMES = [Relativistic(), Minimax(), NonSaturating(), LeastSquares(), Hinge(), Wasserstein(),
         Wasserstein(clip=0.1, penalty=Unpenalised()), Hinge(penalty=ZeroCentred(fake=0.0))]  # fmt: skip


def made(space, condition=None, **fields) -> GANModel:
    torch.manual_seed(1)
    return GAN(width=16, **fields).build(space, condition)


BRISK = {"rate": 1e-3, "critic_rate": 3e-3}  # for a few hundred rounds


@pytest.mark.parametrize("space", [reals(3), Image(1, 6, 6, None), Image(3, 5, 7, None)], ids=repr)
@pytest.mark.parametrize("condition", CONDITIONS, ids=repr)
@pytest.mark.parametrize("packing", [1, 2])
def test_every_space_and_condition(space, condition, packing):
    model, x = made(space, condition, packing=packing), rows(space)
    c = None if condition is None else rows(condition)
    assert isinstance(model, Trained)
    assert not isinstance(model, Bound | Density)
    for turn in model.turns(x, c, rng=Stepped(0, 0)):
        turn.loss().backward()
    untouched = [name for name, p in model.named_parameters() if p.grad is None or not torch.isfinite(p.grad).all()]
    assert not untouched
    drawn = model.sample(6, c, rng=Keyed(0))
    assert drawn.shape == x.shape
    if c is not None:
        assert not torch.equal(drawn, model.sample(6, absent(c), rng=Keyed(0)))


@pytest.mark.parametrize("game", GAMES, ids=repr)
def test_every_game_and_its_turns(game):
    model, x = made(reals(2), game=game, turns=3), rows(reals(2), 8)
    turns = list(model.turns(x, rng=Stepped(0, 0)))
    assert [turn.player for turn in turns] == ["critic"] * 3 + ["generator"]
    losses = [float(turn.loss().detach()) for turn in turns]
    assert losses == [float(turn.loss().detach()) for turn in turns]  # late, and again
    assert len(set(losses)) == 4  # each turn has noise of its own
    turns[0].after and turns[0].after()
    if game.clip is not None:
        assert max(float(weight.detach().abs().max()) for weight in model.contest.critic.parameters()) < 0.1001


def test_a_turn_moves_only_its_player():
    model, x = made(reals(2)), rows(reals(2), 8)
    critic, generator = model.turns(x, rng=Stepped(0, 0))
    critic.loss().backward()
    assert all(weight.grad is None for weight in model.generator.parameters())
    before = [weight.grad.clone() for weight in model.contest.critic.parameters()]
    generator.loss().backward()
    assert all(torch.equal(old, weight.grad) for old, weight in zip(before, model.contest.critic.parameters()))
    assert all(weight.grad is not None for weight in model.generator.parameters())


def test_the_players_are_two_and_share_nothing():
    players = made(reals(2), momentum=0.3, memory=0.9, rate=1e-4, critic_rate=2e-4).players()
    ids = {name: {id(weight) for weight in player.module.parameters()} for name, player in players.items()}
    assert not ids["critic"] & ids["generator"]
    assert players["critic"].betas == (0.3, 0.9)
    assert (players["generator"].rate, players["critic"].rate) == (1e-4, 2e-4)
    assert all(player.averaged for player in players.values())


def test_the_condition_a_generator_is_given_is_the_one_its_critic_sees():
    """Rows swapped with their conditions give the same scores swapped; alone they do not."""
    model, x, c = made(reals(3), label(4)), rows(reals(3)), rows(label(4))
    critic = model.contest.critic
    flipped = critic(Shown(x.flip(0), c.flip(0)))
    assert torch.allclose(flipped, critic(Shown(x, c)).flip(0), atol=1e-6)
    assert not torch.allclose(critic(Shown(x, (c + 1) % 4)), critic(Shown(x, c)))


OBJECTS = [
    {"told": Projected()},
    {"told": Auxiliary(0.5)},
    {"told": Projected(), "packing": 2, "company": 3, "lazily": 4},
    {"told": Auxiliary(), "game": Wasserstein(), "company": 3},
    {"game": Hinge(penalty=ZeroCentred()), "lazily": 2},
]


@pytest.mark.parametrize("fields", OBJECTS, ids=str)
def test_objects_work_together_and_move_every_weight(fields):
    model, x, c = made(reals(3), label(4), **fields), rows(reals(3), 8), rows(label(4), 8)
    for turn in model.turns(x, c, rng=Stepped(0, 0)):
        turn.loss().backward()
    assert all(torch.isfinite(weight.grad).all() for weight in model.parameters())


def test_images_are_changed_before_the_critic_sees_them():
    space = Image(1, 8, 8, None)
    plain, changed = (made(space, augmentation=each) for each in (None, Differentiable()))
    losses = [float(model.critic_loss(rows(space), rng=Stepped(0, 0)).detach()) for model in (plain, changed)]
    assert losses[0] != losses[1]


@pytest.mark.parametrize("condition", [None, label(3)], ids=["nothing", "class"])
@pytest.mark.parametrize(
    ("network", "game"), [(DCGAN(width=4), NonSaturating()), (Residual(width=4), Hinge())], ids=["dcgan", "residual"]
)
def test_published_networks_play_and_their_samples_do_not_depend_on_company(network, game, condition):
    space = Image(1, 8, 8, None)
    model = made(space, condition, generator=network, critic=network, game=game, told=Projected())
    x, c = rows(space, 8), None if condition is None else rows(condition, 8)
    for turn in model.turns(x, c, rng=Stepped(0, 0)):
        turn.loss().backward()
    assert all(torch.isfinite(weight.grad).all() for weight in model.parameters())
    model.eval()
    whole = model.sample(6, None if c is None else c[:6], rng=Keyed(1))
    assert torch.allclose(whole[:2], model.sample(2, None if c is None else c[:2], rng=Keyed(1)), atol=1e-5)


def test_slopes_are_priced_every_few_turns_also_after_a_rest():
    model, x = made(reals(2), lazily=3, turns=2), rows(reals(2), 8)
    for step in range(2):
        for turn in model.turns(x, rng=Stepped(0, step)):
            turn.loss()
            turn.after and turn.after()
    other = made(reals(2), lazily=3, turns=2)
    other.load_state_dict(model.state_dict())
    assert int(other.contest.taken) == 4


def test_the_training_tells_how_far_it_is():
    model = made(reals(2), game=Relativistic(ZeroCentred(last=0.1)))
    assert isinstance(model, Paced)
    model.pace(0.25)
    assert float(model.contest.done) == 0.25


# Codes ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("condition", [None, label(3)], ids=["nothing", "class"])
def test_a_sample_is_what_its_codes_decode_to(condition):
    model, c = made(reals(2), condition, latent=3, codes=5), None if condition is None else rows(condition)
    assert isinstance(model, Decodes)
    z = model.noise.draw(6, Keyed(2), torch.empty(0))
    assert z.shape == (6, *model.codes.shape) == (6, 4)
    assert torch.equal(model.decode(z, c), model.sample(6, c, rng=Keyed(2)))


def test_truncated_samples_are_of_the_middle_of_the_codes():
    model = made(reals(2), latent=3, codes=5)
    assert isinstance(model, Truncates)
    plain, whole, middle = (model.sample_truncated(500, truncation=psi, rng=Keyed(0)) for psi in (1.0, 1.0, 1e-6))
    assert torch.equal(plain, whole)
    assert torch.equal(plain, model.sample(500, rng=Keyed(0)))
    assert len((middle * 1e3).round().unique(dim=0)) == 5  # one row of each kind
    with pytest.raises(FieldError, match="truncation"):
        model.sample_truncated(5, truncation=0.0, rng=Keyed(0))


@pytest.mark.parametrize("packing", [2, 4, 16])
def test_packs_take_any_batch(packing):
    model = made(reals(2), packing=packing)
    for size in (1, 3, 7, 16):
        for turn in model.turns(rows(reals(2), size), rng=Stepped(0, 0)):
            assert torch.isfinite(turn.loss())


def test_samples_do_not_depend_on_their_company_and_follow_the_seed():
    model, c = made(reals(2), label(3)), rows(label(3), 8)
    whole = model.sample(8, c, rng=Keyed(3))
    assert torch.allclose(whole[:3], model.sample(3, c[:3], rng=Keyed(3)), atol=1e-6)
    assert not torch.allclose(whole, model.sample(8, c, rng=Keyed(4)))


def test_double_precision_and_pure_codes():
    model = made(reals(2), latent=0, codes=5).double()
    for turn in model.turns(rows(reals(2)).double(), rng=Stepped(0, 0)):
        assert turn.loss().dtype == torch.float64
    assert len(model.sample(2000, rng=Keyed(0)).unique(dim=0)) <= 5


def test_a_game_on_a_conditional_gaussian_ends_near_it():
    """x | c ~ N(+-1.5, 0.5^2) on two axes: means, spread and the condition are found."""
    generator = torch.Generator().manual_seed(0)

    def batch(step):
        c = torch.randint(0, 2, (128, 1), generator=generator).float()
        x = 3 * (c - 0.5) + 0.5 * torch.randn(128, 2, generator=generator)
        return x, c

    steady = Relativistic(penalty=ZeroCentred(2.0, 2.0))  # wide and few clusters: a strong price settles sooner
    model = GAN(width=32, latent=4, codes=16, waves=4, game=steady, **BRISK).build(reals(2), label(2))
    play(model, 500, batch)
    c = (torch.arange(2000)[:, None] % 2).float()
    drawn = model.sample(2000, c, rng=Keyed(0)).detach()
    for k in (0, 1):
        mine = drawn[k::2]
        assert (mine.mean(0) - 3 * (k - 0.5)).abs().max() < 0.3
        assert ((mine.std(0) / 0.5).log().abs() < 0.4).all()


STEADY = ZeroCentred(0.5, 0.5)  # wide and few clusters: a strong price settles sooner
MIXTURES = [
    {"game": Relativistic(STEADY)},
    {"game": Relativistic(ZeroCentred(1.0, 1.0, last=0.1))},
    {"game": Minimax(STEADY)},
    {"game": NonSaturating(STEADY)},
    {"game": LeastSquares(ZeroCentred(0.1, 0.1))},
    {"game": Hinge(STEADY)},
    {"game": Wasserstein(ZeroCentred(1.0, 1.0)), "turns": 2},
    {"game": Wasserstein(Interpolated(0.1)), "turns": 5, "memory": 0.9},
    {"game": Relativistic(STEADY), "lazily": 4},
    {"game": Relativistic(STEADY), "packing": 2, "company": 4},
]


@pytest.mark.parametrize("fields", MIXTURES, ids=str)
def test_every_game_learns_a_small_mixture(fields):
    """N(-1, 0.2^2) and N(1, 0.2^2), evenly: both halves, their places and nothing far off."""
    generator = torch.Generator().manual_seed(0)

    def batch(step):
        side = 2 * torch.randint(0, 2, (64, 1), generator=generator).float() - 1
        return side + 0.2 * torch.randn(64, 1, generator=generator), None

    torch.manual_seed(0)
    model = GAN(width=32, latent=2, codes=8, waves=1, **BRISK, **fields).build(reals(1), None)
    play(model, 200, batch)
    drawn = model.sample(2000, rng=Keyed(0)).detach()
    right = (drawn > 0).float().mean()
    assert 0.3 < right < 0.7
    assert ((drawn.abs() - 1).abs() < 0.7).float().mean() > 0.75


@pytest.mark.slow
def test_the_clipped_earth_mover_learns_it_slowly():
    """With several turns of the critic, on two axes."""
    game = Wasserstein(Unpenalised(), clip=0.2)
    generator = torch.Generator().manual_seed(0)

    def batch(step):
        side = 2 * torch.randint(0, 2, (64, 1), generator=generator).float() - 1
        return torch.cat([side, 0 * side], 1) + 0.2 * torch.randn(64, 2, generator=generator), None

    torch.manual_seed(0)
    model = GAN(width=32, latent=2, codes=8, waves=1, game=game, turns=5, critic_rate=1e-3, rate=3e-4, memory=0.9)
    played = model.build(reals(2), None)
    play(played, 1000, batch)
    drawn = played.sample(2000, rng=Keyed(0)).detach()
    assert 0.3 < (drawn[:, 0] > 0).float().mean() < 0.7
    away = torch.stack([drawn - torch.tensor([at, 0.0]) for at in (-1.0, 1.0)]).norm(dim=2).amin(0)
    assert (away < 0.7).float().mean() > 0.7


@pytest.mark.parametrize(
    "make",
    [lambda: GAN(latent=0, codes=0), lambda: GAN(packing=0), lambda: GAN(turns=0), lambda: GAN(lazily=0),
     lambda: GAN(company=-1)],
    ids=["noise", "packing", "turns", "lazily", "company"],
)  # fmt: skip
def test_unusable_fields_are_refused(make):
    with pytest.raises(FieldError, match=r"at least|needs"):
        make()


def test_what_cannot_be_named_or_changed_is_refused():
    with pytest.raises(ConditionError, match="names classes"):
        made(reals(2), TABLE, told=Auxiliary())
    with pytest.raises(FieldError, match="pictures"):
        made(reals(2), augmentation=Differentiable())


def test_interpolated_is_wassersteins_penalty_by_default():
    assert Wasserstein().penalty == Interpolated()


@pytest.mark.parametrize("packing", [1, 3])
def test_the_critic_can_be_asked(packing):
    """A doctor does: a score for each whole pack, higher where rows look real."""
    model = GAN(packing=packing).build(reals(2), Vector((Category(2),))).eval()
    x, c = torch.randn(20, 2), torch.zeros(20, 1)
    scores = model.judge(x, c, rng=Keyed(0))
    assert scores.shape == (20 // packing,)
    assert torch.allclose(model.judge(x[:packing], c[:packing], rng=Keyed(0)), scores[:1], atol=1e-5)


@pytest.mark.parametrize("condition", [None, label(4)])
@pytest.mark.parametrize("network", [DCGAN(width=4), Residual(width=4)])
def test_in_the_end_batch_norms_are_counted_again(network, condition):
    """Under the kept weights, which may be averages, so that what is sampled alone is what training made together."""
    model = made(Image(1, 8, 8, None), condition, generator=network, critic=network)
    x, c = torch.zeros(512, 1, 8, 8), None if condition is None else torch.arange(512)[:, None] % 4.0
    with torch.no_grad():
        for weight in model.generator.parameters():
            weight += 0.3 * torch.randn(weight.shape)
        before = model.eval().sample(512, c, rng=Keyed(1))
        model.conclude(x, c, rng=Keyed(2))
        after = model.sample(512, c, rng=Keyed(1))
        together = model.train().sample(512, c, rng=Keyed(1))
    assert (after - together).abs().mean() < 0.3 * (before - together).abs().mean()


@pytest.mark.parametrize("network", [DCGAN(width=4), Residual(width=4, attention=(4,))])
def test_running_statistics_and_singular_vectors_resume_bit_for_bit(network):
    """They are state, as weights are: three rounds and three more are six."""

    def begun():
        model = made(Image(1, 16, 16, None), generator=network, critic=network).train()
        recipe = Recipe(rows=64, steps=100, batch=16)
        data = Examples(torch.rand(64, 1, 16, 16, generator=torch.Generator().manual_seed(0)))
        return Rounds(model, data, recipe, seed=0, lift=None, processes=Alone())

    def played(rounds, course):
        for _ in range(3):
            rounds.play(course)
        return {name: tensor.clone() for name, tensor in rounds.tensors().items()}

    whole, other, course = begun(), begun(), Course()
    half, at = played(whole, course), course.copy()
    played(other, Course(step=7))
    other.restore(half)
    end, again = played(whole, course), played(other, at)
    assert all(torch.equal(end[name], again[name]) for name in end)
