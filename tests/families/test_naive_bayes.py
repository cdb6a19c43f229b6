"""Naive Bayes: scikit-learn as oracle, masses by brute force, chunks in any order, completion by enumeration."""

import itertools
import math

import numpy as np
import pytest
import torch
from scipy import stats
from sklearn.datasets import load_digits
from sklearn.naive_bayes import BernoulliNB, CategoricalNB, GaussianNB

from likely.contracts import Evidence
from likely.distributions.feature import KernelDensity, Normal, Poisson
from likely.distributions.kernels import Epanechnikov
from likely.errors import CannotAnswer, ConditionError, EmptyData, FieldError
from likely.families.naive_bayes import NaiveBayes, NaiveBayesModel
from likely.rng import Keyed
from likely.spaces import Category, Count, Image, Real, Tokens, Vector, absent, label, reals
from likely.testing import CONDITIONS, LAWS, SPACES, Case, verdict

NAN, INF = math.nan, math.inf
MIXED = Vector((Real(atoms=(0.0, 1.5), missing=True), Real(), Count(missing=True), Category(3, missing=True)))


def fitted(family: NaiveBayes, space, x, c=None, condition=None, weight=None, chunk: int = 10_000) -> NaiveBayesModel:
    model = family.build(space, condition)
    for rows in torch.arange(len(x)).split(chunk):
        model.observe(x[rows], None if c is None else c[rows], None if weight is None else weight[rows])
    assert model.finish() is False
    return model


