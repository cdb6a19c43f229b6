"""Mixtures of Gaussians: the exact denoiser, density and draws at every level of noise."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn


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
        sigma = torch.exp(4 * level)
        skip, out, into = (k[:, None] for k in self.parametrisation.coefficients(sigma))
        x_t = seen / into
        return (self.mixture.denoise(x_t, sigma, c) - skip * x_t) / out
