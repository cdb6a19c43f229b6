r"""A reference law of reals given what is known of them: the place from which particles set out.

    m, S: mean and covariance of draws of the model (S shrunk towards its diagonal), P = S^{-1}
    free cells f given the others o:    N(m_f - P_ff^{-1} P_fo (x_o - m_o), P_ff^{-1})                               (1)
    a cell known to lie between two reals:     uniform there; beyond one real: exponential, from there on            (2)
    a cell known to be a real:                 that real                                                             (3)

(1) is what is unknown of a normal law, exactly. It is written as x = T(w), w ~ N(0, I), with log g(x).
"""

import math
from typing import NamedTuple, final

import torch
from torch import Tensor

HALF_LOG_2PI = 0.5 * math.log(2 * math.pi)
NARROWEST = 1e-3  # the least standard deviation that a cell is given


class Moments(NamedTuple):
    """Of a model's draws."""

    mean: Tensor  # (d,) float64
    precision: Tensor  # (d, d)
    spread: Tensor  # (d,) standard deviations


def moments(draws: Tensor) -> Moments:
    """m, P, and the root of S's diagonal, from draws (M, d)."""
    wild = draws.flatten(1).double()
    wild = wild[torch.isfinite(wild).all(1)]
    mean, count = wild.mean(0), len(wild)
    covariance = (wild - mean).T @ (wild - mean) / max(count - 1, 1)
    variance = covariance.diagonal().clamp(min=NARROWEST**2)
    shrunk = covariance * (count / (count + wild.shape[1]))
    shrunk.diagonal().copy_(variance * (1 + 1e-6))
    return Moments(mean, torch.linalg.inv(shrunk), variance.sqrt())


def log_normal(x: Tensor, laws: list[Moments], which: Tensor) -> Tensor:
    """log of the normal law that goes with each row (N, ...), but for a constant: (N,)."""
    apart = x.flatten(1) - torch.stack([law.mean for law in laws])[which].to(x.dtype)
    precision = torch.stack([law.precision for law in laws]).to(x.dtype)
    pulled = apart @ precision[0] if len(laws) == 1 else (precision[which] @ apart[..., None])[..., 0]
    return -0.5 * (apart * pulled).sum(1)


class Bounded(NamedTuple):
    """What is known of rows of reals (B, d): a number where low = high, or two, one or no end; and one in between."""

    low: Tensor
    high: Tensor
    near: Tensor


@final
class Reference:
    """(1) to (3) of B rows, k draws of each lying side by side."""

    def __init__(self, laws: list[Moments], which: Tensor, known: Bounded, particles: int) -> None:
        self.known = Bounded(*(part.double() for part in known))
        self.particles, (low, high, near) = particles, self.known
        self.point, self.free = low == high, torch.isinf(low) & torch.isinf(high)
        mean, spread = (torch.stack([getattr(law, name) for law in laws])[which] for name in ("mean", "spread"))
        precision = torch.stack([law.precision for law in laws])[which]  # (B, d, d)
        apart = torch.where(self.free, 0.0, near - mean)
        pulled = torch.where(self.free, (precision @ apart[..., None])[..., 0], 0.0)
        both = self.free[:, :, None] & self.free[:, None, :]
        inside = torch.where(both, precision, torch.diag_embed((~self.free).double()))
        self.root = torch.linalg.cholesky(inside)
        self.centre = mean - torch.cholesky_solve(pulled[..., None], self.root)[..., 0]
        end = torch.where(torch.isinf(low), high, low)
        gap = (near - end).abs()
        self.end, self.scale = end, torch.where(self.free, 1.0, torch.where(gap > 0, gap, spread))
        root = torch.where(self.free, self.root.diagonal(dim1=1, dim2=2).log() - HALF_LOG_2PI, 0.0)
        self.constant = root.sum(1)

    @property
    def held(self) -> Tensor:
        """(B k, d): numbers of w that say nothing."""
        return self.point.repeat_interleave(self.particles, 0)

    def __call__(self, w: Tensor) -> tuple[Tensor, Tensor]:
        """x = T(w) and log g(x) of (B k, d), in w's precision; the second one value a row."""
        wide = w.double().unflatten(0, (-1, self.particles))  # (B, k, d)
        low, high, near = (part[:, None] for part in self.known)
        free, point = self.free[:, None], self.point[:, None]
        inner = torch.linalg.solve_triangular(self.root.mT, wide.mT, upper=True).mT + self.centre[:, None]  # (1)
        between, away = ~torch.isinf(low) & ~torch.isinf(high), -torch.special.log_ndtr(-wide)
        width = torch.where(between & ~point, high - low, 1.0)
        side = torch.where(torch.isinf(low), -1.0, 1.0) * self.scale[:, None]
        bounded = torch.where(between, low.nan_to_num(0, 0, 0) + width * torch.special.ndtr(wide),
                              self.end.nan_to_num(0, 0, 0)[:, None] + side * away)  # fmt: skip  # (2)
        x = torch.where(free, inner, torch.where(point, near, bounded))  # (3)
        told = torch.where(between, -width.log(), -self.scale[:, None].log() - away)
        g = torch.where(free, -0.5 * wide.square(), torch.where(point, 0.0, told)).sum(2) + self.constant[:, None]
        return x.flatten(0, 1).to(w.dtype), g.flatten().to(w.dtype)