def mixed(n: int, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    rng = np.random.default_rng(seed)
    c = rng.integers(0, 2, n)
    x = np.stack([rng.normal(c, 1), rng.normal(3 - c, 2), rng.poisson(2 + 3 * c), rng.integers(0, 2 + c)], 1)
    x[rng.random(n) < 0.3, 0] = 0
    x[rng.random(n) < 0.1 + 0.1 * c, 0] = 1.5
    for d in (0, 2, 3):
        x[rng.random(n) < 0.1 + 0.1 * c, d] = NAN
    return torch.tensor(x, dtype=torch.float32), torch.tensor(c, dtype=torch.float32)[:, None]


def normals(n: int = 600, offset: float = 0.0) -> tuple[torch.Tensor, torch.Tensor]:
    rng = np.random.default_rng(0)
    c = rng.integers(0, 3, n)
    x = rng.standard_normal((n, 4)) * [1, 2, 0.5, 3] + 0.7 * c[:, None] + offset
    return torch.tensor(x), torch.tensor(c, dtype=torch.float64)[:, None]


LIKE_THEIRS = NaiveBayes(reals=Normal(floor=0.0), smoothing=0.0, strength=0.0)


@pytest.mark.parametrize("offset", [0.0, 1e6])
def test_gaussian_columns_are_scikit_learns(offset: float) -> None:
    x, c = normals(offset=offset)
    model = fitted(LIKE_THEIRS, reals(4), x, c, label(3), chunk=50)
    theirs = GaussianNB(var_smoothing=0.0).fit(x.numpy() - offset, c[:, 0].numpy())  # theirs loses digits far from 0
    np.testing.assert_allclose(model.log_posterior(x).numpy(), theirs.predict_log_proba(x.numpy() - offset), atol=1e-6)
    np.testing.assert_allclose(model.log_prior().exp().numpy(), theirs.class_prior_, rtol=1e-12)


def test_sample_weights_are_scikit_learns() -> None:
    x, c = normals()
    weight = torch.rand(len(x), generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    model = fitted(LIKE_THEIRS, reals(4), x, c, label(3), weight)
    theirs = GaussianNB(var_smoothing=0.0).fit(x.numpy(), c[:, 0].numpy(), weight.numpy())
    np.testing.assert_allclose(model.log_posterior(x).numpy(), theirs.predict_log_proba(x.numpy()), atol=1e-9)


def test_float32_cells_are_scikit_learns_to_the_sixth_digit() -> None:
    x, c = normals(20_000)
    x = x.float()
    model = fitted(LIKE_THEIRS, reals(4), x, c, label(3))
    theirs = GaussianNB(var_smoothing=0.0).fit(x.double().numpy(), c[:, 0].numpy())
    np.testing.assert_allclose(model.log_posterior(x).numpy(), theirs.predict_log_proba(x.double().numpy()), atol=1e-6)


@pytest.mark.parametrize(
    ("levels", "theirs"), [(2, BernoulliNB(alpha=0.7)), (4, CategoricalNB(alpha=0.7, min_categories=4))]
)
def test_choices_are_scikit_learns(levels: int, theirs: BernoulliNB | CategoricalNB) -> None:
    rng = np.random.default_rng(0)
    y = rng.integers(0, 3, 500)
    x = (rng.random((500, 5)) ** (1 + y[:, None]) * levels).astype(int)
    theirs.fit(x, y)
    family = NaiveBayes(smoothing=0.7, strength=0.0)
    model = fitted(
        family, Vector((Category(levels),) * 5), torch.tensor(x).float(), torch.tensor(y).float()[:, None], label(3)
    )
    joint = theirs.predict_joint_log_proba(x) - theirs.class_log_prior_
    np.testing.assert_allclose(model.log_joint(torch.tensor(x).float()).numpy(), joint, atol=1e-9)


def test_the_classes_found_are_scikit_learns_on_digits() -> None:
    digits = load_digits()
    x, c = torch.tensor(digits.images[:, None]).float(), torch.tensor(digits.target).float()[:, None]
    model = fitted(NaiveBayes(smoothing=1.0, strength=0.0), Image(1, 8, 8, 17), x, c, label(10))
    theirs = CategoricalNB(alpha=1.0, min_categories=17).fit(digits.data, digits.target)
    found = model.log_posterior(x).argmax(1).numpy()
    assert (found == theirs.predict(digits.data)).mean() > 0.99  # their prior is not smoothed


def test_mixed_cells_by_hand() -> None:
    x, c = mixed(300)
    model = fitted(
        NaiveBayes(reals=Normal(floor=0.0), counts=Poisson(), smoothing=1.0, strength=0.0), MIXED, x, c, label(2)
    )
    own = x[c[:, 0] == 1].double().numpy()
    n, first = len(own), own[:, 0]
    masses = [(first == value).sum() for value in (0.0, 1.5)] + [np.isnan(first).sum()]
    ordinary = first[~np.isnan(first) & (first != 0) & (first != 1.5)]
    row = torch.tensor([[0.4, NAN, 3.0, NAN]])  # an ordinary cell; one that cannot be missing; a count; a missing code
    counts = own[:, 2][~np.isnan(own[:, 2])]
    wanted = (
        math.log((n - sum(masses) + 1) / (n + 4))
        + stats.norm(ordinary.mean(), ordinary.std()).logpdf(np.float32(0.4))
        + math.log((len(counts) + 1) / (n + 2))
        + stats.poisson(counts.mean()).logpmf(3)
        + math.log((np.isnan(own[:, 3]).sum() + 1) / (n + 4))
    )
    assert float(model.log_prob(row, torch.ones(1, 1))) == pytest.approx(wanted, rel=1e-9)
    assert float(model.log_prob(torch.tensor([[1.5, NAN, NAN, NAN]]), torch.ones(1, 1))) == pytest.approx(
        math.log((masses[1] + 1) / (n + 4))
        + math.log((n - len(counts) + 1) / (n + 2))
        + math.log((np.isnan(own[:, 3]).sum() + 1) / (n + 4)),
        rel=1e-9,
    )


@pytest.mark.parametrize(
    "family", [NaiveBayes(), NaiveBayes(reals=KernelDensity(kernel=Epanechnikov()), counts=Poisson())]
)
@pytest.mark.parametrize("said", [None, 0.0, NAN])
def test_everything_adds_up_to_one(family: NaiveBayes, said: float | None) -> None:
    x, c = mixed(200)
    space = Vector((MIXED.columns[0], MIXED.columns[2], MIXED.columns[3]))
    model = fitted(family, space, x[:, [0, 2, 3]], c, label(2))
    step = 0.02
    values = [*(torch.arange(-600, 600) * step + step / 2).tolist(), 0.0, 1.5, NAN]
    rows = torch.tensor(list(itertools.product(values, [*range(40), NAN], [0.0, 1.0, 2.0, NAN])))
    given = None if said is None else torch.full((len(rows), 1), said)
    mass = model.log_prob(rows, given).exp()
    densities = ~(rows[:, 0].isnan() | (rows[:, 0] == 0) | (rows[:, 0] == 1.5))
    assert float((mass * torch.where(densities, step, 1.0)).sum()) == pytest.approx(1.0, abs=2e-3)


def test_without_a_condition_the_columns_are_independent() -> None:
    x, _ = mixed(400)
    model = fitted(NaiveBayes(), MIXED, x)
    parts = [fitted(NaiveBayes(), Vector((MIXED.columns[d],)), x[:, d : d + 1]) for d in range(4)]
    alone = torch.stack([part.log_prob(x[:, d : d + 1]) for d, part in enumerate(parts)]).sum(0)
    torch.testing.assert_close(model.log_prob(x), alone)


def test_the_null_condition_is_the_mixture_of_classes() -> None:
    x, c = mixed(400)
    model = fitted(NaiveBayes(), MIXED, x, c, label(2))
    parts = torch.stack([model.log_prob(x, torch.full_like(c, k)) for k in range(2)], 1)
    mixture = (parts + model.log_prior()).logsumexp(1)
    torch.testing.assert_close(model.log_prob(x, absent(c)), mixture)
    torch.testing.assert_close(model.log_prob(x), mixture)
    torch.testing.assert_close(model.log_joint(x), parts)


@pytest.mark.parametrize("family", [NaiveBayes(), NaiveBayes(reals=KernelDensity())])
def test_fifty_chunks_in_any_order_are_one_pass(family: NaiveBayes) -> None:
    x, c = mixed(1000)
    whole = fitted(family, MIXED, x, c, label(2))
    order = torch.randperm(50, generator=torch.Generator().manual_seed(0))
    rows = (order[:, None] * 20 + torch.arange(20)).flatten()
    parts = fitted(family, MIXED, x[rows], c[rows], label(2), chunk=20)
    torch.testing.assert_close(parts.log_prob(x, c), whole.log_prob(x, c), rtol=1e-6, atol=1e-6)


def test_more_rows_can_be_observed_after_a_pass() -> None:
    x, c = mixed(600)
    model = fitted(NaiveBayes(), MIXED, x[:300], c[:300], label(2))
    model.observe(x[300:], c[300:])
    model.finish()
    whole = fitted(NaiveBayes(), MIXED, x, c, label(2))
    torch.testing.assert_close(model.log_prob(x, c), whole.log_prob(x, c), rtol=1e-6, atol=1e-6)


def test_memory_does_not_grow_with_the_rows() -> None:
    x, c = mixed(500)
    sizes = []
    for rows in (100, 500):
        model = fitted(NaiveBayes(), MIXED, x[:rows], c[:rows], label(2))
        sizes.append(sum(tensor.numel() for tensor in model.state_dict().values()))
    assert sizes[0] == sizes[1]


def test_rows_without_a_class_are_left_out() -> None:
    x, c = mixed(300)
    gaps = c.clone()
    gaps[::3] = NAN
    kept = ~gaps[:, 0].isnan()
    torch.testing.assert_close(
        fitted(NaiveBayes(), MIXED, x, gaps, label(2)).log_prob(x, c),
        fitted(NaiveBayes(), MIXED, x[kept], c[kept], label(2)).log_prob(x, c),
    )


def test_a_row_s_score_does_not_depend_on_its_company() -> None:
    x, c = normals(300)
    model = fitted(NaiveBayes(), reals(4), x, c, label(3))
    gaps = x.clone()
    gaps[5, 2] = NAN
    alone = torch.cat([model.log_prob(gaps[i : i + 1]) for i in range(20)])
    torch.testing.assert_close(model.log_prob(gaps)[:20], alone)
    own = fitted(NaiveBayes(), reals(3), x[:, [0, 1, 3]], c, label(3))
    torch.testing.assert_close(alone[5], own.log_prob(x[5:6, [0, 1, 3]])[0])  # a gap that is no state is left out


def test_samples_fall_where_the_mass_is() -> None:
    x, c = mixed(2000)
    model = fitted(NaiveBayes(reals=KernelDensity()), MIXED, x, c, label(2))
    given = torch.ones(8000, 1)
    drawn = model.sample(8000, given, rng=Keyed(1))
    cells = ((drawn[:, 0] > 0) & (drawn[:, 0] < 1)).double()
    grid = torch.full((500, 4), NAN)
    grid[:, 0] = (torch.arange(500) + 0.5) / 500
    known = torch.zeros(500, 4, dtype=torch.bool)
    known[:, 0] = True
    mass = model.log_evidence(grid, Evidence(known), given[:500]).exp().mean()
    assert float(cells.mean()) == pytest.approx(float(mass), abs=0.02)
    for value, d in ((0.0, 0), (1.5, 0), (NAN, 0), (NAN, 2), (NAN, 3), (2.0, 3), (4.0, 2)):
        row = torch.full((1, 4), value)
        only = torch.arange(4)[None] == d
        same = drawn[:, d].isnan() if math.isnan(value) else drawn[:, d] == value
        mass = float(model.log_evidence(row, Evidence(only), given[:1]).exp())
        assert float(same.double().mean()) == pytest.approx(mass, abs=0.02)


def test_a_sample_depends_on_its_seed_and_row_alone() -> None:
    x, c = mixed(300)
    model = fitted(NaiveBayes(), MIXED, x, c, label(2))
    many, few = model.sample(20, rng=Keyed(4)), model.sample(8, rng=Keyed(4))
    torch.testing.assert_close(many[:8], few, equal_nan=True)
    torch.testing.assert_close(many[8:], model.sample(12, rng=Keyed(4, rows=8)), equal_nan=True)
    assert not torch.equal(many[:8].nan_to_num(), model.sample(8, rng=Keyed(5)).nan_to_num())


SMALL = Vector((Category(3), Category(2, missing=True), Count()))


def small() -> tuple[NaiveBayesModel, torch.Tensor, torch.Tensor]:
    """A model over few enough rows to list them all: every row, and its log-mass."""
    rng = np.random.default_rng(0)
    c = rng.integers(0, 3, 300)
    x = np.stack([rng.integers(0, 1 + c), rng.integers(0, 2, 300) * (c > 0), rng.poisson(1 + c)], 1).astype(float)
    x[rng.random(300) < 0.1 * (1 + c), 1] = NAN
    model = fitted(NaiveBayes(), SMALL, torch.tensor(x).float(), torch.tensor(c).float()[:, None], label(3))
    rows = torch.tensor(list(itertools.product([0.0, 1, 2], [0.0, 1, NAN], range(40))))
    return model, rows, model.log_prob(rows)


def agree(rows: torch.Tensor, x: list[float], known: list[bool], low: list[float], high: list[float]) -> torch.Tensor:
    """Which of the rows the evidence allows: known cells equal, others within their bounds where they have any."""
    allowed = torch.ones(len(rows), dtype=torch.bool)
    for d in range(rows.shape[1]):
        if known[d]:
            allowed &= (rows[:, d] == x[d]) | (rows[:, d].isnan() & math.isnan(x[d]))
        elif low[d] > -INF or high[d] < INF:
            allowed &= (rows[:, d] >= low[d]) & (rows[:, d] <= high[d])
    return allowed


@pytest.mark.parametrize(
    ("x", "known", "low", "high"),
    [
        ([0.0, 0, 0], [False] * 3, [-INF] * 3, [INF] * 3),
        ([1.0, 1, 2], [True] * 3, [-INF] * 3, [INF] * 3),
        ([1.0, NAN, 2], [True, True, False], [-INF] * 3, [INF] * 3),
        ([1.0, 0, 2], [False, False, True], [-INF] * 3, [INF] * 3),
        ([1.0, 0, 2], [False, False, False], [1.0, 0.5, 2.0], [INF, INF, 4.5]),
        ([1.0, 1, 2], [False, True, False], [-INF, 0, 1.0], [1.0, 0, 3.0]),
    ],
)
def test_completion_is_the_conditional_by_enumeration(x, known, low, high) -> None:
    model, rows, log_mass = small()
    n = 8000
    said = Evidence(*(torch.tensor([part] * n) for part in (known, low, high)))
    allowed = agree(rows, x, known, low, high)
    told = model.log_evidence(torch.tensor([x]), Evidence(*(torch.tensor([part]) for part in (known, low, high))))
    assert float(told) == pytest.approx(float(log_mass[allowed].logsumexp(0)), abs=1e-6)
    start = torch.tensor([x] * n)
    drawn = model.complete(start, said, rng=Keyed(2))
    kept = torch.tensor(known)
    torch.testing.assert_close(drawn[:, kept], start[:, kept], equal_nan=True, rtol=0, atol=0)
    allowed &= ~rows.isnan().any(1) | kept[1]  # a free cell is drawn given that it is there
    share = (log_mass[allowed] - log_mass[allowed].logsumexp(0)).exp()
    for row, p in zip(rows[allowed], share):
        if p > 0.02:
            same = ((drawn == row) | (drawn.isnan() & row.isnan())).all(1).double().mean()
            assert float(same) == pytest.approx(float(p), abs=0.025)


def test_a_real_cell_is_completed_within_its_bounds() -> None:
    x, c = normals(2000)
    model = fitted(NaiveBayes(), reals(4), x, c, label(3)).double()
    n = 4000
    known = torch.tensor([[True, False, False, False]]).expand(n, 4)
    low, high = (
        torch.tensor([row], dtype=torch.float64).expand(n, 4) for row in ([-INF, 1.0, -INF, 50.0], [INF, 2.0, 0.3, INF])
    )
    start = torch.tensor([[1.0, 0, 0, 0]], dtype=torch.float64).expand(n, 4)
    drawn = model.complete(start, Evidence(known, low, high), rng=Keyed(0))
    assert (drawn[:, 0] == 1).all()
    assert ((drawn >= low) & (drawn <= high))[:, 1:].all()
    grid = torch.zeros(400, 4, dtype=torch.float64)
    grid[:, 0], grid[:, 1] = 1.0, 1 + (torch.arange(400) + 0.5) / 400
    first_two = torch.tensor([[True, True, False, False]]).expand(400, 4)
    cut = Evidence(first_two, torch.full_like(grid, -INF), torch.full_like(grid, INF))
    cut.low[:, 3], cut.high[:, 2] = 50.0, 0.3
    weights = model.log_evidence(grid, cut).softmax(0)
    assert float(drawn[:, 1].mean()) == pytest.approx(float((weights * grid[:, 1]).sum()), abs=0.02)


def test_impossible_evidence_still_completes() -> None:
    model, _, _ = small()
    low, high = torch.full((1, 3), 5.0), torch.full((1, 3), 4.0)
    evidence = Evidence(torch.zeros(1, 3, dtype=torch.bool), low, high)
    assert torch.isfinite(model.complete(torch.zeros(1, 3), evidence, rng=Keyed(0))).all()
    assert float(model.log_evidence(torch.zeros(1, 3), evidence)) == -INF


def test_smoothing_saves_what_was_never_seen() -> None:
    x, c = torch.zeros(5, 1), torch.zeros(5, 1)
    model = fitted(NaiveBayes(), label(4), x, c, label(3))
    assert torch.isfinite(model.log_prob(torch.full((1, 1), 3.0), torch.full((1, 1), 2.0))).all()


def test_tokens_are_scored_and_drawn() -> None:
    x = torch.tensor([[1, 2, -1], [1, 0, -1], [1, 2, 3]])
    model = fitted(NaiveBayes(), Tokens(4, 3), x)
    drawn = model.sample(50, rng=Keyed(0))
    assert drawn.dtype == torch.int64
    assert drawn.min() >= -1
    assert torch.isfinite(model.log_prob(drawn)).all()


def test_double_models_draw_doubles() -> None:
    x, c = normals(100)
    model = fitted(NaiveBayes(), reals(4), x, c, label(3)).double()
    assert model.sample(3, rng=Keyed(0)).dtype == torch.float64
    assert model.log_prob(x).dtype == torch.float64


def test_weights_saved_and_loaded_are_the_same_model() -> None:
    x, c = mixed(200)
    model = fitted(NaiveBayes(), MIXED, x, c, label(2))
    again = NaiveBayes().build(MIXED, label(2))
    again.load_state_dict(model.state_dict())
    assert torch.equal(again.log_prob(x, c), model.log_prob(x, c))
    assert not any(torch.isnan(tensor).any() for tensor in model.state_dict().values())


@pytest.mark.parametrize("condition", [reals(1), Vector((Count(),)), Image(1, 2, 2, 4), Tokens(5, 2)])
def test_conditions_that_are_not_classes_are_refused(condition) -> None:
    with pytest.raises(ConditionError, match="classes only"):
        NaiveBayes().build(reals(2), condition)


def test_several_categories_are_one_class() -> None:
    x, c = normals(600)
    second = (torch.arange(600) % 2).double()[:, None]
    both = torch.cat([c, second], 1)
    model = fitted(NaiveBayes(strength=0.0), reals(4), x, both, Vector((Category(3), Category(2))))
    own = fitted(NaiveBayes(strength=0.0), reals(4), x[second[:, 0] == 1], c[second[:, 0] == 1], label(3))
    torch.testing.assert_close(
        model.log_prob(x, torch.cat([c, torch.ones_like(c)], 1)), own.log_prob(x, c), rtol=1e-6, atol=1e-6
    )


def test_no_rows_and_bad_fields_are_told() -> None:
    with pytest.raises(EmptyData):
        NaiveBayes().build(reals(2)).finish()
    with pytest.raises(FieldError, match="smoothing"):
        NaiveBayes(smoothing=-1.0)
    with pytest.raises(FieldError, match="strength"):
        NaiveBayes(strength=NAN)


SHARED = NaiveBayes(reals=Normal(shared=True), counts=Poisson())


@pytest.mark.parametrize(
    ("family", "space", "columns"),
    [
        (SHARED, MIXED, [0, 1, 2, 3]),
        (SHARED, Vector((Real(), Real(), Count())), [1, 1, 2]),
        (NaiveBayes(), Vector((Category(3, missing=True),) * 2), [3, 3]),
    ],
    ids=["mixed", "numbers", "choices"],
)
def test_the_same_classifier_as_planes(family, space, columns) -> None:
    x, c = mixed(600)
    x = x[:, columns].double()
    model = fitted(family, space, x, c, label(2))
    found = model.linear()
    assert found.weight.shape == (2, found.features(x).shape[1])
    torch.testing.assert_close(found.log_posterior(x), model.log_posterior(x), atol=1e-9, rtol=0)
    hidden = torch.where(torch.rand(x.shape, generator=torch.Generator().manual_seed(0)) < 0.3, NAN, x)
    torch.testing.assert_close(found.log_posterior(hidden), model.log_posterior(hidden), atol=1e-9, rtol=0)


@pytest.mark.parametrize("offset", [0.0, 1e6])
def test_shared_variances_are_the_classic_linear_discriminant(offset: float) -> None:
    x, c = normals(offset=offset)
    model = fitted(
        NaiveBayes(reals=Normal(floor=0.0, shared=True), strength=0.0, smoothing=0.0), reals(4), x, c, label(3)
    )
    y = c[:, 0].long().numpy()
    near = x.numpy() - offset
    mean = np.stack([near[y == k].mean(0) for k in range(3)])
    variance = ((near - mean[y]) ** 2).mean(0)
    scores = near @ (mean / variance).T - 0.5 * (mean**2 / variance).sum(1) + np.log(np.bincount(y) / len(y))
    wanted = scores - np.log(np.exp(scores).sum(1, keepdims=True))
    np.testing.assert_allclose(model.log_posterior(x).numpy(), wanted, atol=1e-6)
    np.testing.assert_allclose(model.linear().log_posterior(x).numpy(), wanted, atol=1e-6)
    np.testing.assert_allclose(model.linear().weight[:, :4].numpy(), (mean - near.mean(0)) / variance, atol=1e-6)


def test_pictures_of_black_and_white_are_linear() -> None:
    x = (torch.rand(300, 1, 4, 4, generator=torch.Generator().manual_seed(0)) < 0.4).float()
    c = (x.flatten(1).sum(1) > 6).float()[:, None]
    model = fitted(NaiveBayes(), Image(1, 4, 4, levels=2), x, c, label(2))
    torch.testing.assert_close(model.linear().log_posterior(x), model.log_posterior(x), atol=1e-9, rtol=0)


@pytest.mark.parametrize(
    "family", [NaiveBayes(), NaiveBayes(reals=KernelDensity()), NaiveBayes(reals=Normal(shared=True))]
)
def test_laws_that_bend_the_boundary_are_refused(family) -> None:
    x, c = mixed(200)
    with pytest.raises(CannotAnswer, match="not a linear classifier"):
        fitted(family, MIXED, x, c, label(2)).linear()


FEATURES = {
    "shared variance": NaiveBayes(reals=Normal(shared=True)),
    "Poisson": NaiveBayes(counts=Poisson()),
    "kernels": NaiveBayes(reals=KernelDensity()),
    "compact kernels": NaiveBayes(reals=KernelDensity(kernel=Epanechnikov())),
}


@pytest.mark.parametrize("condition", ["nothing", "class"])
@pytest.mark.parametrize("space", ["one real", "mixed"])
@pytest.mark.parametrize("feature", FEATURES)
def test_every_law_holds_for_every_feature(feature: str, space: str, condition: str) -> None:
    case = Case(FEATURES[feature], SPACES[space], CONDITIONS[condition])
    broken = [v.reason for v in (verdict(case, law) for law in LAWS) if v.outcome not in ("passed", "not promised")]
    assert not broken, broken
