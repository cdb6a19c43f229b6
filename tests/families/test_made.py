"""MADE: sums over all rows, draws against a plain loop, completion against enumeration, learning in any order."""

import itertools
import math
from dataclasses import replace

import pandas as pd
import pytest
import torch

import likely
from likely.backbones import MaskedMLP
from likely.contracts import AnyOrder, Evidence, Sharpness, log_mean_exp
from likely.distributions.columnwise import Dealt
from likely.errors import CannotAnswer, FieldError
from likely.families.made import MADE
from likely.rng import Keyed, Stepped
from likely.spaces import Category, Count, Image, Real, Tokens, Vector, label, reals
from likely.testing.case import example_rows

CONDITIONS = [None, label(3), Vector((Real(missing=True), Category(2))), Image(1, 4, 4, 4), Tokens(5, 3)]
MIXED = Vector((Real(atoms=(0.0,), missing=True), Count(), Category(3), Count(missing=True), Real()))
CHOICES = Vector((Category(2), Category(3), Category(2, missing=True)))
SMALL = MADE(width=24, depth=2, components=2, bins=6)


def made(space, condition=None, moved=0.3, **fields):
    torch.manual_seed(0)
    model = replace(SMALL, **fields).build(space, condition)
    model.prepare(example_rows(space, 200, Keyed(7)), rng=Keyed(0))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(moved * torch.randn_like(parameter))
    return model.double().eval()


def learned(model, x, steps, rate=3e-3):
    model.prepare(x, rng=Keyed(0))
    optimizer = torch.optim.Adam(model.parameters(), rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for step in range(steps):
        (turn,) = model.turns(x[torch.randint(len(x), (256,))], rng=Stepped(0, step))
        loss = turn.loss()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return model.eval()


def every_row():
    cells = itertools.product((0.0, 1.0), (0.0, 1.0, 2.0), (0.0, 1.0, math.nan))
    return torch.tensor(list(cells), dtype=torch.float64)


# The density ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fields", [{}, {"ensemble": 3}, {"any_order": False}, {"any_order": False, "ensemble": 2}], ids=str
)
def test_the_masses_of_all_rows_add_up_to_one(fields):
    model = made(CHOICES, **fields)
    assert model.log_prob(every_row()).logsumexp(0).item() == pytest.approx(0, abs=1e-7)


def test_all_binary_pictures_add_up_to_one():
    space = Image(1, 2, 3, 2)
    x = torch.tensor(list(itertools.product((0.0, 1.0), repeat=6))).view(-1, 1, 2, 3).double()
    for any_order in (True, False, None):
        assert made(space, any_order=any_order).log_prob(x).logsumexp(0).item() == pytest.approx(0, abs=1e-9)


def test_all_texts_add_up_to_one():
    x = torch.tensor(list(itertools.product((-1, 0, 1), repeat=3)))
    assert made(Tokens(2, 3)).log_prob(x).logsumexp(0).item() == pytest.approx(0, abs=1e-9)


def test_an_ensemble_is_the_mixture_of_its_orders():
    model, x = made(CHOICES, ensemble=3), every_row()
    cells = model.chain.columns.cells(x)
    each = torch.stack([model.chain(cells, None, order).sum(1) for order in model.mixed], 1)
    assert each.std(1).max() > 0.01
    assert torch.allclose(model.log_prob(x), log_mean_exp(each))
    assert model.mixed[0].tolist() == [0, 1, 2]


# Draws ---------------------------------------------------------------------------------------------------------------


def naively(model, n, c, rng, sharpness):
    """The same draws by the whole network at every step."""
    chain, columns = model.chain, model.chain.columns
    cells = torch.full((n, columns.columns), math.nan, dtype=torch.float64)
    which = rng.integers(len(model.mixed), (n,), like=cells)
    levels = rng.uniform((n, columns.columns, columns.noise), like=cells)
    says = torch.tensor(columns.says)
    for row in range(n):
        order, context = model.mixed[which[row]], chain.context(None if c is None else c[row : row + 1])
        known = torch.zeros(columns.columns, 1, dtype=torch.bool)
        for d in order.tolist():
            read, masked = columns.read(cells[row : row + 1]).t(), isinstance(chain.network, MaskedMLP)
            numbers = chain.network(read, context, order) if masked else chain.network(read, known, context)
            numbers, known[d] = numbers.t()[:, says == d], True
            noise = Dealt(levels[row : row + 1, d])
            cells[row, d] = columns.draw(d, numbers, rng=noise, sharpness=sharpness)[0]
    return columns.whole(cells, rng=rng.fork(2))


