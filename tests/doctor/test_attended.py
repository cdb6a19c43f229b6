"""Collapse is provoked and told while a VAE trains, kept on its card, and not told of one that is well."""

# pyright: reportAttributeAccessIssue=false

import pytest
import torch

import likely
from likely.backbones import MLP
from likely.contracts import Used
from likely.doctor import Checkup, attended
from likely.families.vae import VAE
from likely.spaces import reals
from likely.training import Budget, Candidate, Engine, Examples, Finished, Noticed, Planned, Validated, learn
from likely.variational import Hierarchical, MixturePrior

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
        yield Planned(recipe=type("Recipe", (), {"steps": 1000})())
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
