"""k-means++ finds clear clumps, and crashes on nothing."""

import torch

from likely.distributions.kmeans import distances, seeds, settled
from likely.rng import Keyed


def clumps(k: int = 6, each: int = 50) -> tuple[torch.Tensor, torch.Tensor]:
    centres = 20 * Keyed(1).normal((k, 3), like=torch.empty(0, dtype=torch.float64))
    return centres, centres.repeat(each, 1) + Keyed(2).normal((k * each, 3), like=centres)


def test_every_clump_gets_a_centre() -> None:
    centres, points = clumps()
    for seed in range(5):
        found = settled(points, seeds(points, 6, Keyed(seed)))
        assert (distances(found, centres).min(0).values < 1).all()


def test_few_or_equal_points_are_no_crash() -> None:
    for points in (torch.zeros(1, 2), torch.zeros(10, 2), torch.zeros(3, 0)):
        found = settled(points, seeds(points, 4, Keyed(0)))
        assert found.shape == (4, points.shape[1])
        assert torch.isfinite(found).all()


def test_distances_are_squared() -> None:
    a, b = torch.randn(4, 3, dtype=torch.float64), torch.randn(2, 3, dtype=torch.float64)
    torch.testing.assert_close(distances(a, b), torch.cdist(a, b).square())
