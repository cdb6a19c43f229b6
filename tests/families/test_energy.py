"""Energies: slopes against a mixture's, classes against Bayes, log Z against a sum over a grid; rows by themselves."""

import math

import numpy as np
import pytest
import torch

import likely
from likely.backbones import DCGAN
from likely.contracts import Classifies
from likely.errors import FieldError
from likely.families.energy import Energy, EnergyModel, JointEnergyModel
from likely.objectives import Contrastive, Persistent, ScoreMatching, energetic
from likely.objectives.landscape import Around, Within
from likely.rng import Keyed, Stepped
from likely.spaces import Category, Image, Real, Vector, label, reals
from likely.testing.case import descend

SMALL = {"width": 32, "moves": 40, "chains": 32, "temperatures": 60}
CENTRES, WIDTH = torch.tensor([-1.0, 1.0]), 0.5


def mixture(n, seed=0):
    """0.3 N(-1, 0.5^2) + 0.7 N(1, 0.5^2), with which of the two it was."""
    k = (Keyed(seed).uniform((n,), like=CENTRES) < 0.7).long()
    return (CENTRES[k] + WIDTH * Keyed(seed + 1).normal((n,), like=CENTRES))[:, None], k


def log_joint(x, width=WIDTH):
    """(B, 2): log p(x, k)."""
    return torch.tensor([0.3, 0.7]).log() - 0.5 * ((x - CENTRES) / width).square() - math.log(width) - 0.919


def made(space, condition=None, c=None, **fields):
    torch.manual_seed(0)
    model = Energy(**{**SMALL, "learning": Persistent(moves=4, chains=256), **fields}).build(space, condition)
    model.prepare(rows(space), c, rng=Keyed(0))
    return model


def rows(space, n=64):
    return Keyed(3).normal((n, *space.shape), like=CENTRES) * 0.4


def learned(model, steps, *, condition=False, rate=3e-3):
    for start in range(0, steps, 50):
        x, k = mixture(256, seed=10 * start)
        descend(model, x, k[:, None].float() if condition else None, 50, rate=rate)
    return model.eval()


def test_score_matching_finds_the_slopes_of_the_blurred_law():
    noise = 0.2
    model = made(reals(1), learning=ScoreMatching(noise=noise))
    model.prepare(mixture(2000)[0], rng=Keyed(0))
    learned(model, 800)
    s = noise * float(model.ground.spread)
    x = torch.linspace(-2, 2, 41)[:, None].requires_grad_()
    (wanted,) = torch.autograd.grad(log_joint(x, math.hypot(WIDTH, s)).logsumexp(1).sum(), x)
    (seen,) = torch.autograd.grad(model.log_density(x, None).sum(), x)
    p = log_joint(x).logsumexp(1, keepdim=True).exp().detach()
    off = (p * (seen - wanted).square()).sum() / (p * wanted.square()).sum()
    assert float(off) < 0.06


def test_chains_find_the_law_and_its_density():
    """log p within a few hundredths on average, for the number it gives is an estimate of a density that it learned."""
    model = made(reals(1), regularisation=0.01)
    model.prepare(mixture(2000)[0], rng=Keyed(0))
    adam = torch.optim.Adam(model.landscape.parameters(), 3e-3, betas=(0.0, 0.99))
    for step in range(400):
        (turn,) = model.turns(mixture(256, seed=10 * step)[0], rng=Stepped(0, step))
        adam.zero_grad()
        turn.loss().backward()
        adam.step()
        turn.after()
    x, _ = mixture(1000, seed=5)
    model.conclude(x, rng=Keyed(1))
    with torch.no_grad():
        told = model.log_prob_estimate(x, rng=Keyed(2)).value
        drawn = model.sample(2000, rng=Keyed(3))
    assert float((log_joint(x).logsumexp(1) - told).mean()) == pytest.approx(0.0, abs=0.08)
    assert float((drawn > 0).float().mean()) == pytest.approx(0.7, abs=0.1)


def test_given_a_class_it_is_a_classifier_that_agrees_with_bayes():
    x, k = mixture(2000)
    model = made(reals(1), label(2), k[:64, None].float())
    model.prepare(x, k[:, None].float(), rng=Keyed(0))
    learned(model, 400, condition=True)
    assert isinstance(model, JointEnergyModel)
    assert isinstance(model, Classifies)
    with torch.no_grad():
        told = model.log_posterior(x, torch.tensor([[0.0], [1.0]])).exp()
    assert float((told - log_joint(x).softmax(1)).abs().mean()) < 0.03
    assert torch.allclose(told.sum(1), torch.ones(len(told)), atol=1e-5)
    one = torch.full((500, 1), 0.0)
    with torch.no_grad():
        assert float((model.sample(500, one, rng=Keyed(0)) < 0).float().mean()) > 0.9


def grid(model, c=None):
    """log of the sum of r e^f over a line, which is log Z."""
    x = torch.linspace(-15, 15, 6001, dtype=torch.float64)[:, None]
    given = None if c is None else c.expand(len(x), -1)
    return float(torch.trapezoid(model.log_density(x, given).exp(), x[:, 0]).log())


