"""Bins: laws of mass one with the means seen, draws where the mass is, states that take a row apart and join it."""

import math

import numpy as np
import pytest
import torch

from likely.contracts import Space
from likely.distributions.bins import Bins, Middle, log_norm
from likely.distributions.state import Cells, Range
from likely.rng import Keyed
from likely.spaces import Category, Count, Image, Real, Vector

NAN, INF = math.nan, math.inf
SPACE = Vector((Real(atoms=(0.0,), missing=True), Count(), Category(3, missing=True), Real()))


def rows(n: int = 4000, seed: int = 0) -> torch.Tensor:
    rng = np.random.default_rng(seed)
    x = np.stack([rng.gamma(2, 1, n), rng.negative_binomial(2, 0.2, n), rng.integers(0, 3, n), rng.standard_t(3, n)], 1)
    x[rng.random(n) < 0.2, 0] = 0
    x[rng.random(n) < 0.1, 0] = NAN
    x[rng.random(n) < 0.1, 2] = NAN
    return torch.tensor(x)


def learned(space: Space = SPACE, x: torch.Tensor | None = None, most: int = 6) -> Bins:
    x = rows() if x is None else x
    bins = Bins(Cells(space, ordered=True), most)
    bins.prepare(x)
    bins.observe(x, bins.states(x), torch.ones(len(x)))
    return bins


def test_states_are_bins_then_atoms_then_missing_and_join_again() -> None:
    bins, x = learned(), rows()
    state = bins.states(x)
    assert bins.sizes.tolist() == [8, 6, 4, 6]
    assert (state[:, 0][x[:, 0] == 0] == 6).all()
    assert (state[:, 0][x[:, 0].isnan()] == 7).all()
    assert (state[:, 2][x[:, 2].isnan()] == 3).all()
    assert torch.bincount(state[:, 3], minlength=6).tolist() == [666, 667, 667, 666, 667, 667]
    drawn = bins.draw(state, bins.cells.anything(len(x)), rng=Keyed(0))
    assert torch.equal(bins.states(drawn), state)
    assert torch.equal(bins.states(x, torch.zeros(x.shape, dtype=torch.bool)), torch.full(x.shape, -1))


def test_values_of_a_count_stand_alone_where_each_is_frequent() -> None:
    heaped = 7.0 * torch.arange(40).repeat(30)[:, None]
    for x, alone in ((heaped, True), (heaped[:120], False)):
        bins = Bins(Cells(Vector((Count(),))), 8, alone=128)
        bins.prepare(x.double())
        state = bins.states(x.double())
        assert (len(torch.unique(state)) == 40) is alone
        drawn = bins.draw(state, bins.cells.anything(len(x)), rng=Keyed(0))
        assert torch.equal(drawn, x.double()) is alone


def test_a_density_of_mass_one_with_the_means_of_the_bins() -> None:
    x = rows()
    bins = learned(Vector((Real(),)), x[:, 3:])
    grid = torch.linspace(-200, 200, 4_000_001, dtype=torch.float64)[:, None]
    state = bins.states(grid)
    density = bins.log_within(grid, state).exp()
    step = float(grid[1, 0] - grid[0, 0])
    for b in range(6):
        inside = state[:, 0] == b
        assert float(density[inside].sum()) * step == pytest.approx(1.0, abs=1e-3)
        mean = float((density * grid[:, 0])[inside].sum()) * step
        assert mean == pytest.approx(float(x[bins.states(x[:, 3:])[:, 0] == b, 3].mean()), abs=0.02)


@pytest.mark.parametrize("space", [Vector((Count(),)), Image(1, 1, 1, levels=40)])
def test_masses_of_counts_and_levels_add_up(space) -> None:
    x = rows()[:, 1:2].clamp(max=39)
    bins = learned(space, x)
    values = torch.arange(40 if isinstance(space, Image) else 4000, dtype=torch.float64)[:, None]
    state, mass = bins.states(values), bins.log_within(values, bins.states(values)).exp()
    for b in range(6):
        inside = state[:, 0] == b
        assert float(mass[inside].sum()) == pytest.approx(1.0, abs=1e-9)
        seen = x[bins.states(x)[:, 0] == b, 0]
        assert float((mass * values[:, 0])[inside].sum()) == pytest.approx(float(seen.mean()), abs=0.1)


