"""Circuits: masses, marginals, conditionals and maxima against sums over whole spaces; mixtures found again."""

import itertools
import math

import pytest
import torch
from torch import Tensor

from likely.contracts import Evidence
from likely.distributions.hidden_tree import Trees
from likely.distributions.hierarchy import HiddenTree, Shallow
from likely.errors import FieldError
from likely.families.circuit import Circuit, CircuitModel
from likely.rng import Keyed, Stepped
from likely.spaces import Category, Count, Image, Real, Tokens, Vector, absent, label, reals
from likely.testing.case import descend, example_rows

NAN, INF = math.nan, math.inf
CHOICES = Vector((Category(2), Category(3, missing=True), Category(2), Category(4)))
MIXED = Vector((Real(atoms=(0.0,), missing=True), Count(), Category(3, missing=True), Real()))
HIERARCHIES = [HiddenTree(hidden=4), HiddenTree(hidden=3, trees=2), Shallow(components=5)]
named = pytest.mark.parametrize("hierarchy", HIERARCHIES, ids=["tree", "trees", "shallow"])


def model_of(hierarchy, space, condition=None, *, rows: int = 300, steps: int = 5, bins: int = 8) -> CircuitModel:
    """A model that has learned a little from example rows."""
    model = Circuit(hierarchy=hierarchy, bins=bins).build(space, condition)
    x = example_rows(space, rows, Keyed(0))
    c = None if condition is None else example_rows(condition, rows, Keyed(1))
    model.prepare(x, c, rng=Keyed(2))
    descend(model, x, c, steps, rate=0.1)
    return model.eval().double().requires_grad_(False)


def everything(space: Vector) -> Tensor:
    """All rows of a space of categories."""
    codes = [[*range(column.k), *[NAN] * column.missing] for column in space.columns if isinstance(column, Category)]
    return torch.tensor([*itertools.product(*codes)], dtype=torch.float64)


def same(a: Tensor, b: Tensor) -> Tensor:
    return ((a == b) | (a.isnan() & b.isnan())).all(-1)


def test_trees_that_learn_apart_are_learned_as_if_alone() -> None:
    """Each tree's gradient is that of its own log p, and the whole is their even mixture."""
    x = example_rows(CHOICES, 50, Keyed(0)).double()
    model = Circuit(hierarchy=HiddenTree(hidden=3, trees=3), apart=True).build(CHOICES).double()
    model.prepare(x, rng=Keyed(2))
    each = torch.stack([*model._log_trees(model.bins.states(x), None)])[0] + math.log(3)
    torch.testing.assert_close(model.log_prob(x), each.logsumexp(0) - math.log(3))
    (turn,) = model.turns(x, rng=Stepped(0, 0))
    (found,) = torch.autograd.grad(turn.loss(), model.leaves.theta)
    wanted = [torch.autograd.grad(each[t].mean(), model.leaves.theta, retain_graph=True)[0][t] for t in range(3)]
    torch.testing.assert_close(found, -torch.stack(wanted) / 3)
    assert model.log_prob(everything(CHOICES)).exp().sum().item() == pytest.approx(1.0, abs=1e-9)


# Exactness -----------------------------------------------------------------------------------------------------------


@named
@pytest.mark.parametrize("condition", [None, label(3), Vector((Category(2), Real(missing=True)))])
def test_masses_sum_to_one_whatever_is_said_of_the_condition(hierarchy, condition) -> None:
    model, x = model_of(hierarchy, CHOICES, condition), everything(CHOICES)
    assert model.log_prob(x).exp().sum().item() == pytest.approx(1.0, abs=1e-9)
    if condition is None:
        return
    for c in (*example_rows(condition, 3, Keyed(5)).double(), absent(example_rows(condition, 1, Keyed(5)))[0].double()):
        assert model.log_prob(x, c.expand(len(x), -1)).exp().sum().item() == pytest.approx(1.0, abs=1e-9)


