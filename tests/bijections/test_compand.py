from itertools import pairwise

import torch

from likely.bijections import Compand
from likely.bijections.compand import knots


def spiked(count=400):
    """Pixels of which most are black, and some white."""
    x = torch.rand(count, 2, 3, 3, dtype=torch.float64) * 2 - 1
    black, white = torch.rand_like(x) < 0.8, torch.rand_like(x) < 0.1
    x = torch.where(white, 1 - 2 / 256 * torch.rand_like(x), x)
    return torch.where(black, 2 / 256 * torch.rand_like(x) - 1, x)


def test_jacobian(jacobian_agrees):
    part, x = Compand(2, 8, 3.0), spiked(3)
    part.double().prepare(spiked())
    x[0, 0, 0] = torch.tensor([-1.5, 1.2, 7.0])
    jacobian_agrees(part, x)


def test_a_heavy_level_is_a_bin_of_its_own():
    part = Compand(2, 16)
    part.prepare(spiked())
    assert part.edges[0, :2].tolist() == [-1, -1 + 2 / 256]
    assert part.edges[1, -2:].tolist() == [1 - 2 / 256, 1]
    assert (part.edges.diff() > 0).all()


def test_the_other_bins_hold_alike():
    part = Compand(1, 16)
    z, _ = part.prepare(torch.randn(500, 1, 4, 4).mul(0.3).clamp(-1, 1))
    counts = torch.histc(z, 16, -1, 1)
    assert counts.max() < 2 * counts.min()


def test_knots_of_any_counts_are_enough_and_rise():
    for counts in ([0.0] * 8, [1.0] * 8, [9.0] + [0.0] * 7, [0.0] * 7 + [9.0], [0.0, 5.0] * 4):
        for bins in (2, 5, 8):
            places = knots(counts, bins)
            assert places[0] == 0
            assert places[-1] == 8
            assert len(places) == bins + 1
            assert all(a < b for a, b in pairwise(places))


def test_more_bins_than_places_are_as_many_as_places():
    part = Compand(1, 1000)
    z, _ = part.prepare(torch.rand(4, 1, 2, 2) * 2 - 1)
    assert part.bins == 256
    torch.testing.assert_close(part.inverse(z)[0], part.inverse(part(part.inverse(z)[0])[0])[0])
