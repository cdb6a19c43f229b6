"""Bayesian networks: every joint state by brute force, planted trees, naive Bayes where there are no edges."""

import itertools
import math

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.sparse.csgraph import minimum_spanning_tree
from sklearn.metrics import mutual_info_score

import likely
from likely.contracts import Evidence
from likely.distributions.structure import ChowLiu, Given
from likely.errors import ConditionError, EmptyData, FieldError
from likely.families.bayes_net import BayesNet, BayesNetModel
from likely.families.naive_bayes import NaiveBayes
from likely.rng import Keyed
from likely.spaces import Category, Count, Image, Real, Vector, label, reals

NAN, INF = math.nan, math.inf
BITS = Vector((Category(2),) * 5)
MIXED = Vector((Real(atoms=(0.0,), missing=True), Category(3, missing=True), Count()))


def fitted(family: BayesNet, space, x, c=None, condition=None, weight=None, chunk: int = 10_000) -> BayesNetModel:
    model = family.build(space, condition)
    model.prepare(x, c, rng=Keyed(0))
    more = True
    while more:
        for rows in torch.arange(len(x)).split(chunk):
            model.observe(x[rows], None if c is None else c[rows], None if weight is None else weight[rows])
        more = model.finish()
    return model.eval()


def bits(n: int = 2000, seed: int = 0) -> torch.Tensor:
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 2, (n, 5))
    for child, parent in ((1, 0), (2, 0), (3, 2), (4, 2)):
        x[:, child] = np.where(rng.random(n) < 0.8, x[:, parent], 1 - x[:, parent])
    return torch.tensor(x).float()


