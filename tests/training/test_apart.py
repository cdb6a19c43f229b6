"""The distance of two samples: by brute force, without bias, and who it prefers on planted cases."""

import math
from typing import final

import pytest
import torch
from torch import Tensor, nn

from likely.contracts import Model
from likely.rng import Keyed
from likely.spaces import Category, Image, Real, Vector, label, reals
from likely.training.apart import Apart, distance, neighbourly, spread
from likely.training.examples import Examples

RNG = Keyed(0)


@final
class Drawn(Model):
    """Draws what a function makes of keyed noise."""

    def __init__(self, space, law, condition=None) -> None:
        super().__init__(space, condition)
        self.law = law
        self.unused = nn.Parameter(torch.zeros(()))

    def sample(self, n, c=None, *, rng):
        return self.law(rng.normal((n, 4), like=self.unused), c)


def modes(noise: Tensor, kept: int = 25, std: float = 0.05, off: float = 0.0) -> Tensor:
    """A grid of Gaussians, of which so many are drawn."""
    which = (torch.special.ndtr(noise[:, 2]) * kept).long()
    return torch.stack([which // 5, which % 5], 1) * 2.0 - 4.0 + std * noise[:, :2] + off


def held(law, rows: int, seed: int) -> Tensor:
    return law(torch.randn(rows, 4, generator=torch.Generator().manual_seed(seed)))


def judged(law, rows: Tensor, learned: Tensor, seed: int = 0, size: int = 100) -> float:
    model = Drawn(reals(2), lambda noise, c: law(noise))
    return Apart(model, Examples(rows), Examples(learned), size=size, rng=Keyed(seed), lift=None).judged().value


def test_by_brute_force_with_weights() -> None:
    rng = torch.Generator().manual_seed(0)
    h = torch.randn(6, 6, generator=rng, dtype=torch.float64)
    h, w = h + h.T, torch.rand(6, generator=rng, dtype=torch.float64)
    w = w / w.sum()

    def brute(rows: list[int]) -> float:
        pairs = [(i, j) for i in rows for j in rows if i != j]
        return sum(float(w[i] * w[j] * h[i, j]) for i, j in pairs) / sum(float(w[i] * w[j]) for i, j in pairs)

    found, local = distance(h, w, torch.zeros(6)), torch.rand(6, generator=rng, dtype=torch.float64)
    without = torch.tensor([brute([i for i in range(6) if i != left]) for left in range(6)], dtype=torch.float64)
    assert found.value == pytest.approx(brute(list(range(6))), rel=1e-12)
    assert found.error == pytest.approx(math.sqrt(5 / 6 * float((without - without.mean()).square().sum())), rel=1e-9)
    assert distance(h, w, local).value == pytest.approx(found.value + float(local.mean()), rel=1e-9)
    assert distance(h, w, local).error == pytest.approx(float((local - 5 * without).std()) / math.sqrt(6), rel=1e-9)


def test_the_whole_by_its_formula() -> None:
    """(1) to (3) written out for ten rows, each with several draws."""
    rows, learned = held(modes, 10, 1), held(modes, 50, 2)
    model = Drawn(reals(2), lambda noise, c: modes(noise))
    apart = Apart(model, Examples(rows), Examples(learned), size=4, rng=RNG, lift=None)
    assert apart.copies == 16
    draws = torch.stack([apart._draws(copy) for copy in range(16)]).double()
    x, e = apart.x.double(), apart.near
    g = lambda a, b: math.log1p(float((a - b).square().sum()) / e)  # noqa: E731

    def pair(i: int, j: int) -> float:
        crossed = sum(g(x[i], draws[s, j]) + g(draws[s, i], x[j]) for s in range(16)) / 16
        return crossed - g(x[i], x[j]) - sum(g(draws[s, i], draws[r, j]) for s in range(16) for r in range(16)) / 256

    def local(i: int, y: Tensor) -> float:
        others = [j for j in range(10) if j != i]
        crossed = min(g(x[i], y[j]) for j in others) + min(g(y[i], x[j]) for j in others)
        return (crossed - min(g(x[i], x[j]) for j in others) - min(g(y[i], y[j]) for j in others)) / 2

    pairs = sum(pair(i, j) for i in range(10) for j in range(10) if i != j) / 90
    near = sum(local(i, draws[s]) for i in range(10) for s in range(16)) / 160
    assert apart.judged().value == pytest.approx(pairs + near, rel=1e-4)


def test_neighbours_of_a_grid() -> None:
    line = torch.arange(10.0)[:, None]
    assert neighbourly(line) == pytest.approx(1.0, rel=1e-5)
    assert neighbourly(torch.zeros(10, 1)) == 1.0  # rows that are all alike


def test_rows_are_spread_evenly() -> None:
    rows = Examples(torch.arange(1000.0)[:, None], weight=torch.arange(1000.0))
    few = spread(rows, 5)
    assert few.x.flatten().tolist() == [0.0, 250.0, 500.0, 749.0, 999.0]
    assert few.weight is not None
    assert len(few.weight) == 5
    assert spread(rows, 1000) is rows


def test_without_bias_where_both_are_of_one_law() -> None:
    """30 pairs of samples: the mean is 0 within 3 standard errors, and each error is of the values' own spread."""
    model = Drawn(reals(2), lambda noise, c: modes(noise))
    found = [
        Apart(model, Examples(held(modes, 200, s)), Examples(held(modes, 200, 99)), size=200, rng=Keyed(s), lift=None)
        for s in range(30)
    ]
    values = torch.tensor([each.judged() for each in found])
    mean, spread_of = float(values[:, 0].mean()), float(values[:, 0].std())
    assert abs(mean) < 3 * spread_of / math.sqrt(30)
    assert 0.5 < float(values[:, 1].mean()) / spread_of < 2


@pytest.mark.parametrize(
    ("worse", "wins"),
    [
        ({"kept": 24}, 18),
        ({"std": 0.1}, 20),
        ({"off": 0.1}, 20),
    ],
    ids=["a mode of 25 lost", "modes twice as wide", "all off by two spreads"],
)
def test_the_better_of_two_is_preferred(worse, wins) -> None:
    """Of 20 samples of 500 held-out rows; the two draw with the same noise, as weights are compared in training."""
    learned = held(modes, 500, 99)
    won = 0
    for seed in range(20):
        rows = held(modes, 500, seed)
        won += judged(modes, rows, learned, seed) < judged(lambda z: modes(z, **worse), rows, learned, seed)
    assert won >= wins


def test_rows_that_lie_in_clumps_are_seen() -> None:
    """256 tight clumps, of a generator that hears its kinds and not its numbers, are worse than modes too wide."""
    centres = modes(torch.randn(256, 4, generator=torch.Generator().manual_seed(5)))

    def clumped(noise: Tensor) -> Tensor:
        return centres[(torch.special.ndtr(noise[:, 2]) * 256).long()] + 0.01 * noise[:, :2]

    rows, learned = held(modes, 500, 1), held(modes, 500, 2)
    assert judged(clumped, rows, learned) > 2 * judged(lambda z: modes(z, std=0.065), rows, learned)


def test_the_same_weights_get_the_same_number_however_cut() -> None:
    rows, learned = held(modes, 60, 1), held(modes, 100, 2)
    assert judged(modes, rows, learned, size=60) == judged(modes, rows, learned, size=60)
    assert judged(modes, rows, learned, size=7) == pytest.approx(judged(modes, rows, learned, size=60), rel=1e-5)


def test_a_condition_that_is_ignored_is_seen() -> None:
    """The marginal law is right in both: only one follows what it is given."""
    rng = torch.Generator().manual_seed(3)
    c = torch.randint(0, 3, (300, 1), generator=rng).float()
    rows = Examples(c + 0.1 * torch.randn(300, 1, generator=rng), c)
    follows = Drawn(reals(1), lambda noise, c: c + 0.1 * noise[:, :1], label(3))
    ignores = Drawn(reals(1), lambda noise, c: c.roll(1, 0) + 0.1 * noise[:, :1], label(3))
    found = [Apart(m, rows, rows, size=300, rng=RNG, lift=None).judged() for m in (follows, ignores)]
    assert abs(found[0].value) < 3 * (found[0].error or 0)
    assert found[1].value > 10 * (found[1].error or math.inf) / 2


def test_weights_count_as_rows_repeated() -> None:
    """A law that only some rows follow, which alone have weight."""
    here, there = held(modes, 200, 1), held(modes, 200, 2) + 50
    rows = Examples(torch.cat([here, there]), weight=torch.cat([torch.ones(200), torch.zeros(200)]))
    model = Drawn(reals(2), lambda noise, c: modes(noise))
    found = Apart(model, rows, Examples(here), size=400, rng=RNG, lift=None).judged()
    assert abs(found.value) < 3 * (found.error or 0)


@final
class Halved:
    """Reals for choices: the sign says which."""

    def up(self, x, *, rng):
        return 2 * x - 1, torch.zeros(len(x), dtype=torch.float64)

    def down(self, u):
        return (u > 0).to(u.dtype)


def test_draws_are_made_the_nearest_rows_first() -> None:
    """A choice drawn as 0.3 and not as 1 is what a person gets all the same."""
    rows = Examples((torch.arange(100) % 2).float()[:, None])
    sharp = Drawn(reals(1), lambda noise, c: noise[:, :1].sign())
    soft = Drawn(reals(1), lambda noise, c: noise[:, :1].sign() * 0.3)
    found = [Apart(m, rows, rows, size=100, rng=RNG, lift=Halved()).judged() for m in (sharp, soft)]
    assert found[0] == found[1]


def test_draws_that_are_no_numbers_are_no_good() -> None:
    model = Drawn(reals(2), lambda noise, c: modes(noise) / 0.0 * 0.0)
    found = Apart(model, Examples(held(modes, 20, 1)), Examples(held(modes, 20, 2)), size=20, rng=RNG, lift=None)
    assert math.isnan(found.judged().value)
    assert found.judged().error is None


@pytest.mark.parametrize(
    "space", [Image(1, 20, 20, None), Vector((Real(), Category(3)))], ids=["pictures", "a table of choices"]
)
def test_other_rows(space) -> None:
    def law(noise: Tensor, c: Tensor | None = None) -> Tensor:
        if isinstance(space, Image):
            return noise[:, :1, None, None] + torch.linspace(0, 1, 400).view(1, 20, 20) * noise[:, 1:2, None, None]
        return torch.stack([noise[:, 0], noise[:, 1].sign() + 1], 1)

    rows, learned = (held(law, 200, seed) for seed in (1, 2))
    same = Apart(Drawn(space, law), Examples(rows), Examples(learned), size=200, rng=RNG, lift=None).judged()
    other = Apart(
        Drawn(space, lambda z, c: law(z + 1.5)), Examples(rows), Examples(learned), size=200, rng=RNG, lift=None
    ).judged()
    assert abs(same.value) < 4 * (same.error or 0)
    assert other.value > 5 * (other.error or math.inf)


def test_double_precision() -> None:
    model = Drawn(reals(2), lambda noise, c: modes(noise)).double()
    rows = held(modes, 20, 1)
    assert Apart(model, Examples(rows), Examples(rows), size=20, rng=RNG, lift=None).x.dtype == torch.float64
