"""Collapse is provoked and told while a VAE trains, kept on its card, and not told of one that is well."""

# pyright: reportAttributeAccessIssue=false

from typing import final

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn
from torch.nn.functional import softplus

import likely
from likely.backbones import MLP
from likely.codecs import Lift, codec_for
from likely.contracts import Judges, Lifted, Player, Trained, Turn, Used
from likely.data import read
from likely.doctor import Checkup, Patient, Record, attended, readings_of
from likely.families.vae import VAE
from likely.spaces import reals
from likely.training import Budget, Candidate, Engine, Examples, Finished, Noticed, Planned, Stepped, Validated, learn
from likely.variational import Hierarchical, MixturePrior
from tests.doctor.patients import patient_of, ring

PLAIN = Engine(threads=1, probe=False)
NARROW = MLP(width=32, depth=1)


def fitted(**fields):
    heard = []
    family = VAE(network=NARROW, rate=5e-3, **fields)
    model = likely.fit("iris", family, budget=600, engine=PLAIN, certify=False, listeners=[heard.append])
    return model, [
        (at, each) for at, each in enumerate(heard) if isinstance(each, Noticed) and "collapsed" in each.what
    ]


@pytest.mark.parametrize("free", [0.0, 0.05], ids=["nothing free", "some free"])
def test_a_price_too_high_is_told_once_while_it_trains_and_kept(free, tmp_path):
    model, told = fitted(beta=50.0, free=free, latent=4)
    ((at, notice),) = told
    assert "4 of 4 latents are unused" in notice.what
    assert "beta of at most 1" in notice.what
    assert notice.seconds > 0
    assert at < 60  # well before the end
    assert [finding for finding in model.card.findings if finding.startswith("collapsed posterior")]
    model.save(tmp_path / "run")
    assert likely.load(tmp_path / "run").card.findings == model.card.findings


@pytest.mark.parametrize(
    "fields",
    [{}, {"free": 0.0}, {"latent": 2}, {"draws": 4}, {"prior": MixturePrior(components=4)}, {"prior": Hierarchical()}],
    ids=["default", "nothing free", "two", "weighted", "mixture", "hierarchical"],
)
def test_no_alarm_where_the_code_is_of_use(fields):
    model, told = fitted(**fields)
    assert not told
    assert not model.card.findings
    assert sum(model.card.measures["latents"]["rates"]) > 0.5


def test_what_passes_is_noticed_and_not_kept():
    """Two looks in a row see it, the kept weights do not have it."""
    model = VAE(latent=2, network=NARROW).build(reals(2))
    checkup = Checkup(model, Examples(torch.randn(20, 2)))
    state = {"sick": True}
    rate = lambda: torch.full((3, 2), 0.0 if state["sick"] else 1.0)  # noqa: E731
    model.used = lambda x, c=None, *, rng: Used(rate(), rate(), rate())
    kept = Candidate(step=900, averaged=False, value=0.0, weights={})

    def events():
        yield Planned(recipe=type("Recipe", (), {"steps": 1000, "compile": False})())
        for step in (100, 150, 200, 300, 400):
            yield Validated(step=step, value=0.0, average=0.0, unit="nats", best=0.0, best_step=step)
        state["sick"] = False
        yield Finished(step=1000, final=kept, kept=kept)

    told = list(attended(events(), checkup))
    assert [type(event).__name__ for event in told] == [
        "Planned", "Validated", "Validated", "Validated", "Validated", "Noticed", "Validated", "Finished",
    ]  # fmt: skip
    assert checkup.findings == ()


def test_a_look_changes_nothing():
    torch.manual_seed(0)
    x = torch.randn(200, 3)
    ends = []
    for watched in (False, True):
        torch.manual_seed(1)
        model = VAE(latent=2, network=NARROW, beta=50.0).build(reals(3))
        events = learn(model, Examples(x[:150]), budget=Budget(steps=250), validation=Examples(x[150:]), engine=PLAIN)
        last = list(attended(events, Checkup(model, Examples(x[150:]))) if watched else events)[-1]
        assert isinstance(last, Finished)
        ends.append(last.final.weights)
    assert all(torch.equal(weight, ends[1][name]) for name, weight in ends[0].items())


def test_a_listener_that_fails_closes_the_training():
    closed = []

    def events():
        try:
            yield Noticed(what="a")
            yield Noticed(what="b")
        finally:
            closed.append(True)

    watched = attended(events(), Checkup(VAE().build(reals(1)), Examples(torch.zeros(2, 1))))
    next(watched)
    watched.close()
    assert closed == [True]


# A game -----------------------------------------------------------------------------------------------------------


def watched(sick_until, *, seconds=1e4, score=lambda x: -x[:, 0]):
    """What is told of a game in 20 reports whose generator has one mode alone until some step."""
    now = {"step": 0}

    def draw(n, given, seed):
        return ring(n, seed, only=[0] if now["step"] < sick_until else None)

    patient = patient_of(ring(3000), draw, score=score)
    checkup = Checkup(patient.model, Examples(torch.zeros(9, 2)), patient=patient)
    kept = Candidate(step=2000, averaged=True, value=None, weights={})

    def events():
        yield Planned(recipe=type("Recipe", (), {"steps": 2000, "compile": False})())
        for step in range(100, 2001, 100):
            now["step"] = step
            losses = {"critic": 1.0, "generator": 1.0}
            yield Stepped(step=step, steps=2000, losses=losses, lengths=losses, rate=1.0, left=0.0,
                          seconds=seconds * step)  # fmt: skip
        yield Finished(step=2000, final=kept, kept=kept)

    return list(attended(events(), checkup)), checkup