def test_shares_of_ranges_are_frequencies_of_draws_and_draws_keep_to_them() -> None:
    bins, n = learned(), 20_000
    low = torch.tensor([[0.5, 3.0, 1.0, -1.0]], dtype=torch.float64)
    high = torch.tensor([[2.0, 9.0, 1.0, INF]], dtype=torch.float64)
    span = bins.cells.between(low, high)
    for d, share in enumerate(bins.log_shares(span)):
        for state in range(int(bins.sizes[d])):
            cells = torch.zeros(n, 4, dtype=torch.int64)
            cells[:, d] = state
            drawn = bins.draw(cells, bins.cells.anything(n), rng=Keyed(state))[:, d]
            inside = ((drawn >= low[0, d]) & (drawn <= high[0, d])).double().mean()
            assert float(share[0, state].exp()) == pytest.approx(float(inside), abs=0.02)
    wide = Range(*(part.expand(n, -1) for part in span))
    state = torch.tensor([2, 3, 1, 3]).expand(n, -1)
    drawn = bins.draw(state, wide, rng=Keyed(9))
    reachable = torch.stack([share[0, state[0, d]] for d, share in enumerate(bins.log_shares(span))]) > -INF
    assert reachable.all()
    assert ((drawn >= low) & (drawn <= high)).all()


def test_few_values_have_a_bin_each_and_constants_an_edge() -> None:
    x = torch.tensor([[1.0, 5.0, 3.0], [2.0, 5.0, 3.0], [4.0, 5.0, 3.0]])
    bins = learned(Vector((Count(), Count(), Real())), x)
    assert bins.states(x)[:, 0].tolist() == [1, 2, 4]
    assert bins.edges[0].tolist() == [1.0, 2.0, 3.0, 4.0, 5.0]
    assert bins.edges[1].tolist() == [5.0, 6.0, INF, INF, INF]
    assert bins.edges[2].tolist() == [3.0, INF, INF, INF, INF]
    assert torch.isfinite(bins.log_within(x, bins.states(x))).all()
    assert bins.possible().view(3, 6).sum(1).tolist() == [6, 3, 2]


def test_without_noise_medians_are_drawn() -> None:
    bins = learned()
    state = torch.tensor([[2, 3, 1, 3]])
    drawn = bins.draw(state, bins.cells.anything(1), rng=Middle().fork(1))
    many = bins.draw(state.expand(4001, -1), bins.cells.anything(4001), rng=Keyed(0))
    torch.testing.assert_close(drawn[0], many.median(0).values, atol=0.02, rtol=0.02)


def test_which_states_are_bins() -> None:
    wanted = [True] * 6 + [False] * 2 + [True] * 6 + [False] * 4 + [True] * 6
    assert learned().numbered().tolist() == wanted


def test_levels_of_black_and_white_pictures_are_two_states() -> None:
    bins = learned(Image(1, 1, 2, levels=2), torch.tensor([[0.0, 0.0], [0.0, 1.0]]))
    assert bins.possible().view(2, -1).sum(1).tolist() == [2, 2]
    assert bins.states(torch.tensor([[1.0, 0.0]])).tolist() == [[1, 0]]
    assert Bins(Cells(Image(1, 1, 1, levels=256), ordered=True), 4).edges.tolist() == [[64.0, 128.0, 192.0]]


def test_edges_before_anything_is_seen_are_a_standard_normal_s() -> None:
    bins = Bins(Cells(Vector((Real(), Count()))), 4)
    assert bins.edges[0].tolist() == pytest.approx([-0.67449, 0.0, 0.67449], abs=1e-4)
    assert bins.edges[1].tolist() == [1.0, 2.0, 3.0]


def test_values_all_at_one_end_of_a_bin_give_no_spike() -> None:
    x = torch.cat([torch.zeros(1000, 1), torch.linspace(1, 2, 9)[:, None]]).double()
    bins = learned(Vector((Real(),)), x, most=4)
    assert float(bins.log_within(x, bins.states(x)).max()) < 12


@pytest.mark.parametrize("slope", [-300.0, -1.0, -1e-7, 0.0, 1e-7, 1e-4, 2.0, 300.0])
def test_the_normaliser_by_quadrature(slope: float) -> None:
    y = torch.linspace(0, 1.5, 3_000_001, dtype=torch.float64)
    wanted = torch.logsumexp(slope * (y[:-1] + y[1:]) / 2, 0) + math.log(1.5 / 3_000_000)
    found = log_norm(torch.tensor(slope, dtype=torch.float64), torch.tensor(1.5, dtype=torch.float64))
    assert float(found) == pytest.approx(float(wanted), abs=1e-7)
