"""Mixture of Gaussians: scikit-learn as oracle, the number of components found, missing cells, degenerate data."""

import math

import numpy as np
import pytest
import torch
from sklearn.datasets import load_iris
from sklearn.mixture import GaussianMixture as TheirMixture

from likely.contracts import Evidence, Space
from likely.distributions.covariance import Covariance, Diagonal, Factors, Full, Spherical, Tied
from likely.errors import ConditionError, EmptyData, FieldError
from likely.families.gaussian_mixture import BIC, GaussianMixture, GaussianMixtureModel
from likely.rng import Keyed
from likely.spaces import Category, Count, Image, Real, Tokens, Vector, label, reals
from likely.store import fill

NAN = math.nan
KINDS = {"full": Full(), "tied": Tied(), "diag": Diagonal(), "spherical": Spherical()}
MIXED = Vector((Real(), Real(atoms=(0.0,), missing=True), Category(3, missing=True), Count(missing=True)))


def fitted(
    family: GaussianMixture,
    space: Space,
    x: torch.Tensor,
    c=None,
    condition=None,
    weight=None,
    chunk: int = 10_000,
    prepared: bool = True,
) -> GaussianMixtureModel:
    model = family.build(space, condition)
    if prepared:
        model.prepare(x, c, rng=Keyed(0))
    passed(model, x, c, weight, chunk)
    return model


def passed(model: GaussianMixtureModel, x: torch.Tensor, c=None, weight=None, chunk: int = 10_000) -> None:
    more = True
    while more:
        for rows in torch.arange(len(x)).split(chunk):
            model.observe(x[rows], None if c is None else c[rows], None if weight is None else weight[rows])
        more = model.finish()


def clumps(n: int = 1500, k: int = 3, d: int = 4, apart: float = 2.0, seed: int = 0) -> torch.Tensor:
    rng = np.random.default_rng(seed)
    return torch.tensor(apart * rng.standard_normal((k, d))[rng.integers(0, k, n)] + rng.standard_normal((n, d)))


def mixed(n: int = 500) -> torch.Tensor:
    rng = np.random.default_rng(0)
    t = rng.integers(0, 2, n)
    x = np.stack([rng.normal(6 * t, 1), rng.normal(3 - t, 2), rng.integers(0, 2 + t), rng.poisson(2 + 9 * t)], 1)
    x[rng.random(n) < 0.3, 1] = 0.0
    for d in (1, 2, 3):
        x[rng.random(n) < 0.2, d] = NAN
    return torch.tensor(x).float()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("chunk", [1500, 100])
@pytest.mark.filterwarnings("ignore:Best performing initialization")
def test_steps_are_scikit_learns(kind: str, chunk: int) -> None:
    x = clumps() + 100
    family = GaussianMixture(components=3, covariance=KINDS[kind], strength=0.0, floor=0.0, passes=6, tolerance=0.0)
    model = family.build(reals(4))
    covariance = torch.full((3, 4), 4.0).double()
    model.start(torch.full((3,), 1 / 3), x[:3], torch.diag_embed(covariance) if KINDS[kind].dense else covariance)
    passed(model, x, chunk=chunk)
    start = {
        "full": np.repeat(np.eye(4)[None] / 4, 3, 0),
        "tied": np.eye(4) / 4,
        "diag": np.full((3, 4), 0.25),
        "spherical": np.full(3, 0.25),
    }
    theirs = TheirMixture(
        3,
        covariance_type=kind,
        max_iter=6,
        tol=0.0,
        reg_covar=0.0,
        weights_init=np.full(3, 1 / 3),
        means_init=x[:3].numpy(),
        precisions_init=start[kind],
    ).fit(x)
    np.testing.assert_allclose(model.log_prob(x).numpy(), theirs.score_samples(x.numpy()), rtol=1e-8, atol=1e-7)
    np.testing.assert_allclose(model.law.components.mean.numpy(), theirs.means_, rtol=1e-8)


@pytest.mark.parametrize("prepared", [True, False])
@pytest.mark.parametrize("k", [1, 2, 4, 6])
def test_bic_finds_the_number_of_clear_clumps(k: int, prepared: bool) -> None:
    x = clumps(2000, k, 3, apart=12.0, seed=k)
    model = fitted(GaussianMixture(starts=2), reals(3), x, prepared=prepared)
    assert model.law.components.sizes.tolist() == [k]
    assert model.prototypes.numel() == 0


def test_a_fit_is_as_good_as_scikit_learns() -> None:
    x = torch.tensor(load_iris().data)
    theirs = max(TheirMixture(3, random_state=seed).fit(x).score(x) for seed in range(5))
    family = GaussianMixture(components=3, strength=0.0, starts=5, tolerance=1e-5, floor=1e-6)
    assert float(fitted(family, reals(4), x).log_prob(x).mean()) > theirs - 0.01