@named
def test_p_of_x_is_the_sum_over_the_classes(hierarchy) -> None:
    model, x = model_of(hierarchy, CHOICES, label(3)), everything(CHOICES)
    joint = model.log_prob(x, torch.full((len(x), 1), NAN)).exp()
    torch.testing.assert_close(model.log_prob(x).exp(), joint)
    each = torch.stack([model.log_prob(x, torch.full((len(x), 1), float(k))).exp() for k in range(3)])
    weights = torch.linalg.lstsq(each.T, joint[:, None]).solution[:, 0]
    assert (weights > 0).all()
    assert weights.sum().item() == pytest.approx(1.0, abs=1e-6)
    torch.testing.assert_close(weights @ each, joint)


@named
@pytest.mark.parametrize("known", [*itertools.product([True, False], repeat=4)])
def test_every_marginal_is_the_sum_over_what_is_free(hierarchy, known: tuple[bool, ...]) -> None:
    model, x = model_of(hierarchy, CHOICES), everything(CHOICES)
    p, told = model.log_prob(x).exp(), torch.tensor(known)
    found = model.log_evidence(x, Evidence(told.expand(len(x), -1))).exp()
    wanted = torch.stack([p[same(x[:, told], row)].sum() for row in x[:, told]])
    torch.testing.assert_close(found, wanted)


@named
@pytest.mark.parametrize("condition", [None, label(3)])
def test_completions_come_as_often_as_they_are_probable(hierarchy, condition) -> None:
    model, x, n = model_of(hierarchy, CHOICES, condition), everything(CHOICES), 20_000
    c = None if condition is None else torch.ones(n, 1, dtype=torch.float64)
    row = torch.tensor([1.0, 0.0, 0.0, 2.0], dtype=torch.float64)
    known = torch.tensor([True, False, False, True])
    drawn = model.complete(row.expand(n, -1), Evidence(known.expand(n, -1)), c, rng=Keyed(3))
    assert torch.equal(drawn[:, known], row[known].expand(n, -1))
    p = model.log_prob(x, None if c is None else c[: len(x)]).exp()
    agree = same(x[:, known], row[known]) & ~x.isnan().any(1)  # completed cells are present
    for other, mass in zip(x[agree], p[agree] / p[agree].sum()):
        assert float(same(drawn, other).double().mean()) == pytest.approx(float(mass), abs=0.02)


@named
def test_a_range_of_codes_has_the_mass_of_its_codes(hierarchy) -> None:
    model, x = model_of(hierarchy, CHOICES), everything(CHOICES)
    p = model.log_prob(x).exp()
    known = torch.zeros(1, 4, dtype=torch.bool)
    low, high = torch.full((1, 4), -INF), torch.full((1, 4), INF)
    low[0, 3], high[0, 3] = 1, 2
    found = model.log_evidence(x[:1], Evidence(known, low, high)).exp()
    assert float(found) == pytest.approx(float(p[(x[:, 3] >= 1) & (x[:, 3] <= 2)].sum()), abs=1e-9)
    low[0, 3] = high[0, 3] = 7
    assert float(model.log_evidence(x[:1], Evidence(known, low, high))) == -INF


@named
def test_boxes_of_mixed_columns_hold_as_many_draws_as_their_mass(hierarchy) -> None:
    model, n = model_of(hierarchy, MIXED), 20_000
    low, high = torch.tensor([[-0.5, 1.0, 1.0, -1.0]]), torch.tensor([[1.0, 3.0, 2.0, 0.7]])
    known = torch.zeros(1, 4, dtype=torch.bool)
    mass = float(model.log_evidence(torch.zeros(1, 4), Evidence(known, low, high)).exp())
    drawn = model.sample(n, rng=Keyed(4))
    inside = ((drawn >= low) & (drawn <= high)).all(1).double().mean()
    assert mass == pytest.approx(float(inside), abs=0.015)
    box = Evidence(known.expand(n, -1), low.expand(n, -1), high.expand(n, -1))
    filled = model.complete(torch.zeros(n, 4), box, rng=Keyed(5))
    assert ((filled >= low) & (filled <= high)).all()
    kept = drawn[((drawn >= low) & (drawn <= high)).all(1)]
    torch.testing.assert_close(filled.mean(0), kept.mean(0), atol=0.06, rtol=0)


