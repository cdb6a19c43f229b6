"""Twisted particles: exact posteriors of Gaussians and mixtures, calibrated by ranks; planted bugs are found."""

import math
import sys
from dataclasses import replace

import pytest
import torch
from mixtures import Mixture, gaussian, three
from posteriors import Exact, Trials

from likely.diffusion import DDIM, Karras, Mask, Matrix, Observed, Replaced, Twisted, Within, generate, swarm
from likely.errors import FieldError
from likely.rng import Keyed

SCHEDULE = Karras(low=0.02)
ALONG = torch.tensor([0.6, 0.8], dtype=torch.float64)
OBSERVED = {  # matrix, noise, and the direction in which ranks are taken
    "a cell": ([[1.0, 0.0]], 0.0, [0.0, 1.0]),
    "a noisy cell": ([[1.0, 0.0]], 0.3, [0.6, 0.8]),
    "a mix": ([[1.0, -0.5]], 0.1, [0.6, 0.8]),
}


def trials(name, count=100, draws=9):
    matrix, noise, _ = OBSERVED[name]
    return Trials(three(), torch.tensor(matrix, dtype=torch.float64), noise, count, draws)


def along(name):
    return torch.tensor(OBSERVED[name][2], dtype=torch.float64)


def ran(denoiser, measured, like, how=Twisted(particles=16, steps=40), seed=1, shape=(2,)):
    return swarm(denoiser, measured, SCHEDULE, shape, len(like), None, how, like=like, rng=Keyed(seed))


def drawn(given: Trials, how=Twisted(particles=16, steps=40), denoiser=None, noise=None):
    noise = given.noise if noise is None else noise
    told = Observed(Matrix(given.matrix), given.asked, noise)
    return ran(denoiser or given.mixture.denoise, told, given.asked, how).drawn(rng=Keyed(2))


# One Gaussian, where everything is a formula --------------------------------------------------------------------------


def test_of_one_gaussian_the_twist_is_exact():
    """Every particle weighs nearly the same, the evidence is the formula's, and the draws have its moments."""
    mixture, matrix = gaussian(1.0, 0.2), torch.tensor([[1.0, 0.5]], dtype=torch.float64)
    y = torch.linspace(-2, 2, 150, dtype=torch.float64)[:, None]
    exact = Exact.of(mixture, matrix, 0.3, y)
    told = ran(mixture.denoise, Observed(Matrix(matrix), y, 0.3), y, Twisted(particles=8, steps=40))
    assert told.share.mean() > 0.7
    assert (told.log_evidence - exact.log_evidence).abs().mean() < 0.25
    mean, std = exact.moments(ALONG)
    standard = (told.x @ ALONG - mean) / std
    assert abs(float(standard.mean())) < 0.1
    assert abs(float(standard.std()) - 1) < 0.07


def test_the_evidence_is_not_biased():
    """E[Z^ / Z] = 1 over many runs of few particles, though E[log Z^] < log Z."""
    given = trials("a noisy cell", count=1500, draws=1)
    told = ran(
        three().denoise, Observed(Matrix(given.matrix), given.asked, 0.3), given.asked, Twisted(particles=4, steps=40)
    )
    ratio = (told.log_evidence - given.exact.log_evidence).exp()
    assert abs(float(ratio.mean()) - 1) < 0.02 + 4 * float(ratio.std()) / 1500**0.5
    assert float(ratio.std()) / 1500**0.5 < 0.05
    assert float(ratio.log().mean()) < 0


# Mixtures: calibration by simulation ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", OBSERVED)
def test_ranks_of_the_truth_are_even(name):
    given = trials(name)
    assert given.uneven(drawn(given).x, along(name)) < 1
    assert given.uneven(given.exact.draw(rng=Keyed(3)), along(name)) < 1


PLANTED = {
    "noise taken for a third of what it is": lambda given: drawn(given, noise=given.noise / 3),
    "the prior instead of the posterior": lambda given: drawn(given, noise=100.0),
    "a denoiser that is shifted": lambda given: drawn(
        given, denoiser=lambda x, sigma, c: given.mixture.denoise(x, sigma) + 0.3
    ),
}


@pytest.mark.parametrize("bug", PLANTED)
def test_a_planted_bug_is_found(bug):
    given = trials("a noisy cell")
    assert given.uneven(PLANTED[bug](given).x, along("a noisy cell")) > 1.2


def two() -> Mixture:
    """Two clusters that only their second cell tells well apart, of mean 0 and variance near 1."""
    return Mixture(
        torch.tensor([0.5, 0.5], dtype=torch.float64),
        torch.tensor([[0.3, 0.9], [-0.3, -0.9]], dtype=torch.float64),
        torch.tensor([0.35, 0.35], dtype=torch.float64),
    )


