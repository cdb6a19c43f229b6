"""Langevin chains: the law they keep, two planted bugs that the test must find, and their normaliser."""

import math

import pytest
import torch

from likely.particles import metropolis
from likely.particles.annealing import backward, between, forward
from likely.particles.metropolis import BEST, Tilted, first_step, followed, walked
from likely.rng import Keyed

ROWS = 4000


def height(z):
    """Two humps of a standard normal's mass: the law is 0.3 N(-1.5, 0.25) + 0.7 N(1, 0.25)."""
    humps = torch.tensor([math.log(0.3), math.log(0.7)]) - 2 * (z - torch.tensor([-1.5, 1.0])).square() + math.log(2)
    return humps.logsumexp(1) + 0.5 * z[:, 0].square()


def law(z):
    normal = torch.special.ndtr
    return 0.3 * normal((z + 1.5) / 0.5) + 0.7 * normal((z - 1.0) / 0.5)


def gap(step=0.05):
    """Kolmogorov and Smirnov's distance of chains from their law; 0.0306 is passed once in a thousand."""
    way = Tilted(height, torch.empty(ROWS, 1), step=step)
    rows = forward(way, 40, rng=Keyed(1)).rows
    z = walked(way, rows, 60, rng=Keyed(2))[0].z[:, 0].sort().values
    steps = torch.arange(1, ROWS + 1) / ROWS
    return float((law(z) - steps).abs().max())


@pytest.mark.parametrize("step", [0.05, 0.7])  # at 0.7 slopes are cut in the outer tails
def test_the_chains_keep_their_law(step):
    assert gap(step) < 0.0306


def test_rows_on_a_steep_wall_come_down():
    """Where a slope would throw them beyond the other wall, and no such move is ever kept."""
    way = Tilted(lambda z: -40 * (z.abs() - 1).clamp(min=0)[:, 0], torch.empty(200, 1), step=0.7)
    rows, _ = walked(way, way.at(torch.full((200, 1), 4.0)), 40, rng=Keyed(0))
    assert float(rows.z.abs().max()) < 1.5


def test_a_missing_root_of_two_is_found(monkeypatch):
    monkeypatch.setattr(metropolis, "reach", math.sqrt)
    assert gap() > 0.0306


def test_a_slope_of_the_wrong_sign_is_found(monkeypatch):
    """Even where a move that leads too far would be taken back: such chains hardly mix."""
    plain = Tilted.at
    monkeypatch.setattr(Tilted, "at", lambda self, z: (there := plain(self, z))._replace(slope=-there.slope))
    assert gap() > 0.0306


@pytest.mark.parametrize(("step", "least", "most"), [(0.5, 0.05, 1.0), (0.01, 0.0, 0.02)])
def test_what_is_not_corrected_is_off_by_the_step(step, least, most):
    """Of a normal law: (2) alone keeps one of variance 1 / (1 - r / 2)."""
    way = Tilted(lambda z: 0 * z.sum(1), torch.empty(20_000, 1), step=step, adjusted=False)
    z = walked(way, way.start(rng=Keyed(0)), 40, rng=Keyed(1))[0].z
    assert least <= float(z.var()) - 1 <= most
    assert float(z.var()) == pytest.approx(1 / (1 - step / 2), abs=0.05)


def test_a_step_finds_the_share_of_moves_that_is_best():
    way, rows, step = None, None, first_step(10)
    for turn in range(200):
        way = Tilted(lambda z: -4 * z.square().sum(1), torch.empty(64, 10), step=step)
        rows, share = walked(way, rows or way.start(rng=Keyed(0)), 1, rng=Keyed(turn))
        step = followed(step, share)
    kept = walked(way, rows, 40, rng=Keyed(7))[1]
    assert kept == pytest.approx(BEST, abs=0.08)


def test_the_normaliser_lies_between_both_ways():
    """Z = E e^f = e^{a^2 / 2} for f = a z: weights are unbiased, their logs on average below and above."""
    a, runs, chains = 1.5, 300, 4
    way = Tilted(lambda z: a * z[:, 0], torch.empty(runs * chains, 1).double(), step=0.5)
    ahead = forward(way, 5, rng=Keyed(3)).log_weights
    exact = way.at(a + Keyed(4).normal((runs * chains, 1), like=way.like))
    back = backward(way, exact, 5, rng=Keyed(5)).log_weights
    found = between(ahead.view(runs, chains), back.view(runs, chains))
    weights = (ahead - a * a / 2).exp()
    assert abs(float(weights.mean()) - 1) < 4 * float(weights.std()) / math.sqrt(len(weights))
    assert float((found.value - a * a / 2).mean()) < 0 < float((found.above - a * a / 2).mean())
