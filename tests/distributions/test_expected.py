"""States and counts of components: shares of rows count as rows do, and the steps raise the likelihood."""

import math

import numpy as np
import pytest
import torch
from scipy import optimize, stats

from likely.distributions.expected import CountLaws, StateLaws
from likely.rng import Keyed

ALL = slice(0, 2)


def shared(n: int = 500) -> tuple[torch.Tensor, torch.Tensor]:
    rng = np.random.default_rng(0)
    share = rng.dirichlet([1, 1], n)
    state = np.stack([rng.integers(0, 3, n), rng.integers(-1, 2, n)], 1)
    return torch.tensor(state), torch.tensor(share)


@pytest.mark.parametrize("dense", [True, False])
def test_tables_are_weighted_shares_of_what_was_seen(dense: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not dense:
        monkeypatch.setattr("likely.distributions.expected.DENSE", 0)
    (state, share), laws = shared(), StateLaws(2, torch.tensor([3, 2]))
    for rows in torch.arange(500).chunk(3):
        laws.observe(state[rows], share[rows], ALL)
    laws.maximise([ALL], 0.0)
    for t in range(2):
        wanted = [float(share[state[:, 0] == s, t].sum() / share[:, t].sum()) for s in range(3)]
        np.testing.assert_allclose(laws.law[t, :3].numpy(), wanted)
        told = state[:, 1] >= 0
        wanted = [float(share[state[:, 1] == s, t].sum() / share[told, t].sum()) for s in range(2)]
        np.testing.assert_allclose(laws.law[t, 3:].numpy(), wanted)
    joint = laws.log_joint(torch.tensor([[2, 1], [0, -1]]), ALL)
    np.testing.assert_allclose(joint[0].numpy(), (laws.law[:, 2].log() + laws.law[:, 4].log()).numpy())
    np.testing.assert_allclose(joint[1].numpy(), laws.law[:, 0].log().numpy())
    assert laws.modes(torch.tensor([3, 2])).tolist() == [
        [int(part.argmax()) for part in law.split([3, 2])] for law in laws.law
    ]


def test_smoothing_pulls_towards_what_all_rows_say() -> None:
    laws = StateLaws(2, torch.tensor([2]))
    laws.observe(torch.tensor([[0]] * 9 + [[1]]), torch.tensor([[1.0, 0.0]] * 9 + [[0.0, 1.0]]).double(), ALL)
    laws.maximise([ALL], 1.0)
    overall = 9.5 / 11
    np.testing.assert_allclose(laws.law[:, 0].numpy(), [(9 + overall) / 10, overall / 2])
    assert (laws.law > 0).all()


def test_a_component_without_rows_says_what_all_rows_say() -> None:
    laws, counts = StateLaws(2, torch.tensor([2])), CountLaws(2, 1)
    share = torch.tensor([[1.0, 0.0]] * 10).double()
    laws.observe(torch.tensor([[0]] * 9 + [[1]]), share, ALL)
    counts.observe(torch.full((10, 1), 4.0).double(), torch.ones(10, 1, dtype=torch.bool), share, ALL)
    laws.maximise([ALL], 0.0)
    counts.maximise([ALL], 0.0)
    assert float(laws.law[1, 0]) == pytest.approx(9.5 / 11)
    assert float(counts.mean[1]) == pytest.approx(40.5 / 11)


def counted(n: int = 2000) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    rng = np.random.default_rng(1)
    x = np.stack([rng.negative_binomial(2.0, 2 / 7, n), rng.poisson(3, n)], 1).astype(float)
    told = rng.random((n, 2)) < 0.9
    return torch.tensor(np.where(told, x, 0)), torch.tensor(told), torch.tensor(rng.dirichlet([1, 1], n))


def test_counts_climb_to_the_most_likely_law() -> None:
    (x, told, share), laws = counted(), CountLaws(2, 2)
    laws.start(torch.tensor([5.0, 3.0]).double(), torch.tensor([30.0, 20.0]).double())
    before = -math.inf
    for _ in range(300):
        likelihood = float((share * laws.log_joint(x, told, ALL)).sum())
        assert likelihood >= before - 1e-7
        before = likelihood
        laws.sums.zero_()
        laws.observe(x, told, share, ALL)
        laws.maximise([ALL], 0.0)

    def loss(theta: np.ndarray) -> float:
        m, r = np.exp(theta)
        each = stats.nbinom.logpmf(x[:, 0].numpy(), r, r / (r + m))
        return -float((share[:, 0].numpy() * told[:, 0].numpy() * each).sum())

    best = np.exp(optimize.minimize(loss, [1.0, 0.0], method="Nelder-Mead").x)
    np.testing.assert_allclose([float(laws.mean[0, 0]), float(laws.shape[0, 0])], best, rtol=1e-2)
    assert float(laws.shape[0, 1]) > 30  # nearly Poisson


def test_masses_and_draws_of_counts_are_those_of_the_law() -> None:
    laws = CountLaws(1, 1)
    laws.start(torch.tensor([4.0]).double(), torch.tensor([9.0]).double())
    values = torch.arange(400.0).double()[:, None]
    law = laws.log_joint(values, torch.ones_like(values, dtype=torch.bool), slice(0, 1)).exp()[:, 0]
    assert float(law.sum()) == pytest.approx(1.0)
    t, low, high = torch.zeros(1, dtype=torch.int64), torch.tensor([[1.5]]).double(), torch.tensor([[6.0]]).double()
    assert float(laws.log_mass(t, low, high).exp()) == pytest.approx(float(law[2:7].sum()))
    n = 20_000
    drawn = laws.draw(t.expand(n), low.expand(n, 1), high.expand(n, 1), rng=Keyed(0))[:, 0]
    found = torch.bincount(drawn.long(), minlength=7) / n
    np.testing.assert_allclose(found[2:7].numpy(), (law[2:7] / law[2:7].sum()).numpy(), atol=0.015)
    assert found[:2].sum() == 0
