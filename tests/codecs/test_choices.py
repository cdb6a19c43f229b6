"""The lift of mixed rows: it comes back exactly, and its bound is one."""

import math

import pytest
import torch
from scipy.stats import norm

from likely.codecs.choices import Choices
from likely.rng import Keyed, Stepped
from likely.spaces import Category, Count, Real, Vector

NAN = float("nan")
SPACE = Vector(
    (
        Category(3),
        Real(),
        Real((0.5, -1.0), True),
        Count(),
        Count(True),
        Category(2, True),
        Real((), True),
        Real((0.25,)),
        Category(1),
        Category(5),
    )
)
DOMAINS = [
    [0.0, 1.0, 2.0],
    [-3.7, 1e6, 0.1],
    [0.5, -1.0, 0.50000006, 2.0, NAN],
    [0.0, 1.0, 2.0, 99.0, 2.0**19 - 1, 2.0**19],
    [0.0, 7.0, 1000.0, NAN],
    [0.0, 1.0, NAN],
    [0.0, -2.5, NAN],
    [0.25, 0.3],
    [0.0],
    [0.0, 1.0, 2.0, 3.0, 4.0],
]


def cells(rows: int, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    return torch.stack(
        [
            torch.tensor(d, dtype=dtype)[Keyed(1, i).integers(len(d), (rows,), like=torch.ones(1))]
            for i, d in enumerate(DOMAINS)
        ],
        1,
    )


def same(a: torch.Tensor, b: torch.Tensor) -> bool:
    return torch.equal(a.nan_to_num(nan=-99.0), b.nan_to_num(nan=-99.0)) and torch.equal(a.isnan(), b.isnan())


@pytest.mark.parametrize("noisy", [True, False])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("rng", [Keyed(2), Stepped(2, 5)])
def test_down_of_up_is_the_row_to_the_bit(noisy, dtype, rng):
    way, x = Choices(SPACE, noisy=noisy), cells(20_000, dtype)
    u, ladj = way.up(x, rng=rng)
    assert u.shape == (20_000, *way.space.shape)
    assert u.dtype == dtype
    assert u.isfinite().all()
    assert ladj.isfinite().all()
    assert ladj.dtype == torch.float64
    assert same(way.down(u), x)


def test_every_count_to_the_limit_comes_back():
    way = Choices(Vector((Count(),)), noisy=True)
    x = torch.arange(2.0**19)[:, None]
    for seed in range(3):
        assert torch.equal(way.down(way.up(x, rng=Keyed(seed))[0]), x)
    edges = Choices(Vector((Count(),)), noisy=False)
    assert torch.equal(edges.down(edges.up(x, rng=Keyed(0))[0]), x)


def test_a_rows_noise_is_its_own():
    way, x = Choices(SPACE, noisy=True), cells(100)
    u, ladj = way.up(x, rng=Keyed(7))
    part, part_ladj = way.up(x[40:60], rng=Keyed(7, rows=40))
    assert torch.equal(part, u[40:60])
    assert torch.equal(part_ladj, ladj[40:60])
    changed = x.clone()
    changed[0] = cells(101)[100]
    assert torch.equal(way.up(changed, rng=Keyed(7))[0][1:], u[1:])


def test_successive_draws_differ():
    way, x, rng = Choices(SPACE, noisy=True), cells(50), Keyed(7)
    (first, _), (second, _) = way.up(x, rng=rng), way.up(x, rng=rng)
    assert not torch.equal(first, second)


def test_the_jacobian_of_counts_is_autograds():
    x = torch.tensor([[0.0], [3.0], [250.0]], dtype=torch.float64)
    way = Choices(Vector((Count(),)), noisy=True)
    u, ladj = way.up(x, rng=Keyed(0))
    y = torch.expm1(u).requires_grad_()  # x + U
    (slope,) = torch.autograd.grad(torch.log1p(y).sum(), y)
    torch.testing.assert_close(ladj, slope[:, 0].log())


def test_plain_reals_pass_exactly():
    way = Choices(Vector((Real(), Real())), noisy=True)
    x = torch.randn(5, 2, generator=torch.Generator().manual_seed(0))
    u, ladj = way.up(x, rng=Keyed(0))
    assert way.exact
    assert torch.equal(u, x)
    assert not ladj.any()
    assert torch.equal(way.down(u), x)


@pytest.mark.parametrize("column", [Category(2), Count(), Real((0.0,)), Real((), True)])
def test_one_lifted_cell_makes_a_bound(column):
    assert not Choices(Vector((Real(), column)), noisy=True).exact


def test_the_mask_follows_the_cells():
    way = Choices(SPACE, noisy=True)
    known = torch.zeros(1, len(SPACE.columns), dtype=torch.bool)
    base, _ = way.up(cells(1), rng=Keyed(0))
    for place, column in enumerate(SPACE.columns):
        one = known.clone()
        one[0, place] = True
        widths = {Category: lambda c: c.k + c.missing, Count: lambda c: 1 + 2 * c.missing}
        real = lambda c: 1 + bool(c.atoms or c.missing) * (1 + len(c.atoms) + c.missing)  # noqa: E731
        assert way.mask(one).sum() == widths.get(type(column), real)(column)
    assert way.mask(~known).all()
    assert way.mask(known).shape == base.shape


def cube_log_density(u: torch.Tensor, mass: torch.Tensor) -> torch.Tensor:
    """The density that spreads each code's mass evenly over its cube: the exact pushforward of the lift."""
    code = u.argmax(1)
    inside = ((u - torch.nn.functional.one_hot(code, u.shape[1])).abs() <= 0.5).all(1)
    return torch.where(inside, mass[code].log(), -torch.inf)


def test_the_pushforward_of_a_choice_scores_its_exact_mass():
    mass = torch.tensor([0.2, 0.5, 0.3], dtype=torch.float64)
    x = torch.tensor([[0.0], [1.0], [2.0]], dtype=torch.float64).repeat(100, 1)
    u, ladj = Choices(Vector((Category(3),)), noisy=True).up(x, rng=Keyed(0))
    torch.testing.assert_close(cube_log_density(u, mass) + ladj, mass.log().repeat(100))


def test_the_pushforward_of_a_mixed_real_scores_its_exact_density():
    """P(continuous) = 0.5 with N(1, 2), an atom of mass 0.3, missing 0.2; elsewhere the value is N(0, 1)."""
    mass = torch.tensor([0.5, 0.3, 0.2], dtype=torch.float64)
    x = torch.tensor([[-0.7], [0.5], [NAN]], dtype=torch.float64)
    u, ladj = Choices(Vector((Real((0.5,), True),)), noisy=True).up(x, rng=Keyed(0))
    value, hots = u[:, 0], u[:, 1:]
    normal = torch.distributions.Normal
    value_density = torch.where(hots.argmax(1) == 0, normal(1.0, 2.0).log_prob(value), normal(0.0, 1.0).log_prob(value))
    expected = torch.tensor(
        [math.log(0.5) + norm.logpdf(-0.7, 1, 2), math.log(0.3), math.log(0.2)], dtype=torch.float64
    )
    torch.testing.assert_close(cube_log_density(hots, mass) + value_density + ladj, expected)


def test_the_pushforward_of_a_count_scores_its_exact_mass():
    """A density flat over each count's cell in x + U, moved to u = log1p(x + U): p(u) = mass * e^u."""
    mass = torch.tensor([0.6, 0.3, 0.1], dtype=torch.float64)
    x = torch.tensor([[0.0], [1.0], [2.0]], dtype=torch.float64)
    u, ladj = Choices(Vector((Count(),)), noisy=True).up(x, rng=Keyed(0))
    torch.testing.assert_close(mass[torch.expm1(u[:, 0]).long()].log() + u[:, 0] + ladj, mass.log())


def test_any_other_density_scores_below_the_true_mass():
    """log E_U[p(u)] over each cell is the mass that a density gives it; the lifted score lies below, by Jensen."""
    space = Vector((Category(2), Count(True)))
    way = Choices(space, noisy=True)
    normal = torch.distributions.Normal(0.3, 1.2)
    for row in ([0.0, 0.0], [1.0, 4.0], [1.0, NAN]):
        x = torch.tensor([row], dtype=torch.float64).repeat(200_000, 1)
        u, ladj = way.up(x, rng=Keyed(0))
        score = normal.log_prob(u).sum(1) + ladj
        truth = torch.logsumexp(score, 0) - math.log(len(x))  # log of the mass: the mean of the weights
        assert score.mean() < truth - 0.01


def test_samples_from_anywhere_come_down_to_sound_cells():
    way = Choices(SPACE, noisy=True)
    x = way.down(Keyed(0).normal((500, *way.space.shape), like=torch.ones(1)) * 5)
    assert x.shape == (500, len(SPACE.columns))
    for place, column in enumerate(SPACE.columns):
        values = x[:, place]
        assert not values.isnan().any() or column.missing
        if isinstance(column, Category):
            assert set(values[~values.isnan()].unique().tolist()) <= set(map(float, range(column.k)))


def test_a_cell_that_is_unknown_where_none_may_miss_is_harmless():
    way = Choices(Vector((Category(2), Count(), Real((1.0,)))), noisy=True)
    u, ladj = way.up(torch.full((4, 3), NAN), rng=Keyed(0))
    assert u.isfinite().all()
    assert ladj.isfinite().all()
