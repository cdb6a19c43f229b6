"""Particles along an order: a chain of three coins that is listed, and where particles part and meet."""

import torch

from likely.particles.along import Course, later, walked
from likely.rng import Keyed

P = torch.tensor([0.3, 0.8])  # of a one, after a zero and after a one; first after a zero


class Coins(Course):
    def __init__(self, x, known):
        self.x, self.known, self.drawn, self.widths = x, known, torch.zeros(len(x), 1), []

    def step(self, noise):
        at, p = self.drawn.shape[1] - 1, P[self.drawn[:, -1].long()]
        self.widths.append(len(noise))
        coin = torch.where(self.known[:, at], self.x[:, at], (noise[:, 0] < p).float())
        self.drawn = torch.cat([self.drawn, coin[:, None]], 1)
        return torch.where(self.known[:, at], torch.where(coin == 1, p, 1 - p).log(), 0.0)

    def pick(self, rows):
        self.x, self.known, self.drawn = self.x[rows], self.known[rows], self.drawn[rows]


def ran(known, rows=4000, particles=16):
    x, known = torch.tensor([[1.0, 0.0, 1.0]]).expand(rows, -1), torch.tensor([known]).expand(rows, -1)
    course = Coins(x, known)
    return course, walked(course, ~known, known, (1,), particles=particles, rng=Keyed(0))


def test_what_comes_later_is_heard():
    course, folk = ran([False, False, True])
    joint = {(a, b): [1 - P[0], P[0]][a] * [1 - P[a], P[a]][b] * P[b] for a in (0, 1) for b in (0, 1)}
    total = sum(joint.values())
    for (a, b), p in joint.items():
        seen = float(((course.drawn[:, 1] == a) & (course.drawn[:, 2] == b)).double().mean())
        assert abs(seen - float(p / total)) < 0.035
    ratio = folk.log_evidence.exp() / total
    assert abs(float(ratio.mean()) - 1) < 4 * float(ratio.std()) / 4000**0.5
    assert course.widths == [64_000] * 3


def test_one_goes_alone_before_what_is_free_and_after_what_is_known():
    assert ran([True, False, False])[0].widths == [4000] * 3
    assert ran([False, True, False], rows=10)[0].widths == [160, 160, 10]
    _, folk = ran([True, True, True])
    assert torch.allclose(folk.log_evidence.exp(), (P[0] * (1 - P[1]) * P[0]).double())
    assert (folk.share == 1).all()


def test_later_is_strictly_later():
    assert later(torch.tensor([[False, True, False]])).tolist() == [[True, False, False]]