@pytest.mark.parametrize("sharpness", [Sharpness(), Sharpness(0.5, top_k=2)], ids=["plain", "sharp"])
@pytest.mark.parametrize("fields", [{}, {"ensemble": 2}, {"any_order": False}, {"depth": 1}], ids=str)
@pytest.mark.parametrize(
    "space", [MIXED, Image(1, 2, 3, 2), Image(1, 2, 2, 5), Tokens(3, 3)], ids=["mixed", "bits", "levels", "tokens"]
)
def test_draws_are_those_of_a_plain_loop(space, fields, sharpness):
    model = made(space, label(3), **fields)
    c = torch.tensor([[0.0], [1.0], [2.0], [math.nan]], dtype=torch.float64)
    with torch.no_grad():
        drawn = model.sample_sharpened(4, c, sharpness=sharpness, rng=Keyed(3))
        plain = naively(model, 4, c, Keyed(3), sharpness)
    assert torch.allclose(drawn.double(), plain.double(), equal_nan=True)


def test_draws_come_as_often_as_the_density_says():
    model, rows = made(CHOICES, ensemble=2), 20_000
    x = model.sample(rows, rng=Keyed(0))
    for row, p in zip(every_row(), model.log_prob(every_row()).exp()):
        same = ((x == row) | (torch.isnan(x) & torch.isnan(row))).all(1).double().mean()
        assert same == pytest.approx(p.item(), abs=0.015)


@pytest.mark.parametrize("condition", CONDITIONS, ids=str)
@pytest.mark.parametrize("any_order", [True, False])
def test_conditions_of_every_kind_move_the_density(condition, any_order):
    model = made(MIXED, condition, any_order=any_order)
    x = example_rows(MIXED, 8, Keyed(1)).double()
    c = None if condition is None else example_rows(condition, 8, Keyed(2))
    c = c.double() if c is not None and c.is_floating_point() else c
    told = model.log_prob(x, c)
    assert told.shape == (8,)
    assert condition is None or not torch.allclose(told, model.log_prob(x, c.flip(0)))
    assert model.sample(8, c, rng=Keyed(0)).shape == x.shape


# Any order -----------------------------------------------------------------------------------------------------------


def test_evidence_is_the_sum_over_what_is_not_known():
    model, x = made(CHOICES, ensemble=2), every_row()
    for known in itertools.product((False, True), repeat=3):
        asked = torch.tensor(known)
        order = torch.tensor(sorted(range(3), key=lambda d: not known[d]))
        told = model.log_evidence(x, Evidence(asked.expand(18, 3)))
        for row in (0, 7, 17):
            same = ((x == x[row]) | (torch.isnan(x) & torch.isnan(x[row])) | ~asked).all(1)
            orders = [
                order
                if e == 0
                else model.mixed[e][asked[model.mixed[e]].logical_not().to(torch.int8).argsort(stable=True)]
                for e in (0, 1)
            ]
            cells = model.chain.columns.cells(x[same])
            each = torch.stack([model.chain(cells, None, o).sum(1).logsumexp(0) for o in orders])
            assert told[row].item() == pytest.approx(log_mean_exp(each).item(), abs=1e-7)


def test_completion_draws_what_is_left_given_what_is_known_and_present():
    model, n = made(CHOICES), 20_000
    x = torch.tensor([[0.0, 2.0, 1.0]]).double().expand(n, 3)
    known = torch.tensor([False, True, False]).expand(n, 3)
    filled = model.complete(x, Evidence(known), rng=Keyed(0))
    order, cells = (
        torch.tensor([1, 0, 2]),
        torch.tensor([[a, 2.0, b] for a in (0.0, 1.0) for b in (0.0, 1.0, math.nan)]),
    )
    p = model.chain(cells.double(), None, order)
    assert (filled[:, 1] == 2).all()
    assert not torch.isnan(filled).any()
    for a in (0, 1):
        assert (filled[:, 0] == a).double().mean() == pytest.approx(p[3 * a, 0].exp().item(), abs=0.015)
        here = filled[filled[:, 0] == a]
        wanted = p[3 * a : 3 * a + 2, 2].softmax(0)[1].item()
        assert (here[:, 2] == 1).double().mean() == pytest.approx(wanted, abs=0.025)


