"""The exact posterior of a Gaussian mixture under linear observations, and ranks of truths among draws."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from mixtures import Mixture
from torch import Tensor

from likely.rng import Keyed


@dataclass(frozen=True)
class Exact:
    """sum_k weight_k N(mean_k, cov_k) for every row of y = matrix x + noise eps, x of a mixture."""

    weight: Tensor  # (B, K)
    mean: Tensor  # (B, K, D)
    covariance: Tensor  # (K, D, D)
    log_evidence: Tensor  # (B,)

    @classmethod
    def of(cls, mixture: Mixture, matrix: Tensor, noise: float, y: Tensor) -> "Exact":
        size, seen = mixture.mean.shape[1], matrix.shape[0]
        variance = mixture.std[:, None, None] ** 2
        spread = variance * (matrix @ matrix.T) + noise**2 * torch.eye(seen).double()  # (K, M, M)
        gain = variance * torch.linalg.solve(spread, matrix.expand(len(variance), -1, -1)).mT  # (K, D, M)
        gap = y[:, None] - mixture.mean @ matrix.T  # (B, K, M)
        inside = (gap * torch.linalg.solve(spread, gap[..., None])[..., 0]).sum(2)
        nats = -0.5 * (inside + torch.logdet(spread) + seen * math.log(2 * math.pi)) + mixture.weight.log()
        mean = mixture.mean + (gain @ gap[..., None])[..., 0]
        covariance = variance * torch.eye(size).double() - gain @ matrix * variance
        return cls(nats.softmax(1), mean, covariance, nats.logsumexp(1))

    def moments(self, along: Tensor) -> tuple[Tensor, Tensor]:
        """The mean and the standard deviation along a direction, one a row."""
        means, variances = self.mean @ along, (self.covariance @ along) @ along
        mean = (self.weight * means).sum(1)
        return mean, ((self.weight * (means**2 + variances)).sum(1) - mean**2).sqrt()

    def draw(self, *, rng: Keyed) -> Tensor:
        """One of each row."""
        k = rng.categorical(self.weight.log())
        gain, basis = torch.linalg.eigh(self.covariance)
        root = basis * gain.clamp(min=0.0).sqrt()[:, None]
        noise = rng.normal(self.mean[:, 0].shape, like=self.mean)
        return self.mean[torch.arange(len(k)), k] + (root[k] @ noise[..., None])[..., 0]


@dataclass(frozen=True)
class Trials:
    """Truths of a mixture, what was observed of them, and so many rows to draw for each."""

    mixture: Mixture
    matrix: Tensor
    noise: float
    count: int = 300
    draws: int = 9

    @property
    def truth(self) -> Tensor:
        return self.mixture.draw(self.count)

    @property
    def y(self) -> Tensor:
        seen = self.truth @ self.matrix.T
        return seen + self.noise * Keyed(5).normal(seen.shape, like=seen)

    @property
    def asked(self) -> Tensor:
        """y of every row that is to be drawn."""
        return self.y.repeat_interleave(self.draws, 0)

    @property
    def exact(self) -> Exact:
        return Exact.of(self.mixture, self.matrix, self.noise, self.asked)

    def unevenness(self, drawn: Tensor, quantity: Callable[[Tensor, Tensor], Tensor]) -> float:
        """Chi-square of the truths' ranks by a number of x and y, over its critical value at 1 in 10^4."""
        told = quantity(drawn, self.asked).view(self.count, self.draws)
        rank = (told < quantity(self.truth, self.y)[:, None]).sum(1)
        seen = torch.bincount(rank, minlength=self.draws + 1).double()
        wanted = self.count / (self.draws + 1)
        return float(((seen - wanted) ** 2 / wanted).sum()) / 33.72  # 9 degrees of freedom

    def uneven(self, drawn: Tensor, along: Tensor) -> float:
        """Of ranks of the row, and of numbers that depend on y, too: by the row alone the prior would pass."""
        asked = [lambda x, y: x @ along, lambda x, y: x @ along * y[:, 0], lambda x, y: self.mixture.log_prob(x)]
        if self.noise:
            asked.append(lambda x, y: (y - x @ self.matrix.T).square().sum(1))
        return max(self.unevenness(drawn, quantity) for quantity in asked)

    def off(self, drawn: Tensor, along: Tensor) -> tuple[float, float]:
        """How far the draws' mean is from the exact one, in its standard deviations, and their spread beside its."""
        mean, std = self.exact.moments(along)
        each = ((drawn @ along - mean) / std).view(self.count, self.draws)
        bias = (each.mean(1) ** 2).mean() - 1 / self.draws
        return float(bias.clamp(min=0).sqrt()), float(each.std(1).square().mean().sqrt())
