"""Kernel density estimates: scikit-learn and scipy as oracles, masses by brute force, completion by enumeration."""

import itertools
import math

import numpy as np
import pytest
import torch
from scipy import stats
from sklearn.datasets import load_digits
from sklearn.neighbors import KernelDensity

from likely.contracts import Evidence
from likely.distributions.kernels import (
    Bandwidth,
    Cosine,
    Epanechnikov,
    Exponential,
    Fixed,
    Gaussian,
    Kernel,
    Likelihood,
    Scott,
    Silverman,
    Tophat,
    Triangular,
)
from likely.errors import ConditionError, EmptyData
from likely.families.kde import KDE, KDEModel
from likely.rng import Keyed
from likely.spaces import Category, Count, Image, Real, Vector, absent, label, reals

NAN, INF = math.nan, math.inf
THEIRS: dict[str, Kernel] = {
    "gaussian": Gaussian(),
    "epanechnikov": Epanechnikov(),
    "tophat": Tophat(),
    "linear": Triangular(),
    "exponential": Exponential(),
    "cosine": Cosine(),
}
HALF = Fixed(width=0.5)


def fitted(family: KDE, space, x, c=None, condition=None, weight=None, chunk: int = 10_000) -> KDEModel:
    model = family.build(space, condition)
    for rows in torch.arange(len(x)).split(chunk):
        model.observe(x[rows], None if c is None else c[rows], None if weight is None else weight[rows])
    assert model.finish() is False
    return model


def points(n: int = 500, columns: int = 3, seed: int = 0) -> torch.Tensor:
    rng = np.random.default_rng(seed)
    return torch.tensor(rng.standard_normal((n, columns)) * (1 + np.arange(columns)) + 5)


def test_gaussian_bumps_are_scikit_learns_in_any_dimension() -> None:
    x, q = points(), points(50, seed=1) * 1.5
    theirs = KernelDensity(bandwidth=0.5, leaf_size=10_000).fit(x.numpy())  # one leaf: their tree loses digits far out
    wanted = theirs.score_samples(q.numpy())
    np.testing.assert_allclose(fitted(KDE(bandwidth=HALF), reals(3), x).log_prob(q).numpy(), wanted, rtol=1e-9)
    near = fitted(KDE(bandwidth=HALF), reals(3), x.float()).log_prob(q.float()).numpy()
    np.testing.assert_allclose(near, wanted, rtol=1e-5)


@pytest.mark.parametrize("name", THEIRS)
def test_every_kernel_is_scikit_learns_on_one_column(name: str) -> None:
    x, q = points(columns=1), points(60, columns=1, seed=1)
    wanted = KernelDensity(bandwidth=0.5, kernel=name, leaf_size=10_000).fit(x.numpy()).score_samples(q.numpy())
    found = fitted(KDE(kernel=THEIRS[name], bandwidth=HALF), reals(1), x).log_prob(q).numpy()
    there = np.isfinite(wanted)
    assert (np.isfinite(found) == there).all()
    np.testing.assert_allclose(found[there], wanted[there], rtol=1e-7)


