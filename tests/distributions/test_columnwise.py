"""Column by column: masses add up to one, single draws are those of the law, and what is read tells cells apart."""

import math

import pytest
import torch

from likely.contracts import Sharpness
from likely.distributions.columnwise import Dealt, columnwise
from likely.rng import Keyed
from likely.spaces import Category, Count, Image, Real, Tokens, Vector
from likely.testing.case import example_rows

MIXED = Vector((Real(), Count(), Real(atoms=(0.0,), missing=True), Category(3), Count(missing=True),
                Category(2, missing=True)))  # fmt: skip
SPACES = {"mixed": MIXED, "bits": Image(1, 2, 3, 2), "levels": Image(2, 2, 2, 5), "tokens": Tokens(4, 3),
          "picture": Image(1, 2, 2, None)}  # fmt: skip


def prepared(space, bins=6, rows=200):
    told = columnwise(space, components=2, bins=bins).double()
    told.prepare(example_rows(space, rows, Keyed(1)))
    return told


def numbers(told, rows=1):
    torch.manual_seed(0)
    return torch.randn(rows, len(told.says), dtype=torch.float64)


@pytest.mark.parametrize("space", SPACES.values(), ids=SPACES.keys())
def test_one_column_s_draws_are_those_of_all_columns_law(space):
    told, rows = prepared(space), 20_000
    said = numbers(told)
    for d in range(told.columns):
        own = said[:, torch.tensor(told.says) == d].expand(rows, -1)
        x = told.draw(d, own, rng=Dealt(Keyed(d).uniform((rows, told.noise), like=said)))
        for value in x[:6].unique():
            if isinstance(getattr(told, "kinds", [Category(2)] * told.columns)[d], Real) and value != 0.0:
                continue
            same = torch.isnan(x) if torch.isnan(value) else x == value
            alone = torch.full((1, told.columns), math.nan, dtype=torch.float64)
            alone[:, d] = value
            p = told.log_prob(alone, said)[0, d].exp()
            assert same.double().mean() == pytest.approx(p.item(), abs=0.015)


def test_a_count_s_masses_add_up_to_one_within_and_between_bins():
    told = prepared(MIXED)
    x = example_rows(MIXED, 1, Keyed(1)).double().expand(4000, -1).clone()
    for d in (1, 4):
        rows = x.clone()
        rows[:, d] = torch.arange(4000)
        p = (told.log_prob(told.cells(rows), numbers(told).expand(4000, -1)) + told.log_within(rows))[:, d].exp()
        gone = told.log_prob(torch.full((1, 6), math.nan).double(), numbers(told))[0, d].exp() if d == 4 else 0.0
        assert p.sum() + gone == pytest.approx(1, abs=1e-9)


def test_a_count_that_is_no_integer_is_impossible():
    told = prepared(MIXED)
    x = example_rows(MIXED, 2, Keyed(1)).double()
    x[0, 1] = 2.5
    assert torch.isinf(told.log_within(x)[0, 1])
    assert torch.isfinite(told.log_within(x)[1]).all()


def test_where_nothing_is_said_laws_are_those_of_the_columns():
    told, x = prepared(MIXED, bins=64, rows=4000), example_rows(MIXED, 4000, Keyed(1)).double()
    log_p = told.log_prob(told.cells(x), torch.zeros(1, len(told.says)).double().expand(4000, -1))
    for d in (3, 5):
        share = torch.isnan(x[:, d]) if d == 5 else x[:, d] == 1
        assert share.double().mean() == pytest.approx(log_p[share][0, d].exp().item(), abs=0.01)
    values, seen = x[:, 1].unique(return_counts=True)
    for value, count in zip(values, seen):
        here = (x[:, 1] == value).nonzero()[0, 0]
        assert log_p[here, 1].exp() == pytest.approx(count.item() / 4000, abs=0.02)


@pytest.mark.parametrize("space", SPACES.values(), ids=SPACES.keys())
def test_one_column_is_read_as_among_all_and_unknown_cells_are_nothing(space):
    told, x = prepared(space), example_rows(space, 40, Keyed(3))
    cells = told.cells(x)
    read = told.read(cells)
    assert read.shape == (40, len(told.reads))
    for d in range(told.columns):
        assert torch.equal(told.read_one(d, cells[:, d]), read[:, torch.tensor(told.reads) == d])
    kinds = getattr(told, "kinds", ())
    unknown = told.read(torch.full_like(cells[:1], math.nan))
    for d, kind in enumerate(kinds):
        assert unknown[0, torch.tensor(told.reads) == d].sum() == float(kind.missing)


@pytest.mark.parametrize("space", SPACES.values(), ids=SPACES.keys())
def test_cells_come_back_whole(space):
    told, x = prepared(space, bins=64), example_rows(space, 200, Keyed(1))
    back = told.whole(told.cells(x), rng=Keyed(0))
    assert torch.equal(back.double().nan_to_num(-5.0), x.double().nan_to_num(-5.0))


def test_counts_are_drawn_inside_their_bins():
    space = Vector((Count(),))
    told, x = columnwise(space, bins=4).double(), torch.arange(400.0)[:, None]
    told.prepare(x)
    back = told.whole(told.cells(x), rng=Keyed(0))
    assert torch.equal(told.cells(back), told.cells(x))
    assert (back - x).abs().max() > 20


def test_a_saved_law_is_the_same():
    told = prepared(MIXED)
    other = columnwise(MIXED, components=2, bins=6).double()
    other.load_state_dict(told.state_dict())
    x = example_rows(MIXED, 50, Keyed(4))
    for a, b in ((told.read(told.cells(x)), other.read(other.cells(x))), (told.log_within(x), other.log_within(x))):
        assert torch.equal(a, b)
    said = numbers(told, 50)
    assert torch.equal(told.log_prob(told.cells(x), said), other.log_prob(other.cells(x), said))


def test_sharpened_draws_are_the_likeliest():
    told = prepared(MIXED)
    for d in range(told.columns):
        own = numbers(told)[:, torch.tensor(told.says) == d].expand(200, -1)
        noise = Dealt(Keyed(d).uniform((200, told.noise), like=own))
        x = told.draw(d, own, rng=noise, sharpness=Sharpness(temperature=1e-5))
        assert len(x.nan_to_num(-1.0).mul(100).round().unique()) == 1