@pytest.mark.parametrize("reference", [Around(), Within()], ids=["around", "within"])
def test_normalisers_of_classes_and_of_all_of_them(reference):
    model = made(reals(1), label(3), torch.zeros(64, 1), chains=200, reference=reference).double()
    with torch.no_grad():
        model.landscape.last.weight *= 8
    x, c = rows(reals(1)).double(), torch.arange(64).remainder(3)[:, None].double()
    with torch.no_grad():
        model.conclude(x, c, rng=Keyed(2))
        for k in (0.0, 1.0, 2.0, math.nan):
            told = model._log_z(1, torch.tensor([[k]]).double(), Keyed(0))
            assert abs(float(told.value) - grid(model, torch.tensor([[k]]).double())) < 4 * float(told.stderr) + 1e-3


def test_a_condition_that_is_no_class_has_a_normaliser_a_row():
    model = made(reals(1), reals(2), torch.zeros(64, 2), chains=512, temperatures=240).double()
    with torch.no_grad():
        model.landscape.last.weight *= 8
        c = torch.tensor([[0.5, -2.0], [3.0, 1.0], [math.nan, math.nan]]).double()
        told = model.log_prob_estimate(torch.zeros(3, 1).double(), c, rng=Keyed(1))
        alone = model.log_prob_estimate(torch.zeros(1, 1).double(), c[1:2], rng=Keyed(1, rows=1))
        for row in range(3):
            wanted = float(model.log_density(torch.zeros(1, 1).double(), c[row : row + 1])) - grid(model, c[row])
            assert abs(float(told.value[row]) - wanted) < 4 * float(told.stderr[row]) + 1e-3
    torch.testing.assert_close(alone.value, told.value[1:2])


@pytest.mark.parametrize("learning", [Persistent(moves=2, chains=32), Contrastive(moves=2), ScoreMatching()],
                         ids=["kept", "rows", "slopes"])  # fmt: skip
def test_what_is_saved_goes_on_as_it_would_have(learning):
    """The chains and their step are part of the state."""
    x, _ = mixture(64)
    one, two = (made(reals(1), learning=learning) for _ in range(2))
    for step in range(4):
        if step == 2:
            two.load_state_dict(one.state_dict())
        _round(one, x, step)
        if step >= 2:
            _round(two, x, step)
    for name, each in one.state_dict().items():
        assert torch.equal(each.nan_to_num(), two.state_dict()[name].nan_to_num()), name


def _round(model, x, step):
    (turn,) = model.turns(x, rng=Stepped(3, step))
    model.zero_grad()
    turn.loss().backward()
    with torch.no_grad():
        for p in model.parameters():
            p -= 0.01 * p.grad
    if turn.after is not None:
        turn.after()


def test_a_loss_asked_twice_is_the_same():
    model = made(reals(2))
    (turn,) = model.turns(rows(reals(2)), rng=Stepped(0, 0))
    assert float(turn.loss().detach()) == float(turn.loss().detach())


def test_the_classes_of_several_columns_are_their_pairs():
    given = Vector((Category(2), Category(3)))
    model = made(reals(2), given, torch.zeros(64, 2))
    assert isinstance(model, JointEnergyModel)
    assert model.landscape.last.out_features == 6
    some = torch.tensor([[math.nan, 1.0]]).expand(5, 2)
    with torch.no_grad():
        assert model.sample(5, some, rng=Keyed(0)).shape == (5, 2)
    assert isinstance(made(reals(2), Vector((Category(2), Real())), torch.zeros(64, 2)), EnergyModel)


def test_what_it_cannot_be_is_refused():
    with pytest.raises(FieldError, match="beside it"):
        Energy(network=DCGAN()).build(Image(1, 32, 32, None))
    with pytest.raises(FieldError, match="at least 2"):
        Energy(chains=1)
    with pytest.raises(FieldError, match="prices"):
        Energy(naming=-1.0)
    with pytest.raises(FieldError, match="above 0"):
        Around(width=0.0)


def test_a_short_training_draws_no_row_to_be_judged_and_is_the_same_again(monkeypatch):
    drawn, own = [], EnergyModel.sample
    monkeypatch.setattr(EnergyModel, "sample", lambda self, n, *a, **k: drawn.append(n) or own(self, n, *a, **k))
    data = np.random.default_rng(0).normal(size=(150, 2)).round(3)
    one, again = (likely.fit(data, Energy(), budget=4, certify=False) for _ in range(2))
    assert not drawn
    assert one.card.recipe["judged"] == 0
    assert one.card.measures["rule"].endswith("as judging would have taken longer than learning")
    assert one.card.measures["validation"]["mean"] is not None
    assert one.card.measures["validation"] == again.card.measures["validation"]
    assert all((a == b).all() for a, b in zip(one.model.state_dict().values(), again.model.state_dict().values()))


def test_heights_that_are_nearly_level_take_few_temperatures(monkeypatch):
    asked, own = [], EnergyModel._annealed

    def counted(self, c, n, chains, steps, ends, rng):
        asked.append(steps)
        return own(self, c, n, chains, steps, ends, rng)

    monkeypatch.setattr(EnergyModel, "_annealed", counted)
    model, x = made(reals(1)), mixture(64)[0]
    model.conclude(x, rng=Keyed(0))
    few, grid = SMALL["temperatures"] // 8, torch.linspace(-12, 12, 4001)[:, None]
    assert asked == [few]
    with torch.no_grad():
        exact = model.log_density(grid, None).double().logsumexp(0) + math.log(24 / 4000)
    assert float(model.normalisers.value) == pytest.approx(float(exact), abs=energetic.SURE)
    monkeypatch.setattr(energetic, "SURE", 0.0)
    model.conclude(x, rng=Keyed(0))
    assert asked == [few, few, SMALL["temperatures"]]