def test_missing_cells_are_marginals_and_learned_around() -> None:
    x = clumps(3000, 3, 4, apart=6.0)
    gaps = x.masked_fill(torch.rand(x.shape, generator=torch.Generator().manual_seed(0)) < 0.25, NAN)
    family = GaussianMixture(components=3, tolerance=1e-5)
    whole, holed = fitted(family, reals(4), x), fitted(family, reals(4), gaps, chunk=1000)
    assert float(holed.log_prob(x).mean()) > float(whole.log_prob(x).mean()) - 0.03
    components = whole.law.components
    row, asked = x[:50].clone(), torch.tensor([True, False, True, False])
    row[:, ~asked] = NAN
    each = [
        torch.distributions.MultivariateNormal(
            components.mean[t, asked], components.covariance[t][asked][:, asked]
        ).log_prob(row[:, asked])
        + components.log_weight[t]
        for t in range(3)
    ]
    torch.testing.assert_close(whole.log_prob(row), torch.stack(each).logsumexp(0))


@pytest.mark.parametrize("kind", [*KINDS.values(), Factors(rank=1)], ids=str)
def test_degenerate_data_are_no_crash(kind: Covariance) -> None:
    line = torch.arange(40.0)[:, None] * torch.tensor([[1.0, 2.0]])
    for x in (
        torch.zeros(1, 2),
        torch.ones(30, 2),
        line,
        torch.tensor([[0.0, 1e6], [1e-6, 1e6]]),
        clumps(4, 1, 2).float(),
    ):
        for family in (GaussianMixture(covariance=kind), GaussianMixture(components=5, covariance=kind, strength=0.0)):
            model = fitted(family, reals(2), x)
            assert torch.isfinite(model.log_prob(x)).all()
            assert torch.isfinite(model.sample(5, rng=Keyed(0))).all()
            assert torch.isfinite(model.log_prob(x + 1000)).all()


def test_no_rows_are_refused() -> None:
    with pytest.raises(EmptyData):
        GaussianMixture().build(reals(2)).finish()
    model = GaussianMixture().build(reals(2), label(2))
    model.observe(torch.zeros(3, 2), torch.full((3, 1), NAN))
    with pytest.raises(EmptyData):
        model.finish()


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("prepared", [False, True])
def test_chunks_in_any_order_are_all_rows_at_once(weighted: bool, prepared: bool) -> None:
    x, c = mixed(), (torch.arange(500) % 2).float()[:, None]
    weight = torch.rand(500, generator=torch.Generator().manual_seed(0)) if weighted else None
    family = GaussianMixture(components=2, passes=5)
    whole = fitted(family, MIXED, x, c, label(2), weight, prepared=prepared)
    order = torch.randperm(500, generator=torch.Generator().manual_seed(1))
    parts = family.build(MIXED, label(2))
    if prepared:
        parts.prepare(x, c, rng=Keyed(0))
    passed(parts, x[order], c[order], None if weight is None else weight[order], chunk=60)
    torch.testing.assert_close(parts.log_prob(x, c), whole.log_prob(x, c), rtol=1e-6, atol=1e-6)


def test_a_weight_of_two_is_a_row_twice() -> None:
    x, weight = mixed(), torch.ones(500)
    weight[:100] = 2
    family = GaussianMixture(components=2)
    once = fitted(family, MIXED, x, weight=weight, prepared=False)
    twice = fitted(family, MIXED, torch.cat([x, x[:100]]), prepared=False)
    torch.testing.assert_close(once.log_prob(x), twice.log_prob(x), rtol=1e-6, atol=1e-6)


def test_clumps_of_mixed_cells_are_found_and_their_samples_look_alike() -> None:
    x = mixed(4000)
    model = fitted(GaussianMixture(), MIXED, x)
    assert model.law.components.sizes.tolist() == [2]
    drawn = model.sample(8000, rng=Keyed(0))
    for d in range(4):
        assert float(torch.isnan(drawn[:, d]).double().mean()) == pytest.approx(
            float(torch.isnan(x[:, d]).double().mean()), abs=0.02
        )
        assert float(drawn[:, d].nanmean()) == pytest.approx(float(x[:, d].nanmean()), abs=0.2)
    assert float((drawn[:, 1] == 0).double().mean()) == pytest.approx(float((x[:, 1] == 0).double().mean()), abs=0.02)
    high = drawn[:, 0] > 3
    assert float(drawn[high, 3].nanmean()) == pytest.approx(11, abs=0.4)
    assert float(drawn[~high, 3].nanmean()) == pytest.approx(2, abs=0.2)


