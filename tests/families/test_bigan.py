"""BiGAN: every space, condition and game; the joint law of rows and codes where it is known; codes that come back."""

import numpy as np
import pytest
import torch
from torch.optim.swa_utils import AveragedModel

import likely
from likely.apps.codes import decoded
from likely.backbones import DCGAN, MLP
from likely.contracts import Bound, Density, Latent, Trained, Truncates
from likely.errors import FieldError
from likely.families.bigan import BiGAN, BiGANModel
from likely.objectives import Hinge, LeastSquares, Minimax, NonSaturating, Relativistic, Wasserstein
from likely.rng import Keyed, Stepped
from likely.spaces import Image, Real, Tokens, Vector, absent, label, reals

CONDITIONS = [None, label(4), Vector((Real(missing=True), Real())), Image(1, 6, 6, 2), Tokens(5, 4)]
GAMES = [Relativistic(), Minimax(), NonSaturating(), LeastSquares(), Hinge(), Wasserstein()]


def rows(space, count=6):
    match space:
        case Vector():
            return torch.randint(0, 3, (count, len(space.columns))).float()
        case Image(levels=int(levels)):
            return torch.randint(0, levels, (count, *space.shape)).float()
        case Tokens():
            return torch.randint(0, space.vocabulary, (count, *space.shape))
    return torch.rand(count, *space.shape)


def made(space, condition=None, **fields) -> BiGANModel:
    return BiGAN(width=16, latent=3, **fields).build(space, condition)


@pytest.mark.parametrize("space", [reals(3), Image(1, 6, 6, None), Image(3, 5, 7, None)], ids=repr)
@pytest.mark.parametrize("condition", CONDITIONS, ids=repr)
def test_every_space_and_condition(space, condition):
    model, x = made(space, condition), rows(space)
    c = None if condition is None else rows(condition)
    assert isinstance(model, Latent | Truncates | Trained)
    assert not isinstance(model, Bound | Density)
    for turn in model.turns(x, c, rng=Stepped(0, 0)):
        turn.loss().backward()
    untouched = [name for name, p in model.named_parameters() if p.grad is None or not torch.isfinite(p.grad).all()]
    assert not untouched
    z = model.encode(x, c)
    assert z.shape == (6, 3)
    assert model.decode(z, c).shape == x.shape
    if c is not None:
        assert not torch.equal(z, model.encode(x, absent(c)))
        assert not torch.equal(model.decode(z, c), model.decode(z, absent(c)))


@pytest.mark.parametrize("game", GAMES, ids=repr)
def test_every_game_moves_the_encoder_too(game):
    """Towards pairs that the critic takes for generated ones: its score of the real rows' pairs falls."""
    model, x = made(reals(2), game=game, returns=0.0), rows(reals(2), 64) + torch.randn(64, 2)
    pair = list(model.turns(x, rng=Stepped(0, 0)))[-1]
    pair.loss().backward()
    slopes = [p.grad for p in model.both.reader.parameters()]
    assert any((slope != 0).any() for slope in slopes)
    before = _score(model, x)
    with torch.no_grad():
        for p in model.both.reader.parameters():
            p -= 1e-3 * p.grad / max(float(p.grad.norm()), 1e-9)
    assert _score(model, x) < before


def _score(model, x):
    real, _ = model._pairs(x, None, Keyed(0))
    with torch.no_grad():
        return float(model.contest.critic(real).mean())


def test_turns_are_late_and_move_only_their_player():
    model, x = made(reals(2), turns=2), rows(reals(2), 8)
    *critics, pair = model.turns(x, rng=Stepped(0, 0))
    assert [turn.player for turn in critics] == ["critic", "critic"]
    losses = [float(turn.loss().detach()) for turn in critics]
    assert losses == [float(turn.loss().detach()) for turn in critics]
    assert losses[0] != losses[1]
    critics[0].loss().backward()
    assert all(weight.grad is None for weight in model.both.parameters())
    model.zero_grad()
    pair.loss().backward()
    assert all(weight.grad is None for weight in model.contest.parameters())
    assert all(weight.grad is not None for weight in model.both.parameters())


def test_fields_that_make_none():
    for wrong in ({"latent": 0}, {"returns": -1.0}, {"packing": 0}, {"turns": 0}):
        with pytest.raises(FieldError):
            BiGAN(**wrong)


def linear(space, **fields):
    """Linear on both sides, so that the solution is known."""
    flat, rate = MLP(depth=0), fields.pop("rate", 1e-2)
    critic = MLP(width=32, depth=1)
    return BiGAN(latent=2, generator=flat, encoder=flat, critic=critic, width=32, waves=0, rate=rate, critic_rate=rate,
                 **fields).build(space)  # fmt: skip


def play(model, steps, x):
    """A short stand-in for the loop: the rate falls to zero, an average of the weights is kept."""
    players, average = model.players(), AveragedModel(model, avg_fn=lambda a, w, n: torch.lerp(a, w, 10 / (n + 10)))
    optimizers = {name: torch.optim.Adam(p.module.parameters(), p.rate, p.betas) for name, p in players.items()}
    for step in range(steps):
        model.pace(step / steps)
        for turn in model.turns(x(step), rng=Stepped(0, step)):
            optimizer = optimizers[turn.player]
            optimizer.param_groups[0]["lr"] = players[turn.player].rate * (1 - step / steps)
            optimizer.zero_grad()
            turn.loss().backward()
            optimizer.step()
        average.update_parameters(model)
    return average.module


