"""Additive statistics: plain sums, in any order, far from zero, with gaps and weights."""

import numpy as np
import pytest
import torch

from likely.distributions.counted import Moments, Tallies, blocks


def rows(n: int = 5000, offset: float = 0.0, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    rng = np.random.default_rng(seed)
    k = torch.tensor(rng.integers(0, 3, n))
    x = torch.tensor(rng.standard_normal((n, 4)) * [1, 0.1, 5, 0.001] + offset) + k[:, None]
    return x, k, torch.tensor(rng.random(n))


def direct(x: torch.Tensor, k: torch.Tensor, w: torch.Tensor, label: int) -> tuple[torch.Tensor, ...]:
    """Weight, mean and scatter of one class by two passes, gaps left out."""
    there = ~torch.isnan(x[k == label])
    x, w = torch.where(there, x[k == label], 0.0).double(), w[k == label, None] * there
    mean = (w * x).sum(0) / w.sum(0)
    return w.sum(0), mean, (w * (x - mean).square()).sum(0)


@pytest.mark.parametrize("offset", [0.0, 1e6])
@pytest.mark.parametrize("gaps", [False, True])
def test_moments_are_those_of_two_passes(offset: float, gaps: bool) -> None:
    x, k, w = rows(offset=offset)
    if gaps:
        x[torch.rand(x.shape, generator=torch.Generator().manual_seed(0)) < 0.2] = float("nan")
    moments = Moments(3, 4)
    for part in torch.arange(len(x)).split(700):
        moments.observe(x[part], k[part], w[part])
    for label in range(3):
        weight, mean, scatter = direct(x, k, w, label)
        torch.testing.assert_close(moments.weight[label], weight, rtol=1e-12, atol=0)
        torch.testing.assert_close(moments.mean[label], mean, rtol=1e-12, atol=1e-12)
        torch.testing.assert_close(moments.scatter[label], scatter, rtol=1e-8, atol=0)


def test_the_order_of_chunks_does_not_matter() -> None:
    x, k, w = rows(offset=1e6)
    seen = []
    for order in (range(50), reversed(range(50))):
        moments = Moments(3, 4)
        for part in order:
            at = slice(100 * part, 100 * part + 100)
            moments.observe(x[at], k[at], w[at])
        seen.append(moments)
    torch.testing.assert_close(seen[0].mean, seen[1].mean, rtol=1e-13, atol=1e-13)
    torch.testing.assert_close(seen[0].scatter, seen[1].scatter, rtol=1e-7, atol=0)


def test_classes_far_apart_keep_their_own_variance() -> None:
    x, k, w = rows()
    x = x + 1e7 * k[:, None]
    moments = Moments(3, 4)
    moments.observe(x, k, w)
    for label in range(3):
        torch.testing.assert_close(moments.scatter[label], direct(x, k, w, label)[2], rtol=1e-6, atol=0)


def test_float32_cells_are_summed_in_float64() -> None:
    x, k, w = rows(n=50_000)
    x = x.float()
    moments = Moments(3, 4)
    moments.observe(x, k, w)
    for label in range(3):
        _, mean, scatter = direct(x, k, w, label)
        torch.testing.assert_close(moments.mean[label], mean, rtol=1e-12, atol=1e-12)
        torch.testing.assert_close(moments.scatter[label], scatter, rtol=1e-10, atol=0)


def test_classes_that_were_not_seen_stay_empty() -> None:
    moments = Moments(3, 2)
    moments.observe(torch.ones(4, 2), torch.ones(4, dtype=torch.int64), torch.ones(4))
    moments.observe(torch.ones(0, 2), torch.ones(0, dtype=torch.int64), torch.ones(0))
    assert moments.weight[:, 0].tolist() == [0, 4, 0]
    assert moments.mean[1].tolist() == [1, 1]
    assert torch.isfinite(torch.stack([*moments.buffers()])).all()


def test_pooled_moments_are_those_of_all_rows() -> None:
    x, k, w = rows()
    moments = Moments(3, 4)
    moments.observe(x, k, w)
    for part, whole in zip(moments.pooled(), direct(x, torch.zeros_like(k), w, 0)):
        torch.testing.assert_close(part[0], whole, rtol=1e-9, atol=0)


def test_tallies_are_counts_and_their_law_sums_to_one() -> None:
    tallies = Tallies(2, torch.tensor([3, 1, 2]))
    state = torch.tensor([[0, 0, 1], [2, 0, -1], [2, 0, 0]])
    tallies.observe(state, torch.tensor([0, 1, 1]), torch.tensor([1.0, 2.0, 0.5]))
    assert tallies.seen.tolist() == [[1, 0, 0, 1, 0, 1], [0, 0, 2.5, 2.5, 0.5, 0]]
    for smoothing, strength in ((0.0, 0.0), (1.0, 0.0), (0.5, 2.0)):
        law = tallies.law(smoothing, strength)
        for part in law.split([3, 1, 2], 1):
            torch.testing.assert_close(part.sum(1), torch.ones(2, dtype=torch.float64))
    torch.testing.assert_close(tallies.law(1.0, 0.0)[0, :3], torch.tensor([2, 1, 1]).double() / 4)


def test_a_pooled_pseudo_row_changes_nothing_without_classes() -> None:
    tallies = Tallies(1, torch.tensor([4]))
    tallies.observe(torch.tensor([[0], [0], [3]]), torch.zeros(3, dtype=torch.int64), torch.ones(3))
    torch.testing.assert_close(tallies.law(0.5, 0.0), tallies.law(0.5, 7.0))


def test_states_are_laid_out_and_found_again() -> None:
    tallies = Tallies(2, torch.tensor([3, 2]))
    law = torch.tensor([[0.2, 0.3, 0.5, 0.6, 0.4], [0.1, 0.0, 0.9, 1.0, 0.0]], dtype=torch.float64)
    k, first, last = torch.tensor([0, 1]), torch.tensor([[1, 0], [0, 1]]), torch.tensor([[2, 1], [2, 0]])
    mass, below = tallies.between(law, k, first, last)
    torch.testing.assert_close(mass, torch.tensor([[0.8, 1.0], [1.0, 0.0]], dtype=torch.float64))
    level = below + 0.5 * mass
    assert tallies.at(law, level, k, first, last)[:, 0].tolist() == [2, 2]


def test_blocks_cover_every_row_once() -> None:
    assert [i for rows in blocks(1000, 10_000) for i in range(1000)[rows]] == list(range(1000))
    assert list(blocks(0, 5)) == []
