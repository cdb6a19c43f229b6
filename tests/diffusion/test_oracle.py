"""Pictures of a correlated Gaussian, seen blurred, small or grey: the posterior is a Gaussian, too, and known.

x ~ N(m, S), y = A x + noise eps:   S' = S - S A' (A S A' + noise^2 I)^-1 A S,   m' = m + S' A' (y - A m) / noise^2
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

import pytest
import torch
from torch import Tensor

from likely.diffusion import DPS, Blur, Colourise, Downsample, Heun, Karras, Observed, PiGDM, Twisted, Way
from likely.diffusion.flow import beside
from likely.rng import Keyed

ROWS, NOISE = 600, 0.3
SEEN = {"blur": (Blur(0.8), (1, 4, 4)), "small": (Downsample(2), (1, 4, 4)), "grey": (Colourise(), (3, 2, 2))}


@dataclass(frozen=True)
class Gaussian:
    """The denoiser of N(mean, covariance) in closed form."""

    mean: Tensor  # (C, H, W)
    covariance: Tensor  # (D, D)

    def __call__(self, x_t: Tensor, sigma: Tensor, c: Tensor | None = None) -> Tensor:
        basis, values = self._axes
        along = (x_t - self.mean).flatten(1) @ basis
        shrunk = along * values / (values + beside(sigma, along) ** 2)
        return self.mean + (shrunk @ basis.T).view_as(x_t)

    @property
    def _axes(self) -> tuple[Tensor, Tensor]:
        values, basis = torch.linalg.eigh(self.covariance)
        return basis, values


class Moments(NamedTuple):
    mean: Tensor
    covariance: Tensor


def prior(shape, *, correlated):
    size = math.prod(shape)
    places = torch.arange(size).double()
    near = torch.exp(-(places[:, None] - places).abs() / 4) if correlated else torch.eye(size).double()
    return Gaussian(torch.linspace(-0.5, 0.5, size).double().view(shape), near)


def posterior(gaussian, operator, y, shape):
    rows = operator.forward(torch.eye(math.prod(shape)).double().view(-1, *shape)).flatten(1)  # A', a row a cell
    told = gaussian.covariance @ rows
    spread = rows.T @ told + NOISE**2 * torch.eye(rows.shape[1]).double()
    gap = (y - operator.forward(gaussian.mean[None])).flatten()
    mean = gaussian.mean.flatten() + told @ torch.linalg.solve(spread, gap)
    return Moments(mean, gaussian.covariance - told @ torch.linalg.solve(spread, told.T))


def off(by, name, *, correlated, steps=60):
    """How far draws are: of the mean in posterior deviations, root mean square; of the covariance, relative."""
    operator, shape = SEEN[name]
    gaussian, truth = prior(shape, correlated=correlated), Keyed(7)
    root = torch.linalg.cholesky(gaussian.covariance)
    x = gaussian.mean + (root @ truth.normal((math.prod(shape),), like=root)).view(1, *shape)
    y = operator.forward(x)
    y = y + NOISE * truth.normal(y.shape, like=y)
    exact = posterior(gaussian, operator, y, shape)
    way = Way(Karras(), Heun(), steps, None)
    seen = Observed(operator, y.expand(ROWS, *y.shape[1:]), NOISE)
    drawn = by.draw(gaussian, seen, way, shape, ROWS, like=x, rng=Keyed(3)).x.flatten(1)
    deviation = exact.covariance.diagonal().sqrt()
    mean = ((drawn.mean(0) - exact.mean) / deviation).square().mean().sqrt()
    return float(mean), float((drawn.T.cov() - exact.covariance).norm() / exact.covariance.norm())


@pytest.mark.parametrize("name", SEEN)
def test_particles_have_the_posterior_s_moments_and_heuristics_come_less_near(name):
    """Of 600 exact draws the mean is 0.04 off, the covariance of 16 cells 0.17."""
    mean, covariance = off(Twisted(particles=16, steps=60), name, correlated=True)
    assert mean < 0.09
    assert covariance < 0.2
    for by in (PiGDM(), DPS()):
        heuristic = off(by, name, correlated=True)
        assert mean < heuristic[0] < 0.5
        assert heuristic[1] < 0.5


@pytest.mark.parametrize("name", SEEN)
def test_of_independent_cells_pseudo_inverse_guidance_draws_the_posterior(name):
    mean, covariance = off(PiGDM(), name, correlated=False)
    assert mean < 0.09
    assert covariance < 0.2