def test_a_row_is_completed_alike_in_any_company():
    model, x = made(MIXED), example_rows(MIXED, 40, Keyed(1)).double()
    known = Keyed(2).uniform(x.shape, like=x) < 0.5
    whole = model.complete(x, Evidence(known), rng=Keyed(0))
    alone = model.complete(x[30:33], Evidence(known[30:33]), rng=Keyed(0, rows=30))
    assert torch.allclose(alone, whole[30:33], equal_nan=True)


def test_only_a_model_of_any_order_completes():
    assert isinstance(MADE().build(reals(2)), AnyOrder)
    assert not isinstance(MADE().build(Image(1, 4, 4, 2)), AnyOrder)
    assert not isinstance(MADE(any_order=False).build(reals(2)), AnyOrder)


def test_intervals_are_refused():
    model, x = made(MIXED), example_rows(MIXED, 2, Keyed(1)).double()
    evidence = Evidence(torch.zeros_like(x, dtype=torch.bool), low=torch.zeros_like(x))
    with pytest.raises(CannotAnswer, match="intervals"):
        model.log_evidence(x, evidence)
    with pytest.raises(CannotAnswer, match="intervals"):
        model.complete(x, evidence, rng=Keyed(0))


# Learning ------------------------------------------------------------------------------------------------------------


def test_it_learns_a_joint_law_in_any_order_and_orders_come_to_agree():
    torch.manual_seed(0)
    joint = torch.rand(3, 3, 3, dtype=torch.float64).pow(3)
    joint /= joint.sum()
    index = torch.multinomial(joint.flatten(), 20_000, replacement=True)
    x = torch.stack(torch.unravel_index(index, (3, 3, 3)), 1).double()
    model = MADE(width=64).build(Vector((Category(3),) * 3)).double()
    model.prepare(x, rng=Keyed(0))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
    before = model.disagreement(x[:500], orders=8, rng=Keyed(0)).mean()
    learned(model, x, 600)
    entropy = -(joint * joint.log()).sum()
    assert -model.log_prob(x).mean() < entropy + 0.06
    assert model.disagreement(x[:500], orders=8, rng=Keyed(0)).mean() < 0.5 * before
    known = torch.tensor([False, False, True])
    given = model.complete(torch.full((4000, 3), 1.0).double(), Evidence(known.expand(4000, 3)), rng=Keyed(1))
    wanted = joint[..., 1].sum(1) / joint[..., 1].sum()
    shares = torch.stack([(given[:, 0] == k).double().mean() for k in range(3)])
    assert torch.allclose(shares, wanted, atol=0.05)


def test_it_starts_from_the_columns_own_laws():
    x = example_rows(MIXED, 4000, Keyed(1))
    model = MADE(width=16).build(MIXED)
    model.prepare(x, rng=Keyed(0))
    drawn = model.sample(4000, rng=Keyed(2))
    for d in (1, 2):
        assert drawn[:, d].mean() == pytest.approx(x[:, d].mean().item(), rel=0.25)
    assert torch.isnan(drawn[:, 0]).double().mean() == pytest.approx(
        torch.isnan(x[:, 0]).double().mean().item(), abs=0.05
    )


def test_a_batch_of_fewer_rows_than_columns_is_learned_from():
    model = MADE(width=8).build(reals(5))
    (turn,) = model.turns(torch.zeros(3, 5), rng=Stepped(0, 0))
    assert torch.isfinite(turn.loss())


def test_what_cannot_be_is_refused():
    for fields in ({"width": 0}, {"own": 1.5}, {"ensemble": 0}, {"bins": 1}, {"components": 0}, {"depth": -1}):
        with pytest.raises(FieldError, match=next(iter(fields))):
            MADE(**fields)
    with pytest.raises(FieldError, match="decay"):
        MADE(decay=-1.0)


def test_a_person_is_told_that_completion_is_the_model_s_own_and_how_far_orders_disagree():
    level = Keyed(0).uniform((300,), like=torch.empty(0)).numpy()
    rows = pd.DataFrame({"a": level, "b": level * 2 + 0.1, "kind": ["x" if u < 0.5 else "y" for u in level]})
    model = likely.fit(rows, MADE(width=16), budget=40, certify=False)
    told = model.complete(rows.head(20).assign(b=float("nan")))
    assert told.way == "model-exact"
    assert told.disagreement is not None
    assert told.disagreement > 0
    assert told.rows["b"].notna().all()
