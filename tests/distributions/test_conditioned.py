"""Conditions: a bank for each class, the joint law conditioned on anything else, and what is left open summed out."""

import math

import numpy as np
import pytest
import torch

from likely.contracts import Evidence, Space
from likely.distributions.components import Components, Prior, spread_of
from likely.distributions.conditioned import Conditioned
from likely.distributions.covariance import Full
from likely.errors import ConditionError
from likely.rng import Keyed
from likely.spaces import Category, Real, Tokens, Vector, absent, label, reals

NAN = math.nan
WITH = Vector((Real(missing=True), Category(2)))


def learned(space: Space, condition: Space | None, x: torch.Tensor, c: torch.Tensor | None) -> Conditioned:
    law = Conditioned(space, condition, "Mixture", lambda cells, banks: Components(cells, banks, [2], Full(), PRIOR))
    law.look(*law.of_class(x, c, None))
    law.components.start(*spread_of(law.components.moments))
    near = (x[:, :1] > 0).long()
    for step in range(5):
        law.components.forget()
        cells, k, w = law.of_class(x, c, None)
        law.observe(cells, k, w, None if step else near[law.classes.index(None if law.beside else c, len(x)) >= 0])
        law.components.maximise()
    return law


PRIOR = Prior(0.0, 0.0, 1.0)


def rows(n: int = 600) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    rng = np.random.default_rng(0)
    k = rng.integers(0, 3, n)
    a = rng.normal(2 * k - 2, 1)
    x = np.stack([a, a + rng.normal(0, 0.7, n)], 1)
    side = np.stack([np.where(rng.random(n) < 0.2, NAN, x[:, 0] + rng.normal(0, 0.5, n)), k > 0], 1)
    return torch.tensor(x).float(), torch.tensor(k).float()[:, None], torch.tensor(side).float()


def test_each_class_is_a_mixture_of_its_rows_alone() -> None:
    x, c, _ = rows()
    law = learned(reals(2), label(3), x, c)
    joint = law.log_joint(x)
    for k in range(3):
        alone = learned(reals(2), None, x[c[:, 0] == k], None)
        torch.testing.assert_close(joint[:, k], alone.log_prob(x, None), rtol=1e-4, atol=1e-3)
        torch.testing.assert_close(law.log_prob(x, torch.full((600, 1), float(k))), joint[:, k])
    wanted = (joint + law.log_prior()).logsumexp(1)
    torch.testing.assert_close(law.log_prob(x, None), wanted)
    torch.testing.assert_close(law.log_prob(x, absent(c)), wanted)
    both = torch.where(torch.arange(600)[:, None] % 2 == 0, c, torch.nan)
    mixed = torch.where(torch.arange(600) % 2 == 0, law.log_prob(x, c), wanted)
    torch.testing.assert_close(law.log_prob(x, both), mixed)
    assert float((law.likeliest(x, None) == c[:, 0]).double().mean()) > 0.6
    assert torch.equal(law.likeliest(x, c), c[:, 0].long())


def test_rows_of_no_known_class_are_left_out_and_a_class_without_rows_is_no_crash() -> None:
    x, c, _ = rows()
    gone = torch.where(c == 2, torch.nan, c)
    law, few = learned(reals(2), label(3), x, gone), c[:, 0] < 2
    again = learned(reals(2), label(3), x[few], c[few])
    torch.testing.assert_close(law.log_prob(x, c), again.log_prob(x, c))
    assert torch.isfinite(law.log_joint(x)).all()


@pytest.mark.parametrize("known", [[True, True], [False, True], [True, False], [False, False]])
def test_any_other_table_is_conditioned_on_by_bayes_rule(known: list[bool]) -> None:
    x, _, side = rows()
    law = learned(reals(2), WITH, x, side)
    c = torch.where(torch.tensor(known), torch.tensor([0.7, 1.0]), torch.nan)
    step = 0.1
    axis = torch.arange(-90, 90) * step
    grid = torch.cartesian_prod(axis, axis)
    density = law.log_prob(grid, c.expand(len(grid), 2)).exp() * step**2
    assert float(density.sum()) == pytest.approx(1.0, abs=1e-3)
    drawn = law.sample(20_000, c.expand(20_000, 2), rng=Keyed(0))
    np.testing.assert_allclose(drawn.mean(0).numpy(), (density[:, None] * grid).sum(0).numpy(), atol=0.05)
    assert law.log_joint(x).shape == (600, 0)
    if not any(known):
        torch.testing.assert_close(law.log_prob(x, None), law.log_prob(x, c.expand(600, 2)))


@pytest.mark.parametrize("condition", [None, label(3), WITH], ids=["nothing", "class", "table"])
def test_completion_is_the_conditional(condition: Space | None) -> None:
    x, k, side = rows()
    c = None if condition is None else side if condition is WITH else k
    law = learned(reals(2), condition, x, c)
    n = 20_000
    start, known = torch.tensor([[0.4, NAN]]).expand(n, 2), torch.tensor([[True, False]]).expand(n, 2)
    some = None if c is None else c[:1].expand(n, -1)
    drawn = law.complete(start, Evidence(known), some, rng=Keyed(1))
    assert (drawn[:, 0] == start[:, 0]).all()
    axis = torch.arange(-800, 800) * 0.01
    grid = torch.stack([torch.full_like(axis, 0.4), axis], 1)
    density = law.log_prob(grid, None if c is None else c[:1].expand(1600, -1)).exp() * 0.01
    whole = law.log_evidence(start[:1], Evidence(known[:1]), None if some is None else some[:1])
    assert float(density.sum()) == pytest.approx(float(whole.exp()), rel=1e-3)
    density = density / density.sum()
    mean = (density * axis).sum()
    assert float(drawn[:, 1].mean()) == pytest.approx(float(mean), abs=0.03)
    assert float(drawn[:, 1].var()) == pytest.approx(float((density * (axis - mean) ** 2).sum()), rel=0.06)


def test_conditions_that_are_not_tables_are_refused() -> None:
    with pytest.raises(ConditionError, match="Mixture is conditioned on columns of a table only"):
        learned(reals(2), Tokens(5, 3), torch.zeros(2, 2), None)