@named
def test_the_likeliest_completion_is_the_largest_term(hierarchy) -> None:
    """Against all hidden and all free values, written out by fixing the hidden ones one at a time."""
    model, x = model_of(hierarchy, CHOICES), everything(CHOICES)
    known = torch.tensor([True, False, True, False])
    found = model.likeliest(x, Evidence(known.expand(len(x), -1)))
    assert torch.equal(found[:, known], x[:, known])
    laws, leaf = model.laws()
    place = model.leaves.places(model.bins.states(x))
    terms, first, roots = [], len(model.root), Trees(model.parent).roots()
    for t in range(first):
        nodes = (roots == t).nonzero()[:, 0].tolist()
        for chosen in itertools.product(range(model.root.shape[1]), repeat=len(nodes)):
            z = dict(zip(nodes, chosen))
            log = laws.root[t, z[t]].log()
            for v in nodes[1:]:
                log = log + laws.edge[v - first, z[int(model.parent[v])], z[v]].log()
            terms.append(log + sum(leaf[t, place[:, d], z[int(model.home[t, d])]] for d in range(4)))
    best = torch.stack(terms).amax(0)
    present = ~x[:, ~known].isnan().any(1)
    for row, answer in zip(x, found):
        rivals = best[same(x[:, known], row[known]) & present]
        assert float(best[same(x, answer)].max()) == pytest.approx(float(rivals.max()), abs=1e-9)


@named
def test_the_most_probable_number_lies_in_its_span(hierarchy) -> None:
    model = model_of(hierarchy, MIXED)
    low, high = torch.tensor([[-0.5, 1.0, 1.0, 0.3]]), torch.tensor([[1.0, 3.0, 2.0, 0.4]])
    found = model.likeliest(torch.zeros(1, 4), Evidence(torch.zeros(1, 4, dtype=torch.bool), low, high))
    assert ((found >= low) & (found <= high)).all()


# Learning ------------------------------------------------------------------------------------------------------------


def mixture(n: int, seed: int = 0) -> Tensor:
    """Three well separated products over eight bits."""
    rng, like = Keyed(seed), torch.zeros(0)
    p = torch.tensor([[0.9] * 4 + [0.1] * 4, [0.1] * 4 + [0.9] * 4, [0.9, 0.1] * 4])
    return (rng.uniform((n, 8), like=like) < p[rng.integers(3, (n,), like=like)]).float()


def likelihood(x: Tensor) -> float:
    p = torch.tensor([[0.9] * 4 + [0.1] * 4, [0.1] * 4 + [0.9] * 4, [0.9, 0.1] * 4]).double()
    terms = torch.stack([(x * row.log() + (1 - x) * (1 - row).log()).sum(1) for row in p])
    return float((terms.logsumexp(0) - math.log(3)).mean())


@named
def test_a_mixture_is_found_again(hierarchy) -> None:
    space, x, held_out = Vector((Category(2),) * 8), mixture(4000), mixture(4000, seed=1)
    model = Circuit(hierarchy=hierarchy).build(space)
    model.prepare(x, rng=Keyed(0))
    descend(model, x, None, 60, rate=0.1)
    assert model.log_prob(held_out).mean().item() > likelihood(held_out) - 0.03