def test_more_particles_come_nearer_and_replacement_stays_away():
    """The mean of the unknown cell given the known one, as the README's figures have it."""
    y = torch.full((400, 1), 0.25, dtype=torch.float64)
    matrix = torch.tensor([[1.0, 0.0]], dtype=torch.float64)
    wanted = float(Exact.of(two(), matrix, 0.0, y[:1]).moments(torch.tensor([0.0, 1.0]).double())[0])
    told = Observed(Matrix(matrix), y)
    start = Keyed(0).normal((400, 2), like=y) * (1 + SCHEDULE.high**2) ** 0.5
    replaced = generate(Replaced(DDIM(), told), two().denoise, SCHEDULE, start, calls=40, rng=Keyed(1))
    means = {"replaced": float(replaced[:, 1].mean())}
    for particles in (1, 4, 32):
        x = ran(two().denoise, told, y, Twisted(particles=particles, steps=40)).drawn(rng=Keyed(2)).x
        means[particles] = float(x[:, 1].mean())
    off = {how: abs(mean - wanted) for how, mean in means.items()}
    assert off[32] < 0.12, (wanted, means)
    assert off["replaced"] > 2 * off[32], (wanted, means)


# Bounds ---------------------------------------------------------------------------------------------------------------


def test_a_cell_within_bounds():
    """x_1 > 0.5 of a standard normal pair: its mean is the truncated law's, and the evidence its probability."""
    low = torch.tensor([[0.5, -torch.inf]], dtype=torch.float64).expand(150, 2)
    high = torch.full((150, 2), torch.inf, dtype=torch.float64)
    told = ran(gaussian(1.0).denoise, Within(low, high, torch.zeros(150, 2)), low, Twisted(particles=16, steps=40))
    tail = 0.5 * math.erfc(0.5 / math.sqrt(2))
    assert abs(float(told.log_evidence.exp().mean()) / tail - 1) < 0.08
    x = told.drawn(rng=Keyed(2)).x
    assert (x[:, 0] > 0.4).all()
    assert abs(float(x[:, 0].mean()) - math.exp(-0.125) / math.sqrt(2 * math.pi) / tail) < 0.12
    assert abs(float(x[:, 1].mean())) < 0.3


def test_where_nothing_is_known_it_samples():
    low, high = torch.full((300, 2), -torch.inf).double(), torch.full((300, 2), torch.inf).double()
    told = ran(three().denoise, Within(low, high, torch.zeros(300, 2)), low, Twisted(particles=2, steps=40))
    assert torch.allclose(told.share, torch.ones(300).double())
    assert told.log_evidence.abs().max() < 1e-6
    assert told.x.flatten(0, 1).mean(0).abs().max() < 0.15


# What particles are ---------------------------------------------------------------------------------------------------


def test_known_cells_come_out_as_they_went_in():
    known = torch.tensor([[True, False]]).expand(20, 2)
    y = three().draw(20).masked_fill(~known, 0.0)
    x = ran(three().denoise, Observed(Mask(known), y), y, Twisted(particles=4, steps=10)).drawn(rng=Keyed(2)).x
    assert torch.allclose(x[:, 0], y[:, 0], atol=1e-9)


def test_a_row_does_not_depend_on_its_company_nor_on_blocks(monkeypatch):
    y = three().draw(12)[:, :1]

    def x(rows):
        told = Observed(Matrix(torch.tensor([[1.0, 0.0]]).double()), y[:rows], 0.2)
        return ran(three().denoise, told, y[:rows], Twisted(particles=8, steps=12)).drawn(rng=Keyed(2)).x

    whole = x(12)
    assert torch.allclose(whole[:5], x(5))
    monkeypatch.setattr(sys.modules[Twisted.__module__], "AT_ONCE", 48)
    assert torch.allclose(whole, x(12))


def test_conditions_precision_and_pictures():
    c, seen = torch.arange(3.0), []

    def denoise(x_t, sigma, given):
        seen.append(given)
        assert x_t.dtype == sigma.dtype == torch.float32
        return x_t / (1 + sigma.view(-1, 1, 1, 1) ** 2)

    known = torch.rand(3, 1, 4, 4) < 0.5
    told = Observed(Mask(known), torch.where(known, torch.ones(1), 0.0))
    how = Twisted(particles=4, steps=6)
    made = swarm(denoise, told, Karras(), (1, 4, 4), 3, c, how, like=torch.zeros(1), rng=Keyed(0)).drawn(rng=Keyed(1))
    assert made.x.shape == (3, 1, 4, 4)
    assert made.x.dtype == torch.float32
    assert torch.isfinite(made.x).all()
    assert len(seen) == 6
    assert torch.equal(seen[0], c.repeat(4))


@pytest.mark.parametrize("how", [{"particles": 0}, {"steps": 0}, {"spread": 0.0}])
def test_unusable_numbers_are_refused(how):
    with pytest.raises(FieldError, match="particles"):
        replace(Twisted(), **how)