def test_free_cells_follow_the_component_that_the_known_ones_tell() -> None:
    model = fitted(GaussianMixture(), MIXED, mixed(2000))
    x = torch.tensor([[6.0, NAN, NAN, NAN]]).expand(3000, 4)
    known = torch.tensor([[True, False, False, False]]).expand(3000, 4)
    drawn = model.complete(x, Evidence(known), rng=Keyed(0))
    assert not drawn.isnan().any()
    assert float(drawn[:, 3].mean()) == pytest.approx(11, abs=0.5)
    low, high = torch.tensor([[-math.inf, 1.0, -math.inf, 5.0]]), torch.tensor([[math.inf, 2.0, math.inf, 10.0]])
    between = Evidence(known, low.expand(3000, 4), high.expand(3000, 4))
    drawn = model.complete(x, between, rng=Keyed(0))
    assert (drawn[:, 1] >= 1).all()
    assert (drawn[:, 1] <= 2).all()
    assert (drawn[:, 3] >= 5).all()
    assert (drawn[:, 3] <= 10).all()
    assert torch.isfinite(model.log_evidence(x[:3], Evidence(known[:3], low.expand(3, 4), high.expand(3, 4)))).all()


def test_classes_are_told_apart() -> None:
    iris = load_iris()
    x, c = torch.tensor(iris.data), torch.tensor(iris.target).double()[:, None]
    model = fitted(GaussianMixture(components=1), reals(4), x, c, label(3))
    assert float((model.log_joint(x).argmax(1) == c[:, 0]).double().mean()) > 0.97


def test_more_rows_can_be_counted_in_after_the_last_pass() -> None:
    x = clumps(2000)
    model = fitted(GaussianMixture(components=3, tolerance=1e-6), reals(4), x[:1500])
    before = float(model.log_prob(x).mean())
    model.observe(x[1500:])
    assert model.finish() is False
    assert float(model.log_prob(x).mean()) > before
    assert float(model.law.components.sums[:, 0].sum()) == pytest.approx(2000)


def test_a_mixture_that_was_stopped_early_takes_more_rows_too() -> None:
    x = clumps(2000)
    for passes in (1, 2, 4):
        model = GaussianMixture(components=BIC(upto=4)).build(reals(4))
        model.prepare(x, rng=Keyed(0))
        for _ in range(passes):
            model.observe(x[:1500])
            assert model.finish()
        model.eval()
        model.observe(x[1500:])
        assert model.finish() is False
        assert float(model.passes.rows) == 2000
        assert torch.isfinite(model.log_prob(x)).all()


@pytest.mark.parametrize("passes", [0, 1, 2, 4, 100])
def test_a_stage_saved_is_a_stage_gone_on_with(passes: int) -> None:
    x, family = mixed(), GaussianMixture(components=BIC(upto=3))
    whole = fitted(family, MIXED, x)
    model = family.build(MIXED)
    model.prepare(x, rng=Keyed(0))
    more = True
    for _ in range(passes):
        if more:
            model.observe(x)
            more = model.finish()
    again = family.build(MIXED)
    fill(again, {name: tensor.clone() for name, tensor in model.state_dict().items()})
    if more:
        passed(again, x)
    assert torch.equal(again.log_prob(x), whole.log_prob(x))
    assert not any(torch.isnan(tensor).any() for tensor in again.state_dict().values())


def test_reals_of_pictures() -> None:
    space = Image(1, 3, 3, levels=None)
    x = (clumps(400, 2, 9, apart=0.3).reshape(-1, 1, 3, 3) * 0.1).float()
    model = fitted(GaussianMixture(components=2, covariance=Factors(rank=2)), space, x)
    assert model.sample(4, rng=Keyed(0)).shape == (4, 1, 3, 3)
    assert torch.isfinite(model.log_prob(x)).all()


def test_fields_and_conditions_are_checked() -> None:
    for field in ("components", "starts", "passes"):
        with pytest.raises(FieldError, match=field):
            GaussianMixture(**{field: 0})
    for field in ("tolerance", "strength", "floor", "smoothing"):
        with pytest.raises(FieldError, match=field):
            GaussianMixture(**{field: -1.0})
    with pytest.raises(FieldError, match="upto"):
        BIC(upto=0)
    with pytest.raises(ConditionError, match="GaussianMixture"):
        GaussianMixture().build(reals(2), Tokens(5, 3))
    with pytest.raises(FieldError, match="other components"):
        GaussianMixture(components=2).build(reals(2)).start(torch.ones(3), torch.zeros(3, 2), torch.zeros(3, 2, 2))