def test_a_chain_is_followed_by_a_tree_and_not_by_a_few_components() -> None:
    rng, like, x = Keyed(0), torch.zeros(0), [torch.zeros(3000)]
    for _ in range(11):
        x.append(torch.where(rng.uniform((3000,), like=like) < 0.1, 1 - x[-1], x[-1]))
    rows, space = torch.stack(x, 1), Vector((Category(2),) * 12)
    reached = []
    for hierarchy in (HiddenTree(hidden=4), Shallow(components=4)):
        model = Circuit(hierarchy=hierarchy).build(space)
        model.prepare(rows, rng=Keyed(0))
        descend(model, rows, None, 60, rate=0.1)
        reached.append(model.log_prob(rows).mean().item())
    entropy = -11 * (0.1 * math.log(0.1) + 0.9 * math.log(0.9))
    assert reached[0] == pytest.approx(-entropy, abs=0.15)
    assert reached[1] < reached[0] - 0.3


def test_the_loss_is_the_score_but_for_where_numbers_lie_in_their_bins() -> None:
    model = model_of(HiddenTree(hidden=3), MIXED, label(3))
    x, c = example_rows(MIXED, 50, Keyed(8)).double(), example_rows(label(3), 50, Keyed(9)).double()
    state = model.bins.states(x)
    loss = next(model.turns(x, c, rng=Stepped(0, 0))).loss()
    assert float(-loss + model.bins.log_within(x, state).mean()) == pytest.approx(float(model.log_prob(x, c).mean()))


def test_a_cell_that_is_missing_for_no_reason_is_summed_out() -> None:
    model, x = model_of(HiddenTree(hidden=3), Vector((Category(2), Category(3)))), torch.tensor([[1.0, NAN]])
    wanted = sum(model.log_prob(torch.tensor([[1.0, float(k)]])).exp() for k in range(3))
    assert float(model.log_prob(x).exp()) == pytest.approx(float(wanted))


# Spaces --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("condition", [label(3), reals(2), Image(1, 2, 2, levels=4), Tokens(5, 3)])
def test_conditions_of_any_kind_are_columns(condition) -> None:
    model = model_of(HiddenTree(hidden=3), Vector((Category(3), Real())), condition)
    c = example_rows(condition, 6, Keyed(1))
    c = c.double() if c.is_floating_point() else c
    x = model.sample(6, c, rng=Keyed(0))
    assert torch.isfinite(model.log_prob(x, c)).all()
    torch.testing.assert_close(model.log_prob(x, absent(c)), model.log_prob(x))


def test_levels_are_codes_or_where_there_are_many_bins() -> None:
    few, many = Circuit().build(Image(1, 3, 3, levels=16)), Circuit(bins=16).build(Image(1, 3, 3, levels=256))
    assert few.bins.sizes.tolist() == many.bins.sizes.tolist() == [16] * 9
    x = example_rows(Image(1, 3, 3, levels=256), 200, Keyed(0))
    many.prepare(x, rng=Keyed(1))
    drawn = many.sample(100, rng=Keyed(2))
    assert torch.equal(drawn, drawn.round())
    assert drawn.min() >= 0
    assert drawn.max() <= 255


def test_a_large_picture_is_worked_off_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    model = model_of(HiddenTree(hidden=3), Image(1, 6, 6, levels=4), rows=60)
    x = example_rows(Image(1, 6, 6, levels=4), 60, Keyed(3)).double()
    whole, known = model.log_prob(x), Keyed(0).uniform(x.shape, like=x) < 0.5
    filled = model.complete(x, Evidence(known), rng=Keyed(1))
    monkeypatch.setattr("likely.families.circuit.BLOCK", 36 * 3 * 7)
    torch.testing.assert_close(model.log_prob(x), whole)
    torch.testing.assert_close(model.complete(x, Evidence(known), rng=Keyed(1)), filled)


@pytest.mark.parametrize("wrong", [{"bins": 1}, {"smoothing": 1.0}, {"rate": 0.0}])
def test_fields_out_of_range_are_refused(wrong: dict) -> None:
    with pytest.raises(FieldError, match="cannot be"):
        Circuit(**wrong)
