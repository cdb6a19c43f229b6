"""Components over mixed cells: masses sum to one, missing cells are marginals, conditionals by brute force."""

import itertools
import math

import numpy as np
import pytest
import torch

from likely.distributions.components import Components, Prior, spread_of
from likely.distributions.covariance import Covariance, Diagonal, Full
from likely.distributions.state import Cells, Range
from likely.errors import CannotAnswer
from likely.rng import Keyed
from likely.spaces import Category, Count, Real, Vector, reals

NAN, INF = math.nan, math.inf
MIXED = Vector((Real(), Real(atoms=(0.0,), missing=True), Category(2, missing=True), Count(missing=True)))


def learned(
    space: Vector, x: torch.Tensor, covariance: Covariance, sizes: tuple[int, ...] = (2,), steps: int = 4
) -> Components:
    model = Components(Cells(space), 1, sizes, covariance, Prior(0.0, 1e-6, 1.0))
    model.look(x, torch.ones(len(x)), model.moments)
    model.start(*spread_of(model.moments))
    assigned = (x[:, :1].nan_to_num(0.0) > 0).long().expand(-1, len(sizes)) % torch.tensor(sizes)
    for step in range(steps):
        model.forget()
        for rows in torch.arange(len(x)).chunk(3):
            model.observe(x[rows], None, 0, None if step else assigned[rows])
        model.maximise()
    return model


def mixed(n: int = 400) -> torch.Tensor:
    rng = np.random.default_rng(0)
    t = rng.integers(0, 2, n)
    a = rng.normal(4 * t - 2, 1)
    x = np.stack([a, 0.8 * a + rng.normal(0, 0.5, n), rng.integers(0, 1 + t), rng.poisson(1 + 4 * t)], 1)
    x[rng.random(n) < 0.2, 1] = 0.0
    for d in (1, 2, 3):
        x[rng.random(n) < 0.2, d] = NAN
    return torch.tensor(x).float()


def grid(step: float = 0.2) -> tuple[torch.Tensor, torch.Tensor]:
    """Cells of the mixed table, and the volume that each stands for."""
    values = torch.arange(-35, 35) * step + step / 2
    rows = torch.tensor(
        list(itertools.product(values.tolist(), [*values.tolist(), 0.0, NAN], [0.0, 1, NAN], [*range(14), NAN]))
    )
    valued = ~(rows[:, 1].isnan() | (rows[:, 1] == 0))
    return rows, torch.where(valued, step**2, step).double()


@pytest.mark.parametrize("covariance", [Full(), Diagonal()], ids=str)
def test_a_mixed_table_adds_up_to_one(covariance: Covariance) -> None:
    model = learned(MIXED, mixed(), covariance)
    rows, volume = grid()
    mass = model.log_prob(rows, None, model.answering(0)).exp() * volume
    assert float(mass.sum()) == pytest.approx(1.0, abs=5e-3)
    drawn = model.draw(
        torch.zeros(5, dtype=torch.int64),
        torch.full((5, 4), NAN),
        torch.zeros(5, 4) > 0,
        model.cells.anything(5),
        rng=Keyed(0),
    )
    assert drawn.shape == (5, 4)


@pytest.mark.parametrize("known", [[1, 0, 1, 0], [0, 1, 0, 1], [0, 0, 0, 0]])
@pytest.mark.parametrize("covariance", [Full(), Diagonal()], ids=str)
def test_cells_not_asked_are_summed_out(covariance: Covariance, known: list[int]) -> None:
    model, row, asked = (
        learned(MIXED, mixed(), covariance),
        torch.tensor([0.5, -0.3, 1.0, 2.0]),
        torch.tensor(known) > 0,
    )
    rows, volume = grid()
    if known[0]:
        rows, volume = rows[(rows[:, 0] - 0.5).abs() < 1e-4], volume[(rows[:, 0] - 0.5).abs() < 1e-4] / 0.2
    fits = torch.ones(len(rows), dtype=torch.bool)
    if known[1]:
        row[1] = 0.3
        fits &= (rows[:, 1] - 0.3).abs() < 1e-4
        volume = volume / 0.2
    for d in (2, 3):
        fits &= (rows[:, d] == row[d]) if known[d] else fits
    wanted = float((model.log_prob(rows[fits], None, model.answering(0)).exp() * volume[fits]).sum())
    told = float(model.log_prob(row[None], asked[None], model.answering(0)).exp())
    assert told == pytest.approx(wanted, rel=5e-3)


def ranges(model: Components, low: list[float], high: list[float], n: int = 1) -> Range:
    return model.cells.between(*(torch.tensor([end] * n).double() for end in (low, high)))


