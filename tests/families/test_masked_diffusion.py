"""Masked diffusion: what its bound is of, completion, steps, and that it learns what there is to learn."""

from itertools import permutations, product

import pytest
import torch

from likely.backbones.bidirectional import Bidirectional
from likely.backbones.mlp import MLP
from likely.contracts import AnyOrder, Evidence, Sharpness
from likely.diffusion.hiding import Cosine
from likely.diffusion.revealing import Surest
from likely.errors import CannotAnswer, FieldError
from likely.families.masked_diffusion import MaskedDiffusion
from likely.rng import Keyed, Stepped
from likely.spaces import Category, Count, Image, Real, Tokens, Vector, label
from likely.testing.case import descend, example_rows

TABLE = Vector((Real(), Real(atoms=(0.0,), missing=True), Count(missing=True), Category(3)))
SMALL = Vector((Category(2), Category(3, missing=True), Category(2)))
ROWS = torch.tensor([*product((0.0, 1.0), (0.0, 1.0, 2.0, torch.nan), (0.0, 1.0))], dtype=torch.float64)
LAYERS, AROUND = MLP(width=16, depth=2), Bidirectional(width=16, layers=1, heads=2)


def made(space, condition=None, **fields):
    torch.manual_seed(0)
    model = MaskedDiffusion(**{"network": LAYERS, **fields}).build(space, condition).double().eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
    return model


def elbos(model, x, times, c=None):
    rows, c = x.repeat(times, 1), None if c is None else c.repeat(times, 1)
    with torch.no_grad():
        return model.elbo(rows, c, rng=Keyed(0)).value.view(times, -1)


@pytest.mark.parametrize("hiding", [{}, {"hiding": Cosine()}], ids=["linear", "cosine"])
def test_the_bound_is_below_the_law_of_its_samples(hiding):
    """Rows are few: the bound's mean, the mixture of all orders, and how often each row is drawn."""
    model, every = made(SMALL, **hiding), torch.ones_like(ROWS, dtype=torch.bool)
    told = elbos(model, ROWS, 1500)
    error = told.std(0) / 1500**0.5
    with torch.no_grad():
        several = []
        for order in permutations(range(3)):  # by evidence that grows: log p of more and more cells
            known, total = torch.zeros_like(every), torch.zeros(len(ROWS), dtype=torch.float64)
            for d in order:
                cells = model.conjecture.ask(ROWS, known.clone(), None).log_prob(ROWS)
                total, known[:, d] = total + cells[:, d], True
            several.append(total)
        several = torch.stack(several)
    assert ((told.mean(0) - several.mean(0)).abs() < 5 * error + 1e-9).all()
    masses = several.exp().mean(0)
    torch.testing.assert_close(masses.sum(), torch.ones((), dtype=torch.float64))
    drawn = model.sample(6000, rng=Keyed(1))
    seen = (drawn.nan_to_num(-1.0)[:, None] == ROWS.nan_to_num(-1.0)).all(2).double().mean(0)
    assert ((seen - masses).abs() < 5 * (masses / 6000).sqrt() + 1e-3).all()


def test_evidence_is_a_law_in_its_order_and_completion_follows_it():
    model = made(SMALL)
    assert isinstance(model, AnyOrder)
    known = torch.tensor([True, False, True]).expand(len(ROWS), -1)
    with torch.no_grad():
        some = model.log_evidence(ROWS, Evidence(known)).exp()
        whole = model.log_evidence(ROWS, Evidence(torch.ones_like(known))).exp()
    torch.testing.assert_close(whole.sum(), torch.ones((), dtype=torch.float64))
    torch.testing.assert_close(some[::1].sum(), torch.full((), 4.0, dtype=torch.float64))  # each for four rows
    x = ROWS[2:3].expand(4000, -1)
    filled = model.complete(x, Evidence(known[:1].expand(4000, -1)), rng=Keyed(0))
    assert torch.equal(filled[:, [0, 2]], x[:, [0, 2]])
    assert not filled.isnan().any()
    with torch.no_grad():
        codes = torch.tensor([[0.0, code, 0.0] for code in range(3)], dtype=torch.float64)
        p = model.conjecture.ask(codes, known[:3], None).log_prob(codes)[:, 1].softmax(0)
    seen = torch.stack([(filled[:, 1] == code).double().mean() for code in range(3)])
    assert ((seen - p).abs() < 5 * (p / 4000).sqrt()).all()
    told = model.disagreement(ROWS, orders=6, rng=Keyed(0))
    assert told.shape == (len(ROWS),)
    assert (told > 0).any()


def test_a_cell_that_is_left_out_is_integrated_out():
    """Where no cell can be missing a NaN is one that is not asked."""
    space = Vector((Category(2), Category(2)))
    model = made(space, draws=2)
    x = torch.tensor([[1.0, torch.nan], [0.0, torch.nan]], dtype=torch.float64)
    with torch.no_grad():
        told = model.elbo(x, rng=Keyed(0)).value.exp()
    torch.testing.assert_close(told.sum(), torch.ones((), dtype=torch.float64))