def mixed(n: int = 1500, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    rng = np.random.default_rng(seed)
    c = rng.integers(0, 2, n)
    code = rng.integers(0, 3, n)
    x = np.stack([rng.normal(code * (1 - 2 * c), 0.7), code, rng.poisson(1 + 4 * (code == 1))], 1)
    x[rng.random(n) < 0.2, 0] = 0
    x[rng.random(n) < 0.1, 0] = NAN
    x[rng.random(n) < 0.1, 1] = NAN
    return torch.tensor(x).float(), torch.tensor(c).float()[:, None]


EVERY = torch.tensor(list(itertools.product([0.0, 1.0], repeat=5)))
GRAPHS = [ChowLiu(), Given(edges=("0:1", "0:2", "1:3", "2:3", "3:4")), Given()]


@pytest.mark.parametrize("structure", GRAPHS, ids=["tree", "loops", "no edges"])
def test_every_joint_state_by_brute_force(structure) -> None:
    x = bits()
    model = fitted(BayesNet(structure=structure), BITS, x)
    p = model.log_prob(EVERY).exp()
    assert float(p.sum()) == pytest.approx(1.0, abs=1e-12)
    known = torch.tensor([True, False, True, False, False])
    for row in EVERY[::5]:
        agree = (row == EVERY)[:, known].all(1)
        found = model.log_evidence(row[None], Evidence(known[None]))
        assert float(found) == pytest.approx(float(p[agree].sum().log()), abs=1e-10)
        holes = torch.where(known, row, NAN)[None]  # a cell that is not asked is summed out
        assert float(model.log_prob(holes)) == pytest.approx(float(found), abs=1e-10)
    filled = model.complete(EVERY[9].expand(40_000, -1), Evidence(known.expand(40_000, -1)), rng=Keyed(3))
    agree = (EVERY[9] == EVERY)[:, known].all(1)
    seen = torch.stack([(filled == row).all(1).double().mean() for row in EVERY])
    assert float((seen - torch.where(agree, p, 0.0) / p[agree].sum()).abs().max()) < 0.012


def test_the_tree_is_the_planted_one_and_its_likelihood_the_tree_s() -> None:
    x = bits(5000)
    model = fitted(BayesNet(smoothing=0.0, strength=0.0), BITS, x)
    assert {frozenset((e.parent, e.child)) for e in model.graphs()[0]} == {
        frozenset(pair) for pair in ((0, 1), (0, 2), (2, 3), (2, 4))
    }
    want = torch.zeros(32, dtype=torch.float64)
    for at, row in enumerate(EVERY):  # p(0) p(1|0) p(2|0) p(3|2) p(4|2) by frequencies
        for child, parent in ((0, 0), (1, 0), (2, 0), (3, 2), (4, 2)):
            given = x[x[:, parent] == row[parent]] if child != parent else x
            want[at] += math.log(float((given[:, child] == row[child]).double().mean()))
    torch.testing.assert_close(model.log_prob(EVERY), want)


def test_without_edges_it_is_naive_bayes() -> None:
    rng = np.random.default_rng(0)
    c = torch.tensor(rng.integers(0, 3, 400)).float()[:, None]
    x = torch.tensor(rng.integers(0, 4, (400, 3))).float()
    space = Vector((Category(4), Category(4), Category(5, missing=True)))
    ours = fitted(BayesNet(structure=Given(), smoothing=0.7, strength=1.5), space, x, c, label(3))
    theirs = NaiveBayes(smoothing=0.7, strength=1.5).build(space, label(3))
    theirs.observe(x, c)
    torch.testing.assert_close(ours.log_joint(x), theirs.log_joint(x))
    torch.testing.assert_close(ours.log_prior(), theirs.log_prior())
    torch.testing.assert_close(ours.log_prob(x, c), theirs.log_prob(x, c))


@pytest.mark.parametrize("said", [None, 0.0, NAN])
def test_mixed_cells_add_up_to_one(said) -> None:
    x, c = mixed()
    model = fitted(BayesNet(bins=6), MIXED, x, c, label(2))
    step = 0.02
    values = [*(torch.arange(-1000, 1000) * step + step / 2).tolist(), 0.0, NAN]
    rows = torch.tensor(list(itertools.product(values, [0.0, 1.0, 2.0, NAN], [*range(60)])))
    given = None if said is None else torch.full((len(rows), 1), said)
    mass = model.log_prob(rows, given).exp()
    densities = ~(rows[:, 0].isnan() | (rows[:, 0] == 0))
    assert float((mass * torch.where(densities, step, 1.0)).sum()) == pytest.approx(1.0, abs=3e-3)


def test_evidence_with_intervals_is_the_share_of_samples() -> None:
    x, c = mixed()
    model, n = fitted(BayesNet(bins=6), MIXED, x, c, label(2)), 60_000
    draws = model.sample(n, torch.ones(n, 1), rng=Keyed(1))
    low = torch.tensor([[-1.0, -INF, 2.0]], dtype=torch.float64)
    high = torch.tensor([[0.5, INF, 7.0]], dtype=torch.float64)
    known = torch.tensor([[False, True, False]])
    row = torch.tensor([[NAN, 1.0, NAN]])
    found = model.log_evidence(row, Evidence(known, low, high), torch.ones(1, 1)).exp()
    inside = (draws[:, 1] == 1) & (draws >= low)[:, [0, 2]].all(1) & (draws <= high)[:, [0, 2]].all(1)
    assert float(found) == pytest.approx(float(inside.double().mean()), abs=0.006)
    filled = model.complete(row.expand(n, -1), Evidence(*(part.expand(n, -1) for part in (known, low, high))),
                            torch.ones(n, 1), rng=Keyed(2))  # fmt: skip
    assert ((filled >= low)[:, [0, 2]] & (filled <= high)[:, [0, 2]]).all()
    for d in (0, 2):
        assert float(filled[:, d].mean()) == pytest.approx(float(draws[inside, d].mean()), abs=0.06)


def test_a_tree_for_each_class() -> None:
    x = torch.cat([bits(3000), bits(3000, seed=1).roll(1, 1)])
    c = (torch.arange(6000) >= 3000).float()[:, None]
    own = fitted(BayesNet(structure=ChowLiu(shared=False)), BITS, x, c, label(2))
    one = fitted(BayesNet(), BITS, x, c, label(2))
    assert len(own.graphs()) == 2
    assert len(one.graphs()) == 1
    assert own.log_prob(x, c).mean() > one.log_prob(x, c).mean()
    for model in (own, one):
        both = torch.logsumexp(model.log_joint(EVERY) + model.log_prior(), 1)
        torch.testing.assert_close(model.log_prob(EVERY), both)
        assert float(both.exp().sum()) == pytest.approx(1.0)
        drawn = model.sample(20_000, torch.ones(20_000, 1), rng=Keyed(0))
        seen = torch.stack([(drawn == row).all(1).double().mean() for row in EVERY])
        assert float((seen - model.log_joint(EVERY)[:, 1].exp()).abs().max()) < 0.012


def test_numbers_that_depend_on_each_other_are_seen_to() -> None:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((4000, 3))
    x[:, 2] = x[:, 0] ** 2 + 0.3 * x[:, 2]
    x = torch.tensor(x)
    model = fitted(BayesNet(), reals(3), x[:3000])
    apart = fitted(BayesNet(structure=Given()), reals(3), x[:3000])
    assert {frozenset((e.parent, e.child)) for e in model.graphs()[0]} == {frozenset((0, 2))}
    assert float((model.log_prob(x[3000:]) - apart.log_prob(x[3000:])).mean()) > 0.4


def test_weights_are_repeated_rows() -> None:
    x, c = mixed(300)
    weight = 1.0 + (torch.arange(300) % 3 == 0)
    family = BayesNet(bins=4)
    weighted = family.build(MIXED, label(2))
    repeated = family.build(MIXED, label(2))
    again = torch.repeat_interleave(torch.arange(300), weight.long())
    for _ in range(2):
        weighted.observe(x, c, weight)
        repeated.observe(x[again], c[again])
        assert weighted.finish() == repeated.finish()
    torch.testing.assert_close(weighted.log_prob(x, c), repeated.log_prob(x, c))


def test_more_rows_can_be_counted_once_the_tree_is_known() -> None:
    frame = pd.DataFrame(bits(600).int().numpy(), columns=list("abcde")).astype(str)
    model = likely.fit(frame.head(300), BayesNet())
    more = model.observed(frame.tail(300))
    assert more.score(frame.tail(300)).mean > model.score(frame.tail(300)).mean


def test_pictures_and_their_levels() -> None:
    rng = np.random.default_rng(0)
    level = rng.integers(0, 200, (5000, 1, 1, 1))
    x = torch.tensor(np.clip(level + rng.integers(0, 30, (5000, 1, 3, 3)), 0, 255)).float()
    model = fitted(BayesNet(), Image(1, 3, 3), x)
    assert len(model.graphs()[0]) == 8
    drawn = model.sample(500, rng=Keyed(0))
    assert drawn.shape == (500, 1, 3, 3)
    assert np.corrcoef(drawn[:, 0, 0, 0], drawn[:, 0, 2, 2])[0, 1] > 0.85


def test_refusals_say_what_can_be_done() -> None:
    with pytest.raises(ConditionError, match="classes only"):
        BayesNet().build(BITS, reals(2))
    with pytest.raises(FieldError, match="Given"):
        BayesNet().build(Vector((Category(2),) * 4000))
    with pytest.raises(FieldError, match="bins"):
        BayesNet(bins=1)
    with pytest.raises(EmptyData, match="known class"):
        BayesNet().build(BITS, label(2)).finish()


def test_a_binary_benchmark_by_other_means(real_data) -> None:
    """The tree by scipy, from scikit-learn's mutual information; its likelihood by conditional frequencies."""
    train, test = (
        np.loadtxt(real_data / f"tables/binary/nltcs.{part}.data.gz", delimiter=",", dtype=int)
        for part in ("train", "test")
    )
    width = train.shape[1]
    told = np.array([[mutual_info_score(train[:, a], train[:, b]) for a in range(width)] for b in range(width)])
    edges = np.argwhere(minimum_spanning_tree(-told).toarray() < 0)
    share = lambda x, *on: np.unique(x[:, on], axis=0, return_counts=True)[1] / len(x)  # noqa: E731
    entropy = sum(-(p * np.log(p)).sum() for p in (share(train, d) for d in range(width)))
    model = fitted(BayesNet(smoothing=0.0, strength=0.0), Vector((Category(2),) * width), torch.tensor(train).float())
    gained = sum(told[a, b] for a, b in edges)
    assert float(model.log_prob(torch.tensor(train).float()).mean()) == pytest.approx(gained - entropy, abs=1e-9)
    scored = fitted(BayesNet(), Vector((Category(2),) * width), torch.tensor(train).float())
    assert float(scored.log_prob(torch.tensor(test).float()).mean()) == pytest.approx(-6.76, abs=0.005)