@pytest.mark.parametrize("rule", [Scott(), Silverman()])
@pytest.mark.parametrize("scale", [0.01, 1.0, 1000.0])
def test_rules_are_scipy_s_whatever_the_variance(rule: Bandwidth, scale: float) -> None:
    x, q = points(300, 1) * scale, points(40, 1, seed=1) * scale
    weight = torch.rand(300, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    theirs = stats.gaussian_kde(x[:, 0].numpy(), type(rule).__name__.lower(), weights=weight.numpy())
    model = fitted(KDE(bandwidth=rule), reals(1), x, weight=weight)
    np.testing.assert_allclose(model.log_prob(q).numpy(), theirs.logpdf(q[:, 0].numpy()), rtol=1e-9)


def test_on_white_columns_the_estimate_is_scipy_s_in_any_dimension() -> None:
    x = points(400).numpy()
    x = np.linalg.solve(np.linalg.cholesky(np.cov(x.T)), (x - x.mean(0)).T).T
    q = np.random.default_rng(3).standard_normal((50, 3))
    theirs = stats.gaussian_kde(x.T).logpdf(q.T)
    model = fitted(KDE(bandwidth=Scott()), reals(3), torch.tensor(x))
    np.testing.assert_allclose(model.log_prob(torch.tensor(q)).numpy(), theirs, rtol=1e-6)


@pytest.mark.parametrize("kernel", THEIRS.values(), ids=THEIRS)
def test_scaling_a_column_by_1000_moves_the_density_by_log_1000(kernel: Kernel) -> None:
    x, q, scale = points(200), points(30, seed=1), torch.tensor([1.0, 1000.0, 1.0]).double()
    near = fitted(KDE(kernel=kernel), reals(3), x).log_prob(q)
    far = fitted(KDE(kernel=kernel), reals(3), x * scale).log_prob(q * scale)
    there = torch.isfinite(near)
    torch.testing.assert_close(far[there], (near - math.log(1000))[there], rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("kernel", THEIRS.values(), ids=THEIRS)
def test_samples_fall_where_the_density_is(kernel: Kernel) -> None:
    x = points(25, 2)
    model = fitted(KDE(kernel=kernel, bandwidth=Scott()), reals(2), x)
    drawn = model.sample(20_000, rng=Keyed(1)).double()
    for low, high in (((4.5, 4.0), (5.5, 6.0)), ((3.0, 6.0), (5.0, 9.0)), ((-INF, 5.0), (5.0, INF))):
        low, high = (torch.tensor([end], dtype=torch.float64) for end in (low, high))
        told = model.log_evidence(torch.zeros(1, 2), Evidence(torch.zeros(1, 2, dtype=torch.bool), low, high))
        found = ((drawn >= low) & (drawn <= high)).all(1).double().mean()
        assert float(found) == pytest.approx(float(told.exp()), abs=0.015)
    step = 0.1
    axis = torch.arange(-10, 22, step, dtype=torch.float64)
    grid = torch.cartesian_prod(axis, axis)
    mass = model.log_prob(grid).exp() * step**2
    assert float(mass.sum()) == pytest.approx(1.0, abs=1e-2)
    box = ((grid >= torch.tensor([4.5, 4.0])) & (grid <= torch.tensor([5.5, 6.0]))).all(1)
    found = ((drawn >= torch.tensor([4.5, 4.0])) & (drawn <= torch.tensor([5.5, 6.0]))).all(1).double().mean()
    assert float(mass[box].sum()) == pytest.approx(float(found), abs=0.03)


SMALL = Vector((Category(3), Category(2, missing=True), Count(), Count(missing=True)))


def small(n: int = 60) -> tuple[torch.Tensor, torch.Tensor]:
    rng = np.random.default_rng(0)
    c = rng.integers(0, 2, n)
    x = np.stack([rng.integers(0, 2 + c), rng.integers(0, 2, n), rng.poisson(1 + c), rng.poisson(1 + 2 * c)], 1).astype(
        float
    )
    for d in (1, 3):
        x[rng.random(n) < 0.2, d] = NAN
    return torch.tensor(x).float(), torch.tensor(c).float()[:, None]


def every(top: int = 25) -> torch.Tensor:
    return torch.tensor(list(itertools.product([0.0, 1, 2], [0.0, 1, NAN], range(top), [*range(top), NAN])))


@pytest.mark.parametrize("said", [None, 0.0, 1.0, NAN])
@pytest.mark.parametrize("bandwidth", [Likelihood(), Scott()])
def test_discrete_masses_add_up_to_one(said: float | None, bandwidth: Bandwidth) -> None:
    x, c = small()
    model = fitted(KDE(bandwidth=bandwidth), SMALL, x, c, label(2))
    rows = every(60)
    mass = model.log_prob(rows, None if said is None else torch.full((len(rows), 1), said)).exp().sum()
    assert float(mass) == pytest.approx(1.0, abs=1e-3)


def test_a_mixed_table_adds_up_to_one() -> None:
    rng = np.random.default_rng(0)
    space = Vector((Real(atoms=(0.0, 1.5), missing=True), Count(missing=True)))
    x = np.stack([rng.normal(size=80), rng.poisson(2, 80)], 1)
    x[rng.random(80) < 0.3, 0] = 0
    x[rng.random(80) < 0.2, 0] = 1.5
    for d in range(2):
        x[rng.random(80) < 0.2, d] = NAN
    step = 0.03
    values = [*(torch.arange(-300, 300) * step + step / 2).tolist(), 0.0, 1.5, NAN]
    rows = torch.tensor(list(itertools.product(values, [*range(40), NAN])))
    density = ~(rows[:, 0].isnan() | (rows[:, 0] == 0) | (rows[:, 0] == 1.5))
    for kernel in (Gaussian(), Epanechnikov(), Exponential()):
        model = fitted(KDE(kernel=kernel), space, torch.tensor(x).float())
        mass = model.log_prob(rows).exp() * torch.where(density, step, 1.0)
        assert float(mass.sum()) == pytest.approx(1.0, abs=5e-3)


def test_levels_of_a_picture_add_up_to_one_and_are_drawn() -> None:
    rng = np.random.default_rng(0)
    space = Image(1, 2, 2, 3)
    x = torch.tensor(rng.integers(0, 3, (30, 1, 2, 2)) * rng.integers(0, 2, (30, 1, 1, 1))).float()
    model = fitted(KDE(), space, x)
    rows = torch.tensor(list(itertools.product(range(3), repeat=4))).float().reshape(-1, 1, 2, 2)
    share = model.log_prob(rows).exp()
    assert float(share.sum()) == pytest.approx(1.0, abs=1e-6)
    drawn = model.sample(20_000, rng=Keyed(2))
    assert drawn.shape[1:] == (1, 2, 2)
    found = torch.stack([(drawn == row).flatten(1).all(1).double().mean() for row in rows])
    torch.testing.assert_close(found, share, atol=0.012, rtol=0)


def test_the_rows_of_a_class_are_its_own_estimate() -> None:
    x = points(200).float()
    c = (torch.arange(200) % 3).float()[:, None]
    model = fitted(KDE(bandwidth=HALF), reals(3), x, c, label(4))
    q = points(20, seed=1).float()
    joint = model.log_joint(q)
    for k in range(3):
        own = fitted(KDE(bandwidth=HALF), reals(3), x[c[:, 0] == k]).log_prob(q)
        torch.testing.assert_close(model.log_prob(q, torch.full((20, 1), float(k))), own, rtol=1e-5, atol=1e-4)
        torch.testing.assert_close(joint[:, k], own, rtol=1e-5, atol=1e-4)
    everything = fitted(KDE(bandwidth=HALF), reals(3), x).log_prob(q)
    torch.testing.assert_close(model.log_prob(q, absent(torch.zeros(20, 1))), everything, rtol=1e-5, atol=1e-4)
    torch.testing.assert_close(model.log_prob(q), everything, rtol=1e-5, atol=1e-4)
    torch.testing.assert_close(joint[:, 3], everything, rtol=1e-5, atol=1e-4)  # a class without rows has them all
    both = torch.tensor([[0.0], [2.0], [NAN], [1.0]]).repeat(5, 1)
    alone = torch.cat([model.log_prob(q[i : i + 1], both[i : i + 1]) for i in range(20)])
    torch.testing.assert_close(model.log_prob(q, both), alone, rtol=1e-5, atol=1e-4)


def test_samples_given_a_class_come_from_its_rows() -> None:
    x = torch.tensor([[0.0], [0.1], [10.0], [10.1]])
    c = torch.tensor([[0.0], [0.0], [1.0], [1.0]])
    model = fitted(KDE(bandwidth=Fixed(width=0.2)), reals(1), x, c, label(2))
    given = torch.tensor([[0.0], [1.0], [NAN], [0.0]]).repeat(50, 1)
    drawn = model.sample(200, given, rng=Keyed(0)).reshape(50, 4)
    assert (drawn[:, [0, 3]] < 5).all()
    assert (drawn[:, 1] > 5).all()
    assert 10 < int((drawn[:, 2] > 5).sum()) < 40
    few = model.sample(8, given[:8], rng=Keyed(0))
    torch.testing.assert_close(few.flatten(), drawn.flatten()[:8], rtol=0, atol=0)


@pytest.mark.parametrize("weighted", [False, True])
def test_fifty_chunks_are_all_rows_at_once(weighted: bool) -> None:
    x, c = small(500)
    weight = torch.rand(500) if weighted else None
    whole = fitted(KDE(), SMALL, x, c, label(2), weight)
    parts = fitted(KDE(), SMALL, x, c, label(2), weight, chunk=10)
    torch.testing.assert_close(parts.log_prob(x, c), whole.log_prob(x, c), rtol=1e-6, atol=1e-6)
    order = torch.randperm(500, generator=torch.Generator().manual_seed(0))
    other = fitted(
        KDE(bandwidth=Scott()), SMALL, x[order], c[order], label(2), None if weight is None else weight[order]
    )
    same = fitted(KDE(bandwidth=Scott()), SMALL, x, c, label(2), weight)
    torch.testing.assert_close(other.log_prob(x, c), same.log_prob(x, c), rtol=1e-5, atol=1e-5)


def test_a_weight_of_two_is_a_row_twice() -> None:
    x, weight = points(50), torch.ones(50, dtype=torch.float64)
    weight[:10] = 2
    q = points(10, seed=1)
    once = fitted(KDE(bandwidth=HALF), reals(3), x, weight=weight).log_prob(q)
    torch.testing.assert_close(once, fitted(KDE(bandwidth=HALF), reals(3), torch.cat([x, x[:10]])).log_prob(q))


def test_more_rows_can_be_observed_after_a_pass() -> None:
    x, q = points(200), points(10, seed=1)
    model = fitted(KDE(), reals(3), x[:100])
    model.observe(x[100:])
    model.finish()
    torch.testing.assert_close(model.log_prob(q), fitted(KDE(), reals(3), x).log_prob(q), rtol=1e-6, atol=1e-6)


def test_leave_one_out_finds_a_better_bandwidth_than_the_rule() -> None:
    rng = np.random.default_rng(0)
    x = torch.tensor(rng.choice([-20.0, 0.0, 20.0], (600, 1)) + 0.5 * rng.standard_normal((600, 1)))  # three clumps
    rule, found = (fitted(KDE(bandwidth=bandwidth), reals(1), x[:400]) for bandwidth in (Silverman(), Likelihood()))
    assert float(found.log_prob(x[400:]).mean()) > float(rule.log_prob(x[400:]).mean()) + 0.5
    assert float(found.width) < 0.3 * float(rule.width)


def test_the_search_starts_on_few_rows_and_ends_where_all_of_them_are_likeliest() -> None:
    rng = np.random.default_rng(1)
    x = torch.tensor(rng.choice([-20.0, 0.0, 20.0], (3000, 1)) + 0.5 * rng.standard_normal((3000, 1)))
    quick, slow = (fitted(KDE(bandwidth=Likelihood(rows=rows)), reals(1), x) for rows in (150, 3000))
    assert float(quick.width) == pytest.approx(float(slow.width), rel=0.05)
    wrong = fitted(KDE(bandwidth=Likelihood(rows=2, narrowest=0.01)), reals(1), x)  # two rows tell nothing
    likely, best = (float(model._left_out(torch.arange(3000), torch.arange(3000)).mean()) for model in (wrong, slow))
    assert likely == pytest.approx(best, abs=0.005)


def test_left_out_among_some_rows_is_left_out_of_them_alone() -> None:
    x = points(90)
    few = torch.arange(0, 90, 3)
    model = fitted(KDE(bandwidth=Fixed(width=0.7)), reals(3), x)
    alone = fitted(KDE(bandwidth=Fixed(width=0.7)), reals(3), x[few])
    alone.moments = model.moments
    told = alone._left_out(torch.arange(30), torch.arange(30))
    torch.testing.assert_close(model._left_out(few, few), told, rtol=1e-5, atol=1e-5)


def test_the_left_out_likelihood_is_that_of_the_other_rows() -> None:
    x, c = small(30)
    model = fitted(KDE(bandwidth=Fixed(width=0.7)), SMALL, x, c, label(2), weight=torch.arange(1, 31).double())
    told = model._left_out(torch.arange(30), torch.arange(30))
    for i in (0, 11, 29):
        others = torch.arange(30) != i
        rest = fitted(
            KDE(bandwidth=Fixed(width=0.7)), SMALL, x[others], c[others], label(2), torch.arange(1, 31)[others].double()
        )
        rest.moments = model.moments  # the wide law of missing counts is the whole table's
        assert float(told[i]) == pytest.approx(float(rest.log_prob(x[i : i + 1], c[i : i + 1])), rel=1e-5)


def test_counts_that_a_row_lacks_are_drawn_about_as_wide_as_their_column() -> None:
    rng = np.random.default_rng(0)
    x = torch.tensor(np.stack([rng.normal(size=300), rng.normal(200, 14, 300).round()], 1), dtype=torch.float32)
    x[rng.random(300) < 0.3, 1] = NAN
    model = fitted(KDE(), Vector((Real(), Count())), x)
    drawn = model.complete(x, Evidence(torch.tensor([True, False]).expand(300, 2)), rng=Keyed(0))[:, 1]
    assert float(drawn.mean()) == pytest.approx(200, abs=5)  # a geometric law would be as wide as it is high
    assert float(drawn.std()) == pytest.approx(14, rel=0.4)
    assert float(model.log_prob(torch.stack([torch.zeros(700), torch.arange(700.0)], 1)).exp().sum()) == pytest.approx(
        float(model.log_evidence(torch.zeros(1, 2), Evidence(torch.tensor([[True, False]]))).exp()), rel=1e-4
    )


@pytest.mark.parametrize(
    ("x", "known", "low", "high"),
    [
        ([0.0, 0, 0, 0], [False] * 4, [-INF] * 4, [INF] * 4),
        ([1.0, NAN, 2, 0], [True, True, False, False], [-INF] * 4, [INF] * 4),
        ([1.0, 0, 2, 3], [False, False, True, False], [1.0, -INF, -INF, 1.0], [INF, INF, INF, 4.5]),
        ([1.0, 1, 2, NAN], [False, True, False, True], [-INF, 0, 1.0, 0], [1.0, 0, 3.0, 0]),
    ],
)
def test_completion_is_the_conditional_by_enumeration(x, known, low, high) -> None:
    data, c = small()
    model = fitted(KDE(), SMALL, data, c, label(2))
    rows = every()
    log_mass, allowed = model.log_prob(rows), torch.ones(len(rows), dtype=torch.bool)
    for d in range(4):
        if known[d]:
            allowed &= (rows[:, d] == x[d]) | (rows[:, d].isnan() & math.isnan(x[d]))
        elif low[d] > -INF or high[d] < INF:
            allowed &= (rows[:, d] >= low[d]) & (rows[:, d] <= high[d])
    one = Evidence(*(torch.tensor([part]) for part in (known, low, high)))
    wanted = float(log_mass[allowed].logsumexp(0))
    assert float(model.log_evidence(torch.tensor([x]), one)) == pytest.approx(wanted, abs=2e-3)
    n = 6000
    start = torch.tensor([x] * n)
    drawn = model.complete(start, Evidence(*(torch.tensor([part] * n) for part in (known, low, high))), rng=Keyed(2))
    kept = torch.tensor(known)
    torch.testing.assert_close(drawn[:, kept], start[:, kept], equal_nan=True, rtol=0, atol=0)
    allowed &= ~(rows.isnan() & ~kept).any(1)  # a free cell is drawn given that it is there
    share = (log_mass[allowed] - log_mass[allowed].logsumexp(0)).exp()
    for d in (~kept).nonzero()[:, 0].tolist():
        for value in rows[allowed, d].unique():
            p = float(share[rows[allowed, d] == value].sum())
            assert float((drawn[:, d] == value).double().mean()) == pytest.approx(p, abs=0.03)


def test_correlated_reals_are_completed_along_their_ridge() -> None:
    rng = np.random.default_rng(0)
    z = rng.standard_normal((1500, 1))
    model = fitted(KDE(), reals(2), torch.tensor(np.concatenate([z, z], 1) + 0.1 * rng.standard_normal((1500, 2))))
    x = torch.full((400, 2), 1.2)
    drawn = model.complete(x, Evidence(torch.tensor([[True, False]]).expand(400, 2)), rng=Keyed(0))
    assert (drawn[:, 0] == x[:, 0]).all()
    assert float(drawn[:, 1].mean()) == pytest.approx(1.15, abs=0.1)
    assert float(drawn[:, 1].std()) < 0.4


@pytest.mark.parametrize("kernel", [Gaussian(), Tophat()], ids=lambda kernel: type(kernel).__name__)
def test_little_data_is_no_crash(kernel: Kernel) -> None:
    for x in (torch.zeros(1, 2), torch.zeros(5, 2), torch.tensor([[0.0, 1], [0, 2]])):
        model = fitted(KDE(kernel=kernel), reals(2), x)
        assert torch.isfinite(model.log_prob(x)).all()
        assert torch.isfinite(model.sample(5, rng=Keyed(0))).all()
    with pytest.raises(EmptyData):
        KDE(kernel=kernel).build(reals(2)).finish()


def test_conditions_that_are_not_classes_are_refused() -> None:
    with pytest.raises(ConditionError, match="KDE is conditioned on classes only"):
        KDE().build(reals(2), reals(1))


def test_weights_saved_and_loaded_are_the_same_model() -> None:
    from likely.store import fill

    x, c = small()
    model = fitted(KDE(), SMALL, x, c, label(2))
    again = KDE().build(SMALL, label(2))
    fill(again, model.state_dict())
    assert torch.equal(again.log_prob(x, c), model.log_prob(x, c))
    assert not any(torch.isnan(tensor).any() for tensor in model.state_dict().values())


def test_double_models_draw_doubles() -> None:
    model = fitted(KDE(bandwidth=HALF), reals(3), points()).double()
    assert model.sample(3, rng=Keyed(0)).dtype == torch.float64
    near = fitted(KDE(bandwidth=HALF), reals(3), points().float())
    torch.testing.assert_close(
        near.double().log_prob(points(9, seed=1)), model.log_prob(points(9, seed=1)), rtol=1e-5, atol=1e-5
    )


def test_the_classes_of_digits_are_found() -> None:
    digits = load_digits()
    x, c = torch.tensor(digits.images[:, None]).float(), torch.tensor(digits.target).float()[:, None]  # pyright: ignore[reportAttributeAccessIssue]
    model = fitted(KDE(bandwidth=Likelihood(queries=200)), Image(1, 8, 8, 17), x[:1400], c[:1400], label(10))
    found = model.log_joint(x[1400:]).argmax(1)
    assert float((found == c[1400:, 0]).double().mean()) > 0.9
    assert torch.isfinite(model.log_prob(x[1400:], c[1400:])).all()
