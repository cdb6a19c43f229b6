"""Products of bumps: their fast forms against the definition, pair by pair, and their masses and draws."""

import itertools
import math

import numpy as np
import pytest
import torch
from scipy import stats

from likely.contracts import Evidence
from likely.distributions import product
from likely.distributions.kernels import Cosine, Epanechnikov, Exponential, Gaussian, Kernel, Tophat, Triangular, decay
from likely.distributions.product import Bumps
from likely.distributions.state import Cells
from likely.rng import Keyed
from likely.spaces import Category, Count, Image, Real, Vector, reals

NAN, INF = math.nan, math.inf
MIXED = Vector(
    (Real(atoms=(0.0,), missing=True), Real(), Count(missing=True), Count(), Category(3, missing=True), Category(2))
)
KERNELS: list[Kernel] = [Gaussian(), Epanechnikov(), Tophat(), Triangular(), Exponential(), Cosine()]


def bumps(space, kernel: Kernel, width: float = 0.8, mix: float = 0.2) -> Bumps:
    cells = Cells(space, ordered=True)
    ones = torch.ones(cells.width, dtype=torch.float64)
    return Bumps(cells, kernel, width * ones, mix, (ones, 2 * ones))


def rows(n: int, seed: int = 0) -> torch.Tensor:
    rng = np.random.default_rng(seed)
    x = np.stack(
        [
            rng.normal(size=n),
            rng.normal(size=n),
            rng.poisson(2, n),
            rng.poisson(2, n),
            rng.integers(0, 3, n),
            rng.integers(0, 2, n),
        ],
        1,
    )
    x[rng.random(n) < 0.3, 0] = 0
    for d in (0, 2, 4):
        x[rng.random(n) < 0.2, d] = NAN
    return torch.tensor(x)


def by_hand(space: Vector, kernel: Kernel, x: torch.Tensor, y: torch.Tensor, width: float, mix: float) -> float:
    """log K(x | y) cell by cell, as equations (1) to (4) say."""
    told = 0.0
    for column, a, b in zip(space.columns, x.tolist(), y.tolist()):
        states = list(range(column.k)) if isinstance(column, Category) else ["value", *getattr(column, "atoms", ())]
        states += ["gone"] * column.missing

        def state(value: float, column=column, states=states) -> object:
            if math.isnan(value):
                return "gone" if column.missing else None
            return value if value in states[1:] or isinstance(column, Category) else "value"

        one, other = state(a), state(b)
        if one is None:
            continue
        if len(states) > 1:
            told += math.log(1 / len(states) if other is None else mix / len(states) + (1 - mix) * (one == other))
        if one == "value" and isinstance(column, Real):
            bump = float(kernel.log_density(torch.tensor((a - b) / width))) - math.log(width)
            told += bump if other == "value" else stats.norm(1, 2).logpdf(a)
        if one == "value" and isinstance(column, Count):
            near, wide = (b, width) if other == "value" else (1, 2.0)  # about the mean, as wide as the column
            tau = float(decay(torch.tensor(wide).double()))
            told += -tau * abs(a - near) - math.log(sum(math.exp(-tau * abs(t - near)) for t in range(300)))
    return told


@pytest.mark.parametrize("kernel", KERNELS, ids=lambda kernel: type(kernel).__name__)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("apart", [False, True])
def test_every_form_is_the_definition(kernel: Kernel, dtype: torch.dtype, apart: bool, monkeypatch) -> None:
    if apart:
        monkeypatch.setattr(product, "MOST_STATES", 1)
    y, x = rows(30), rows(12, seed=1)
    x[0, 1], y[3, 1], y[4, 5] = NAN, NAN, NAN  # not asked; unknown; unknown
    made = bumps(MIXED, kernel)
    weight = torch.full((30,), -math.log(30), dtype=torch.float64)
    wanted = torch.tensor([[by_hand(MIXED, kernel, a, b, 0.8, 0.2) for b in y] for a in x]).double() - math.log(30)
    q, side = made.side(x.to(dtype)), made.side(y.to(dtype))
    terms = made.log_terms(q, side, weight)
    edge = 1e-6 if dtype == torch.float64 else 1e-5
    torch.testing.assert_close(terms.clamp(min=-60), wanted.clamp(min=-60), atol=edge, rtol=edge)
    torch.testing.assert_close(made.log_sum(q, side, weight), wanted.logsumexp(1), atol=1e-4, rtol=1e-5)


def test_levels_are_counts_with_a_top() -> None:
    made = bumps(Image(1, 1, 2, 4), Gaussian())
    x = torch.tensor(list(itertools.product(range(4), repeat=2))).double()
    terms = made.log_terms(made.side(x), made.side(x[:5]), torch.zeros(5).double())
    torch.testing.assert_close(terms.logsumexp(0), torch.zeros(5).double(), atol=1e-9, rtol=0)