SIGMA = torch.tensor([[1.0, 0.6], [0.6, 0.8]])


@pytest.mark.parametrize(
    ("returns", "steps", "rows", "rate", "close"),
    [
        (0.0, 400, 128, 2e-2, 0.15),
        pytest.param(0.0, 800, 256, 1e-2, 0.04, marks=pytest.mark.slow),
        pytest.param(1.0, 800, 256, 1e-2, 0.04, marks=pytest.mark.slow),
    ],
)
def test_on_a_gaussian_rows_and_codes_have_one_joint_law(returns, steps, rows, rate, close):
    """(x, E(x)) and (G(z), z) agree where A A' = Sigma and B = A^-1, which leaves A a turn to choose."""
    model, root = linear(reals(2), returns=returns, rate=rate), torch.linalg.cholesky(SIGMA)
    model = play(model, steps, lambda step: Stepped(1, step).normal((rows, 2), like=root) @ root.T)
    with torch.no_grad():
        at = torch.cat([torch.zeros(1, 2), torch.eye(2)])
        decoded, encoded = model.decode(at), model.encode(at)
    a, b = (decoded[1:] - decoded[0]).T, (encoded[1:] - encoded[0]).T
    assert torch.allclose(a @ a.T, SIGMA, atol=close)
    assert torch.allclose(b @ a, torch.eye(2), atol=close)
    assert torch.allclose(b @ SIGMA @ b.T, torch.eye(2), atol=close)
    assert torch.allclose(SIGMA @ b.T, a, atol=close)  # the covariance of a row and its code, both ways
    assert torch.cat([decoded[0], encoded[0]]).abs().max() < close


def test_batch_norms_are_counted_again_in_the_end():
    """On rows for the encoder, on codes for the generator; then a row's code does not hang on its company."""
    network, x = DCGAN(width=4), rows(Image(1, 16, 16, None), 40)
    model = made(Image(1, 16, 16, None), generator=network, encoder=network, critic=network)
    for turn in model.turns(x, rng=Stepped(0, 0)):
        turn.loss().backward()
    before = {name: each.clone() for name, each in model.both.named_buffers()}
    model.eval().conclude(x, rng=Keyed(0))
    moved = {name: each.clone() for name, each in model.both.named_buffers()}
    assert {name.split(".")[0] for name, each in moved.items() if not torch.equal(each, before[name])} == {
        "generator",
        "reader",
    }
    model.conclude(x, rng=Keyed(0))
    assert all(torch.equal(each, moved[name]) for name, each in model.both.named_buffers())
    assert torch.allclose(model.encode(x)[:3], model.encode(x[:3]), atol=1e-5)
    assert torch.allclose(model.sample(9, rng=Keyed(1))[:2], model.sample(2, rng=Keyed(1)), atol=1e-5)


def test_truncated_codes_are_the_middle_of_the_normal_law():
    model = linear(reals(2)).double()
    whole, half = (model.sample_truncated(4000, truncation=psi, rng=Keyed(3)) for psi in (1.0, 0.5))
    assert torch.equal(whole, model.sample(4000, rng=Keyed(3)))
    a = float(torch.distributions.Normal(0.0, 1.0).icdf(torch.tensor(0.75)))
    expected = 1 - 2 * a * np.exp(-(a**2) / 2) / np.sqrt(2 * np.pi) / 0.5
    shares = half.var(0) / whole.var(0)
    assert torch.allclose(shares, torch.full_like(shares, expected), rtol=0.06)


def test_as_a_person_fits_it(tmp_path):
    fitted = likely.fit(likely.read("moons").take(range(400)), BiGAN(latent=2, width=32), budget=10, certify=False)
    rows = likely.read("moons").take(range(50))
    codes = fitted.encode(rows)
    assert codes.shape == (50, 2)
    again = likely.load(fitted.save(tmp_path / "moons.likely"))
    assert np.array_equal(again.encode(rows), codes)
    assert np.array_equal(again.sample(9, truncation=0.5), fitted.sample(9, truncation=0.5))
    assert "codes" in fitted.card.measures


@pytest.mark.slow
def test_rows_decoded_from_their_codes_are_nearer_than_any_of_a_thousand_samples():
    digits = likely.read("digits")
    held = digits.take(range(0, len(digits), 10))
    kept = digits.take([place for place in range(len(digits)) if place % 10])
    fitted = likely.fit(kept, BiGAN(returns=10.0), budget=1000, certify=False)
    x = held.points()
    samples = fitted.sample_rows(1000).points()
    nearest = ((x[:, None] - samples[None]) ** 2).sum(-1).min(1)
    by_encoder, by_search = (
        ((x - decoded(fitted, codes).points()) ** 2).sum(-1)
        for codes in (fitted.encode(held), fitted.encode(held, search=likely.Search()))
    )
    assert by_search.mean() < by_encoder.mean()
    assert by_search.mean() < nearest.mean()
    assert by_encoder.mean() < nearest.mean()


@pytest.mark.parametrize("packing", [1, 3])
def test_the_critic_can_be_asked(packing):
    """A doctor does, of rows beside the codes that the encoder reads: a score for each whole pack."""
    model, x = made(reals(2), packing=packing).eval(), rows(reals(2), 20)
    scores = model.judge(x, rng=Keyed(0))
    assert scores.shape == (20 // packing,)
    assert torch.allclose(model.judge(x[:packing], rng=Keyed(0)), scores[:1], atol=1e-5)