def test_intervals_are_refused():
    model, x = made(SMALL), ROWS[:2]
    with pytest.raises(CannotAnswer, match="intervals"):
        model.log_evidence(x, Evidence(torch.ones_like(x, dtype=torch.bool), low=torch.zeros_like(x)))


def test_it_learns_a_table_in_which_columns_agree():
    torch.manual_seed(0)
    code = Keyed(0).integers(3, (256,), like=torch.empty(0)).float()
    x = torch.stack([code, 10 * code, torch.where(code == 1, torch.nan, code - 1)], 1)
    model = MaskedDiffusion(network=MLP(width=32, depth=2)).build(
        Vector((Category(3), Count(), Real(atoms=(-1.0, 1.0), missing=True)))
    )
    model.prepare(x, rng=Keyed(1))
    descend(model, x, None, 300, rate=5e-3)
    model.eval()
    assert elbos(model, x, 1).mean() > -1.2  # log 3 = 1.0986
    drawn = model.sample(200, rng=Keyed(2))
    right = torch.where(drawn[:, 0] == 1, torch.nan, drawn[:, 0] - 1)
    agree = (drawn[:, 1] == 10 * drawn[:, 0]) & ((drawn[:, 2] == right) | (drawn[:, 2].isnan() & right.isnan()))
    assert agree.double().mean() > 0.9


def test_it_learns_an_alternation_and_where_texts_end():
    torch.manual_seed(0)
    x = torch.tensor([[0, 1, 0, 1, -1, -1], [1, 0, 1, 0, -1, -1]]).repeat(16, 1)
    model = MaskedDiffusion(network=Bidirectional(width=16, layers=2, heads=2)).build(Tokens(2, 6))
    descend(model, x, None, 300, rate=5e-3)
    model.eval()
    assert elbos(model, x, 4).mean() > -1.0  # one bit: 0.693
    drawn = model.sample(40, rng=Keyed(0)).tolist()
    assert sum(row in x[:2].tolist() for row in drawn) > 30
    gap = torch.tensor([[0, -1, -1, 1, -1, -1]])
    known = torch.tensor([[True, False, False, True, True, True]])
    filled = model.complete(gap, Evidence(known), rng=Keyed(0))
    assert filled[:, [0, 3, 4, 5]].tolist() == [[0, 1, -1, -1]]
    assert filled.tolist()[0] == x[0].tolist()


def test_fewer_looks_draw_rows_too():
    for fields in ({"steps": 2}, {"steps": 2, "hiding": Cosine()}, {"reveal": Surest()}):
        drawn = made(TABLE, **fields).sample(20, rng=Keyed(0))
        assert drawn.shape == (20, 4)
        assert set(drawn[:, 3].tolist()) <= {0.0, 1.0, 2.0}


def test_cold_draws_are_the_likeliest():
    model = made(Image(1, 2, 3, 3), network=AROUND)
    cold = model.sample_sharpened(8, sharpness=Sharpness(top_k=1), rng=Keyed(0))
    plain = model.sample(8, rng=Keyed(0))
    assert len({tuple(row) for row in cold.flatten(1).tolist()}) <= len(
        {tuple(row) for row in plain.flatten(1).tolist()}
    )


@pytest.mark.parametrize("condition", [label(3), TABLE, Tokens(4, 5)], ids=repr)
@pytest.mark.parametrize(
    ("space", "network"), [(Tokens(4, 5), AROUND), (Image(1, 2, 3, 3), LAYERS), (TABLE, LAYERS), (TABLE, AROUND)]
)
def test_every_space_and_condition(space, network, condition):
    torch.manual_seed(0)
    model = MaskedDiffusion(network=network).build(space, condition)
    x, c = example_rows(space, 16, Keyed(0)), example_rows(condition, 16, Keyed(1))
    model.prepare(x, c, rng=Keyed(2))
    descend(model, x, c, 2)
    (turn,) = model.turns(x, c, rng=Stepped(0, 0))
    turn.loss().backward()
    assert all(p.grad is not None and torch.isfinite(p.grad).all() for p in model.parameters())
    model.eval()
    with torch.no_grad():
        assert torch.isfinite(model.elbo(x, c, rng=Keyed(0)).value).all()
    assert model.sample(16, c, rng=Keyed(0)).shape == (16, *space.shape)


def test_an_image_may_be_any_size_of_levels():
    model = made(Image(1, 2, 2, 256), network=AROUND)
    x = example_rows(Image(1, 2, 2, 256), 5, Keyed(0)).double()
    with torch.no_grad():
        assert torch.isfinite(model.elbo(x, rng=Keyed(0)).value).all()


@pytest.mark.parametrize("fields", [{"draws": 0}, {"steps": 0}, {"rate": 0.0}, {"decay": -1.0}, {"bins": 1}])
def test_what_cannot_be_is_refused(fields):
    with pytest.raises(FieldError, match="MaskedDiffusion"):
        MaskedDiffusion(**fields)
