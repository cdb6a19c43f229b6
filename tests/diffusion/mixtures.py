"""Mixtures of Gaussians: the exact denoiser, density and draws at every level of noise."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from likely.diffusion import Flow
from likely.rng import Keyed

NEAR = 1e-3  # of an atom: what ended there
LIMITS = {"share": 4.5, "distance": 2.5}  # of a normal number, and of sqrt(n) times Kolmogorov's distance: 1 in 10^5


@dataclass(frozen=True)
class Mixture:
    """sum_k weight_k N(mean_k, std_k^2 I), in float64."""

    weight: Tensor  # (K,)
    mean: Tensor  # (K, D)
    std: Tensor  # (K,)

    def denoise(self, x_t: Tensor, sigma: Tensor, c: Tensor | None = None) -> Tensor:
        """E[x | x_t]; a condition picks one component, NaN none of them."""
        log_share = self._log_joint(x_t, sigma)
        if c is not None:
            only = torch.arange(len(self.weight)) == c
            log_share = torch.where(only | c.isnan(), log_share, -math.inf)
        share = log_share.softmax(1)  # (B, K)
        pull = self.std**2 / (self.std**2 + sigma[:, None] ** 2)
        means = self.mean + pull[..., None] * (x_t[:, None] - self.mean)  # (B, K, D)
        return (share[..., None] * means).sum(1)

    def log_prob(self, x: Tensor) -> Tensor:
        return self._log_joint(x, torch.zeros(len(x), dtype=x.dtype)).logsumexp(1)

    def _log_joint(self, x_t: Tensor, sigma: Tensor) -> Tensor:
        variance = self.std**2 + sigma[:, None] ** 2  # (B, K)
        squares = (x_t[:, None] - self.mean).square().sum(2) / variance
        return self.weight.log() - 0.5 * (squares + x_t.shape[1] * (2 * math.pi * variance).log())

    def told(self, x_t: Tensor, sigma: Tensor, c: Tensor) -> Tensor:
        """log p(c | x_t), which component x_t came from: the exact noisy classifier; NaN says nothing."""
        every = self._log_joint(x_t, sigma).log_softmax(1)
        return torch.where(c.isnan(), 0.0, every.gather(1, c.nan_to_num(0.0).long()))[:, 0]

    def cdf(self, x: Tensor, along: Tensor) -> Tensor:
        """The distribution function of x along a unit vector."""
        standard = ((x @ along)[:, None] - self.mean @ along) / self.std
        return (self.weight * torch.special.ndtr(standard)).sum(1)

    def draw(self, n: int) -> Tensor:
        generator = torch.Generator().manual_seed(0)
        k = torch.multinomial(self.weight, n, replacement=True, generator=generator)
        noise = torch.randn(n, self.mean.shape[1], generator=generator, dtype=torch.float64)
        return self.mean[k] + self.std[k, None] * noise


def three() -> Mixture:
    """Three unequal clusters on the plane, of mean 0 and variance near 1."""
    return Mixture(
        torch.tensor([0.5, 0.3, 0.2], dtype=torch.float64),
        torch.tensor([[0.9, 0.0], [-1.2, 0.6], [-0.45, -0.9]], dtype=torch.float64),
        torch.tensor([0.3, 0.2, 0.4], dtype=torch.float64),
    )


def atomic() -> Mixture:
    """Two clusters and one point: what noise a sampler leaves is seen at the point."""
    mixture = three()
    return Mixture(mixture.weight, mixture.mean, torch.tensor([0.3, 0.2, 0.0], dtype=torch.float64))


def misfit(drawn: Tensor, mixture: Mixture) -> float:
    """How far rows are from the mixture, whose last component is an atom: beyond 1 they are not drawn from it.

    Kolmogorov's distance along four directions for the rows away from the atom, and the share of those at it.
    """
    *weight, atom = mixture.weight
    at = (drawn - mixture.mean[-1]).norm(dim=1) < NEAR
    share = float((at.double().mean() - atom) / (atom * (1 - atom) / len(drawn)).sqrt())
    rest = Mixture(torch.stack(weight) / (1 - atom), mixture.mean[:-1], mixture.std[:-1])
    far = max(_distance(drawn[~at], rest, k * math.pi / 4) for k in range(4))
    return max(abs(share) / LIMITS["share"], far / LIMITS["distance"])


def _distance(x: Tensor, mixture: Mixture, angle: float) -> float:
    """sqrt(n) times Kolmogorov's distance along a direction of the plane."""
    along = torch.tensor([math.cos(angle), math.sin(angle)], dtype=torch.float64)
    level = mixture.cdf(x, along).sort().values
    steps = torch.arange(len(x) + 1, dtype=torch.float64) / len(x)
    return float(torch.maximum(level - steps[:-1], steps[1:] - level).max()) * len(x) ** 0.5


def start(schedule, rows: int, width: int = 2, seed: int = 0) -> Tensor:
    """Noise at the schedule's highest level, as samples begin."""
    noise = Keyed(seed).normal((rows, width), like=torch.zeros(1, dtype=torch.float64))
    return noise * (1 + schedule.high**2) ** 0.5


def flowed(mixture: Mixture, x: Tensor, high: float, low: float, steps: int = 600) -> Tensor:
    """The probability flow from noise to data, by Runge and Kutta's formula in log sigma: as good as exact."""

    def slope(y: Tensor, v: float) -> Tensor:
        sigma = math.exp(v)
        wide = math.sqrt(1 + sigma**2)
        return y / wide**2 - mixture.denoise(wide * y, torch.full((len(y),), sigma, dtype=y.dtype)) / wide

    y, v, h = x / math.sqrt(1 + high**2), math.log(high), math.log(low / high) / steps
    for _ in range(steps):
        k_1 = slope(y, v)
        k_2 = slope(y + h / 2 * k_1, v + h / 2)
        k_3 = slope(y + h / 2 * k_2, v + h / 2)
        k_4 = slope(y + h * k_3, v + h)
        y, v = y + h / 6 * (k_1 + 2 * k_2 + 2 * k_3 + k_4), v + h
    return mixture.denoise(y * math.sqrt(1 + low**2), torch.full((len(y),), low, dtype=y.dtype))


def gaussian(std: float, mean: float = 0.0, width: int = 2) -> Mixture:
    """One Gaussian, for which everything is a formula."""
    one = torch.ones(1, dtype=torch.float64)
    return Mixture(one, torch.full((1, width), mean, dtype=torch.float64), std * one)


class Knows(nn.Module):
    """The raw network that predicts the target exactly, from what a network sees."""

    def __init__(self, parametrisation, mixture):
        super().__init__()
        self.parametrisation, self.mixture = parametrisation, mixture

    def forward(self, seen, level, c=None):
        sigma = level / (1 - level) if isinstance(self.parametrisation, Flow) else torch.exp(4 * level)
        skip, out, into, _ = (k[:, None] for k in self.parametrisation.coefficients(sigma))
        x_t = seen / into
        return (self.mixture.denoise(x_t, sigma, c) - skip * x_t) / out
