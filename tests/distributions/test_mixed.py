"""Rows of mixed columns: every column integrates and sums to one, missing and atoms included, and is what is drawn."""

import math

import pytest
import torch

from likely.distributions import Logistics, Mixed, NegativeBinomial, Normal, Poisson, Student, log_normal
from likely.errors import FieldError
from likely.rng import Keyed
from likely.spaces import Category, Count, Image, Real, Vector, reals

COLUMNS = (
    Real(),
    Category(3),
    Real(atoms=(0.0, 1.5), missing=True),
    Count(),
    Category(2, missing=True),
    Real(atoms=(-1.0,)),
    Count(missing=True),
    Category(3),
    Real(missing=True),
)
SPACE = Vector(COLUMNS)
LAWS = [Mixed(), Mixed(real=Student(), count=Poisson()), Mixed(real=Logistics(3))]


def parameters(law, rows=1, dtype=torch.float64):
    torch.manual_seed(0)
    return torch.randn(rows, *law.outputs, dtype=dtype)


def base_row():
    return torch.tensor([[0.3, 2.0, 0.0, 4.0, 1.0, 0.2, 0.0, 1.0, 0.9]], dtype=torch.float64)


def cell(law, raw, place, values):
    """log p of one column at many values, the others as in the base row."""
    x = base_row().repeat(len(values), 1)
    x[:, place] = torch.as_tensor(values, dtype=torch.float64)
    return law.cell_log_prob(x, raw.expand(len(values), -1))[:, place]


def mass(law, raw, place):
    """The total probability of one column: its density, its masses, its atoms, and missing."""
    column, total = COLUMNS[place], 0.0
    match column:
        case Real():
            grid = torch.tan(torch.linspace(-1.57, 1.57, 100_000, dtype=torch.float64))
            total += torch.trapezoid(cell(law, raw, place, grid).exp(), grid)
            total += sum(cell(law, raw, place, [atom]).exp().item() for atom in column.atoms)
        case Count():
            total += cell(law, raw, place, torch.arange(3000)).exp().sum()
        case Category(k=k):
            total += cell(law, raw, place, torch.arange(k)).exp().sum()
    return total + (cell(law, raw, place, [math.nan]).exp().item() if column.missing else 0.0)


@pytest.mark.parametrize("described", LAWS, ids=repr)
@pytest.mark.parametrize("place", range(len(COLUMNS)))
def test_every_column_has_mass_one(described, place):
    law = described.law(SPACE)
    assert abs(mass(law, parameters(law), place) - 1) < 2e-3


@pytest.mark.parametrize("described", LAWS, ids=repr)
def test_what_is_drawn_is_what_is_scored(described):
    law = described.law(SPACE)
    raw = parameters(law)
    rows = 40_000
    x = law.sample(raw.expand(rows, -1), rng=Keyed(0))
    near = 5 * 0.5 / rows**0.5
    for place, column in enumerate(COLUMNS):
        drawn = x[:, place]
        if column.missing:
            assert abs(torch.isnan(drawn).double().mean() - cell(law, raw, place, [math.nan]).exp()) < near
        else:
            assert not torch.isnan(drawn).any()
        for value in {Real: getattr(column, "atoms", ()), Category: range(2), Count: range(4)}[type(column)]:
            assert abs((drawn == value).double().mean() - cell(law, raw, place, [value]).exp()) < near
        if isinstance(column, Real):
            grid = torch.linspace(-0.51, 0.77, 5000, dtype=torch.float64)
            inside = torch.trapezoid(cell(law, raw, place, grid + 1e-9).exp(), grid)
            regular = (drawn > -0.51) & (drawn < 0.77) & ~torch.isin(drawn, torch.tensor(column.atoms).double())
            assert abs(regular.double().mean() - inside) < near