def noticed(told):
    return [(at, each.what) for at, each in enumerate(told) if isinstance(each, Noticed)]


def test_collapse_is_told_as_it_goes_and_kept():
    told, checkup = watched(sick_until=10**6)
    ((at, what),) = noticed(told)
    assert what.startswith("missing modes: ")
    assert at == 6  # the second report after the first fifth
    assert [each.name for each in checkup.findings] == ["missing modes"]
    assert checkup.health.readings


def test_what_a_generator_learns_in_time_is_told_and_not_kept():
    told, checkup = watched(sick_until=1000)
    assert len(noticed(told)) == 1
    assert checkup.findings == ()
    healthy, checkup = watched(sick_until=0)
    assert not noticed(healthy)
    assert checkup.findings == ()


def test_looks_take_a_fiftieth_of_the_time_at_most():
    """After a first one, nothing more where that took too long already; the last one is always taken."""
    told, checkup = watched(sick_until=10**6, seconds=1e-6)
    ((at, _),) = noticed(told)
    assert at == len(told) - 2
    assert checkup.findings


def test_a_fault_in_looking_stops_no_training():
    def broken(x):
        raise ZeroDivisionError("of a critic")

    told, checkup = watched(sick_until=0, score=broken)
    assert isinstance(told[-1], Finished)
    assert "ended in ZeroDivisionError: of a critic" in checkup.health.left_out[0]


def test_reports_are_kept_though_nothing_is_looked_at():
    checkup = Checkup(
        VAE().build(reals(1)),
        Examples(torch.zeros(2, 1)),
        record=Record(steps=[1], losses=[{"vae": 0.0}], lengths=[{}]),
    )
    stepped = Stepped(step=2, steps=4, losses={"vae": 1.0}, rate=1.0, left=0.0)
    assert len(list(attended(iter([stepped]), checkup))) == 1
    assert checkup.record.steps == [1, 2]


@final
class Duel(Judges, Trained):
    """The first game, played by a critic that soon knows everything and a generator that starts far away."""

    def __init__(self, space, *, apart):
        super().__init__(space)
        self.critic = nn.Sequential(nn.Linear(1, 16), nn.Tanh(), nn.Linear(16, 1))
        self.generator = nn.Linear(1, 1)
        nn.init.constant_(self.generator.weight, 1.0)
        nn.init.constant_(self.generator.bias, apart)

    def sample(self, n, c=None, *, rng):
        return self.generator(rng.normal((n, 1), like=self.generator.weight))

    def judge(self, x, c=None, *, rng):
        return self.critic(x).squeeze(1)

    def players(self):
        rates = {"critic": 5e-2, "generator": 1e-6}
        return {name: Player(getattr(self, name), rate, anneal=False, averaged=True) for name, rate in rates.items()}

    def turns(self, x, c=None, *, rng):
        real = lambda: softplus(-self.judge(x, rng=rng)).mean()  # noqa: E731
        made = lambda tag: self.judge(self.sample(len(x), rng=rng.fork(tag)), rng=rng)  # noqa: E731
        yield Turn("critic", lambda: real() + softplus(made(0)).mean())
        yield Turn("generator", lambda: -softplus(made(1)).mean())


@pytest.mark.parametrize(("apart", "told"), [(9.0, True), (0.0, False)], ids=["far away", "already there"])
def test_a_critic_that_wins_leaves_the_generator_of_the_first_game_no_gradient(apart, told):
    """A real training, of real gradients: the planted fault is told while it trains, and its absence is not."""
    torch.manual_seed(0)
    rows = read(pd.DataFrame({"x": np.random.default_rng(0).normal(size=2000)}))
    codec = codec_for(rows)
    lift, x = Lift(codec.space, Lifted.CENTRED), codec.encode(rows).x
    model = Duel(codec.space, apart=apart)
    patient = Patient(model, codec, lift, rows.take(range(1700)), rows.take(range(1700, 2000)))
    checkup = Checkup(model, Examples(x[1700:]), patient=patient)
    events = learn(model, Examples(x[:1700]), budget=Budget(steps=600), engine=PLAIN, batch=64)
    list(attended(events, checkup))
    vanishing = [each for each in checkup.findings if each.name == "vanishing gradients"]
    assert bool(vanishing) == told
    if told:
        assert "those of the generator" in vanishing[0].seen
    else:
        assert not checkup.findings
        accuracy = checkup.health.readings[0]
        assert accuracy.low <= 0.5 <= accuracy.high


@pytest.mark.slow
def test_a_real_game_that_goes_well_is_left_in_peace(capsys):
    """The default GAN on a ring of eight: nothing is told of it at the end, and looking took little of its time."""
    heard = []
    model = likely.fit(ring(3000), likely.GAN(), budget=1500, engine=PLAIN, certify=False, listeners=[heard.append])
    noticed = [f"{each.seconds:.0f} s: {each.what}" for each in heard if isinstance(each, Noticed)]
    with capsys.disabled():
        print("", *(f"{each.name}: {each}" for each in readings_of(model.card)), "noticed:", *noticed, sep="\n")
    assert model.card.findings == ()