@pytest.mark.parametrize(
    ("low", "high"),
    [
        ([-INF, 0.4, -INF, -INF], [INF, 2.0, INF, INF]),
        ([-INF, -1.0, -INF, 1.0], [INF, 1.0, INF, 3.5]),
        ([-INF, -INF, 1.0, -INF], [INF, INF, 1.0, 2.0]),
    ],
)
@pytest.mark.parametrize("covariance", [Full(), Diagonal()], ids=str)
def test_intervals_have_the_mass_that_integration_finds(covariance: Covariance, low: list, high: list) -> None:
    model, row = learned(MIXED, mixed(), covariance), torch.tensor([[0.5, NAN, NAN, NAN]])
    known, span = torch.tensor([[True, False, False, False]]), ranges(model, low, high)
    terms = model.log_evidence(row, known, span, ~known & span.bounded, model.answering(0))
    rows, volume = grid()
    fits = (rows[:, 0] - 0.5).abs() < 1e-4
    for d in (1, 2, 3):
        if low[d] > -INF or high[d] < INF:
            fits &= (rows[:, d] >= low[d]) & (rows[:, d] <= high[d])
    mass = model.log_prob(rows[fits], None, model.answering(0)).exp() * volume[fits] / 0.2
    assert float(terms.logsumexp(1).exp()) == pytest.approx(float(mass.sum()), rel=2e-2)


def test_draws_within_an_interval_move_what_depends_on_them() -> None:
    x = mixed(2000)[:, :2].nan_to_num(0.0)
    model = learned(reals(2), x, Full(), sizes=(1,))
    n = 20_000
    span = ranges(model, [1.0, -INF], [2.0, INF], n)
    start, known = torch.full((n, 2), NAN), torch.zeros(n, 2, dtype=torch.bool)
    drawn = model.draw(torch.zeros(n, dtype=torch.int64), start, known, span, rng=Keyed(3))
    assert (drawn[:, 0] >= 1).all()
    assert (drawn[:, 0] <= 2).all()
    mean, C = model.mean[0], model.covariance[0]
    slope = C[0, 1] / C[0, 0]
    assert float(drawn[:, 1].mean()) == pytest.approx(float(mean[1] + slope * (drawn[:, 0].mean() - mean[0])), abs=0.03)
    assert float(drawn[:, 1].var()) == pytest.approx(
        float(C[1, 1] - slope * C[0, 1] + slope**2 * drawn[:, 0].var()), rel=0.05
    )


def test_intervals_on_several_dependent_cells_are_refused_by_name() -> None:
    model = learned(reals(2), mixed()[:, :2].nan_to_num(0.0), Full())
    span, none = ranges(model, [0.0, 0.0], [1.0, 1.0]), torch.zeros(1, 2, dtype=torch.bool)
    with pytest.raises(CannotAnswer, match="Diagonal"):
        model.log_evidence(torch.full((1, 2), NAN), none, span, ~none, model.answering(0))
    model = learned(reals(2), mixed()[:, :2].nan_to_num(0.0), Diagonal())
    assert torch.isfinite(model.log_evidence(torch.full((1, 2), NAN), none, span, ~none, model.answering(0))).all()


@pytest.mark.parametrize("covariance", [Full(), Diagonal()], ids=str)
def test_candidates_side_by_side_are_each_alone(covariance: Covariance) -> None:
    x = mixed()
    both = learned(MIXED, x, covariance, sizes=(1, 3, 2))
    for place, size in enumerate((1, 3, 2)):
        alone = learned(MIXED, x, covariance, sizes=(size,))
        wanted = alone.log_prob(x, None, alone.answering(0))
        torch.testing.assert_close(both.log_prob(x, None, both.candidate(0, place)), wanted, rtol=1e-7, atol=1e-7)
    wanted = both.log_prob(x, None, both.candidate(0, 2))
    both.best.fill_(2)
    both.keep([0, 2])
    assert both.sizes.tolist() == [1, 2]
    torch.testing.assert_close(both.log_prob(x, None, both.answering(0)), wanted)


def test_steps_never_lower_the_likelihood() -> None:
    x = mixed()
    model, before = learned(MIXED, x, Full(), steps=1), -INF
    for _ in range(15):
        model.forget()
        told = float(model.observe(x, None, 0))
        assert told >= before - 1.0  # smoothing and floor are not part of it
        before = told
        model.maximise()


def test_a_weight_of_two_is_a_row_twice_and_order_is_nothing() -> None:
    x, weight = mixed(), torch.ones(400, dtype=torch.float64)
    weight[:100] = 2
    once, twice = learned(MIXED, x, Full()), learned(MIXED, x, Full())
    for model in (once, twice):
        model.forget()
    a = once.observe(x, weight, 0)
    b = twice.observe(torch.cat([x, x[:100]]).flip(0), None, 0)
    torch.testing.assert_close(a, b)
    torch.testing.assert_close(once.sums, twice.sums)
    torch.testing.assert_close(once.counts.sums, twice.counts.sums)
    torch.testing.assert_close(once.states.tallies.seen, twice.states.tallies.seen)