def test_cells_of_one_row_add_up_by_hand():
    space = Vector((Real(atoms=(0.0,), missing=True), Category(2), Count()))
    law = Mixed(count=Poisson()).law(space)
    assert law.outputs == (2 + 3 + 2 + 1,)
    raw = torch.tensor([[0.1, 0.7, 1.0, 2.0, 3.0, 0.5, -0.2, 0.4]], dtype=torch.float64).repeat(4, 1)
    # choices of two options (the category), choices of three (regular, atom, missing), the real, the count
    coin = torch.tensor([0.1, 0.7], dtype=torch.float64).log_softmax(0)
    state = torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64).log_softmax(0)
    x = torch.tensor([[1.3, 1, 2], [0, 0, 0], [math.nan, 1, 1], [1.3, math.nan, math.nan]], dtype=torch.float64)
    log_std = torch.tensor(7 * math.tanh(-0.2 / 7), dtype=torch.float64)
    density = state[0] + log_normal(torch.tensor(1.3, dtype=torch.float64), 0.5, log_std)
    mean = math.exp(0.4)
    expected = torch.tensor(
        [
            [density, coin[1], 2 * 0.4 - mean - math.log(2)],
            [state[1], coin[0], -mean],
            [state[2], coin[1], 0.4 - mean],
            [density, 0, 0],
        ],
        dtype=torch.float64,
    )
    torch.testing.assert_close(law.cell_log_prob(x, raw), expected)


def test_a_missing_cell_is_marginalised_where_its_column_cannot_be_missing():
    law = Mixed().law(SPACE)
    raw = parameters(law).requires_grad_()
    scored = law.cell_log_prob(torch.full((1, len(COLUMNS)), math.nan, dtype=torch.float64), raw)
    scored.sum().backward()
    for place, column in enumerate(COLUMNS):
        assert (scored[0, place] == 0) != column.missing
    assert torch.isfinite(raw.grad).all()


def test_impossible_cells_have_no_mass():
    law = Mixed().law(SPACE)
    raw = parameters(law)
    assert (cell(law, raw, 1, [3.0, -1.0]) == -torch.inf).all()
    assert (cell(law, raw, 3, [-1.0, 2.5]) == -torch.inf).all()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_noiseless_row(dtype):
    law = Mixed().law(SPACE)
    raw = parameters(law, 5, dtype)
    row = law.mean(raw)
    assert row.dtype == dtype
    drawn = law.cell_log_prob(row, raw)
    assert torch.isfinite(drawn).all()
    for place in (1, 4, 7):
        options = torch.stack([cell(law, raw[:1].double(), place, [code]) for code in range(COLUMNS[place].k)])
        best = options.argmax().item() if not math.isnan(row[0, place]) else row[0, place].item()
        assert math.isnan(best) or row[0, place] == best


def test_float32_counts_are_scored_in_float64():
    law = Mixed().law(Vector((Count(),)))
    raw = torch.tensor([[13.8, 12.0]])
    x = torch.tensor([[1_000_000.0]])
    torch.testing.assert_close(
        law.log_prob(x, raw).double(), law.log_prob(x.double(), raw.double()), rtol=1e-6, atol=1e-6
    )


def test_rows_do_not_see_each_other():
    law = Mixed(real=Student()).law(SPACE)
    raw = parameters(law, 6)
    x = law.sample(raw, rng=Keyed(3))
    one = law.sample(raw[4:5], rng=Keyed(3, rows=4))
    torch.testing.assert_close(x[4:5], one, equal_nan=True)
    torch.testing.assert_close(law.log_prob(x, raw)[4:5], law.log_prob(x[4:5], raw[4:5]))


@pytest.mark.parametrize("columns", [(Real(),), (Count(),), (Category(4),), (Category(1),), (Real(missing=True),) * 3])
def test_tables_of_one_kind(columns):
    law = Mixed().law(Vector(columns))
    raw = parameters(law, 7)
    x = law.sample(raw, rng=Keyed(0))
    assert x.shape == (7, len(columns))
    assert torch.isfinite(law.log_prob(x, raw)).all()


def test_wide_tables_are_a_few_tensors():
    """The number of operations does not grow with the number of columns."""

    def operations(copies):
        law = Mixed().law(Vector(COLUMNS * copies))
        raw = parameters(law, 2)
        x = base_row().repeat(2, copies)
        with torch.profiler.profile() as profile:
            law.log_prob(x, raw)
        return sum(event.count for event in profile.key_averages())

    assert operations(1) == operations(12)


def test_what_it_is_not_for():
    with pytest.raises(FieldError, match="columns of a Vector"):
        Mixed().law(Image(1, 2, 2, 2))
    assert Mixed().law(reals(2)).outputs == (4,)
    assert Mixed(real=Normal(), count=NegativeBinomial()) == Mixed()