@pytest.mark.parametrize("scale", [1.0, 30.0, 1e4])
def test_float32_queries_keep_five_digits_however_far_out(scale: float) -> None:
    rng = np.random.default_rng(0)
    y, x = torch.tensor(scale * rng.standard_normal((3000, 5))), torch.tensor(scale * rng.standard_normal((200, 5)))
    y, x = y.float(), x.float()
    made, weight = bumps(reals(5), Gaussian(), width=1.0), torch.full((3000,), -math.log(3000)).double()
    told = made.log_sum(made.side(x), made.side(y), weight)
    apart = (x.double()[:, None] - y.double()).square().sum(2)
    exact = (-0.5 * apart).logsumexp(1) - math.log(3000) - 2.5 * math.log(2 * math.pi)
    assert float(((told - exact) / exact).abs().max()) < 1e-5


def test_sorted_rows_and_lonely_queries_are_summed_all_the_same() -> None:
    y = torch.linspace(0, 1e4, 3000)[:, None]
    x = torch.tensor([[-500.0], [3.0], [9999.0], [2e4]])
    made, weight = bumps(reals(1), Gaussian(), width=1.0), torch.full((3000,), -math.log(3000)).double()
    exact = (-0.5 * (x.double() - y.double().T).square()).logsumexp(1) - math.log(3000) - 0.5 * math.log(2 * math.pi)
    torch.testing.assert_close(made.log_sum(made.side(x), made.side(y), weight), exact, rtol=1e-6, atol=1e-5)
    compact = bumps(reals(1), Epanechnikov(), width=1.0)
    told = compact.log_sum(compact.side(x), compact.side(y), weight)
    assert told[[0, 3]].tolist() == [-INF, -INF]
    near = (0.75 * (1 - (x.double() - y.double().T).square()).clamp(min=0)).sum(1) / 3000
    torch.testing.assert_close(told[1:3], near[1:3].log(), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("kernel", [Gaussian(), Tophat()], ids=lambda kernel: type(kernel).__name__)
def test_a_row_can_be_left_out(kernel: Kernel) -> None:
    y = torch.randn(50, 2, generator=torch.Generator().manual_seed(0)).double()
    made, weight = bumps(reals(2), kernel), torch.zeros(50).double()
    out = torch.tensor([7, 20, 49])
    told = made.log_sum(made.side(y[out]), made.side(y), weight, out)
    for value, i in zip(told, out.tolist()):
        others = torch.arange(50) != i
        alone = made.log_sum(made.side(y[i : i + 1]), made.side(y[others]), weight[others])
        torch.testing.assert_close(value, alone[0], rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("kernel", [Gaussian(), Triangular()], ids=lambda kernel: type(kernel).__name__)
@pytest.mark.parametrize(("low", "high"), [(-INF, INF), (0.0, 2.0), (1.0, INF), (-INF, -0.5)])
def test_draws_follow_the_bumps_within_a_range(kernel: Kernel, low: float, high: float) -> None:
    made = bumps(MIXED, kernel)
    y = torch.tensor([[0.3, NAN, 2, 3, 1, 0], [NAN, 0.2, NAN, 0, NAN, NAN], [0, 1.5, 4, 1, 2, 1]]).double()
    n = 12_000
    ends = torch.full((n, 6), low).double(), torch.full((n, 6), high).double()
    _, _, span = made.cells.told(torch.zeros(n, 6), Evidence(torch.zeros(n, 6, dtype=torch.bool), *ends))
    drawn = made.draw(y.repeat(n // 3, 1), span, rng=Keyed(1)).reshape(-1, 3, 6)
    side = made.side(y)
    points = torch.tensor([0.0, 0.5, 1, 1.5, 2, 3, 5, NAN]).double()
    for d, column in enumerate(MIXED.columns):
        one = span.take(torch.arange(1), d)
        mass = made.log_within(d, side, one)[0].exp()
        assert ((drawn[:, :, d] >= low) & (drawn[:, :, d] <= high) | (mass == 0)).all()
        for cut in points[points > low]:
            part = made.cells.told(
                torch.zeros(1, 6),
                Evidence(torch.zeros(1, 6, dtype=torch.bool), ends[0][:1], torch.full((1, 6), min(float(cut), high))),
            )[2]
            share = made.log_within(d, side, part.take(torch.arange(1), d))[0].exp() / mass
            found = (drawn[:, :, d] <= cut).double().mean(0)
            real = mass > 0
            torch.testing.assert_close(found[real], share[real], atol=0.035, rtol=0)
        assert isinstance(column, Real | Count | Category)
