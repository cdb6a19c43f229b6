r"""Piecewise-linear maps: the density that a coupling gives a cell is a histogram of equal bins.

On [-T, T], with t = K (x + T) / (2 T) and masses p_1 .. p_K > 0 that sum to one:

    z = T (2 F - 1),   F = sum_j p_j s_j,   s_j = clamp(t - (j - 1), 0, 1)                       (1)
    log dz/dx = log K p_k,   k the bin that holds x                                              (2)
    p = (1 - K eps) softmax(a) + eps                                                             (3)

and the identity beyond. With q = softmax(a), (1) and (2) have the gradients

    dF/da_i = (1 - K eps) q_i (s_i - sum_j q_j s_j),   d log p_k/da_i = (1 - K eps) q_k (1[i = k] - q_i) / p_k    (4)

so that one softmax, kept, is all that the way back needs. Neural Importance Sampling (Mueller et al., 2019),
arXiv:1808.03856
"""

import math
from dataclasses import dataclass
from typing import Any, final

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from likely.bijections.elementwise import Settling
from likely.errors import FieldError

LEAST = 1e-4  # the least mass of a bin: what it holds can be told apart in float32


@final
@dataclass(frozen=True, kw_only=True)
class Histogram(Settling):
    """A histogram with linear tails."""

    bins: int = 32  # more follow the data closer, and cost in proportion
    tail: float = 1.0  # the identity outside [-tail, tail]

    def __post_init__(self) -> None:
        if not 2 <= self.bins <= 500:
            raise FieldError(f"a histogram cannot have {self.bins} bins", expected="2 to 500 bins")
        if not 0 < self.tail < math.inf:
            raise FieldError(f"a histogram cannot have tail={self.tail}", expected="a positive number, e.g. 1.0")

    @property
    def outputs(self) -> int:
        return self.bins

    @property
    def reach(self) -> float:
        return self.tail

    def forward(self, x: Tensor, parameters: Tensor) -> tuple[Tensor, Tensor]:
        return _Risen.apply(x, parameters, self.bins, self.tail)  # type: ignore[return-value]

    def inverse(self, z: Tensor, parameters: Tensor) -> tuple[Tensor, Tensor]:
        p = _masses(parameters)
        after = p.cumsum(-2)
        top = self.tail * (2 * after[..., -1, :] - 1)  # the upper end, as it is rounded
        inner = torch.minimum(z.double().clamp(min=-self.tail), top)
        level = (inner / self.tail + 1) / 2
        k = (after < level.unsqueeze(-2)).sum(-2, keepdim=True).clamp(max=self.bins - 1)
        mass = p.gather(-2, k).squeeze(-2)
        share = ((level - after.gather(-2, k).squeeze(-2)) / mass + 1).clamp(0, 1)
        x = self.tail * (2 * (k.squeeze(-2) + share) / self.bins - 1) + (z - inner)
        return x.to(z.dtype), (-(self.bins * mass).log() * torch.eq(z, inner)).to(z.dtype)

    def settled(self, x: Tensor) -> Tensor:
        """The logarithms of each cell's own masses: (P, cells) for x (cells, N)."""
        t = ((x / self.tail + 1) * (self.bins / 2)).floor().long().clamp(0, self.bins - 1)
        counts = torch.zeros(len(x), self.bins, dtype=x.dtype, device=x.device)
        counts.scatter_add_(1, t, torch.ones_like(x)).add_(0.5)
        return (counts / counts.sum(1, keepdim=True)).log().t()


def _masses(parameters: Tensor) -> Tensor:
    """Rounded like the way there, then summed in float64."""
    return parameters.softmax(-2).double() * (1 - parameters.shape[-2] * LEAST) + LEAST  # (3)


@final
class _Risen(torch.autograd.Function):
    """z and log dz/dx with their gradient by hand: autograd would keep a dozen arrays as large as the parameters."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, parameters: Tensor, bins: int, tail: float) -> tuple[Tensor, Tensor]:
        inner = x.clamp(-tail, tail)
        inside = torch.eq(x, inner).to(x.dtype)
        t = (inner / tail + 1) * (bins / 2)
        q = parameters.softmax(-2)
        shares = _shares(t, bins)
        mean = (q * shares).sum(-2, dtype=torch.float64)  # what a sum of masses rounds away, a small bin would magnify
        k = t.long().clamp_(max=bins - 1).unsqueeze(-2)
        held = q.gather(-2, k).squeeze(-2)
        keep = 1 - bins * LEAST
        mass = held * keep + LEAST  # (3)
        z = (tail * (2 * (keep * mean + LEAST * t) - 1)).to(x.dtype) + (x - inner)  # (1)
        ctx.save_for_backward(q, t, k, mean.to(x.dtype), held, mass, inside)
        ctx.bins, ctx.tail, ctx.keep = bins, tail, keep
        return z, (bins * mass).log() * inside  # (2)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gz: Tensor, gl: Tensor) -> tuple[Tensor, Tensor, None, None]:
        q, t, k, mean, held, mass, inside = ctx.saved_tensors
        steep = ctx.bins * mass * inside + (1 - inside)
        rise, lean = gz * inside * (2 * ctx.tail * ctx.keep), gl * inside * (ctx.keep * held / mass)
        g = _shares(t, ctx.bins).sub_(mean.unsqueeze(-2)).mul_(rise.unsqueeze(-2)).sub_(lean.unsqueeze(-2)).mul_(q)
        return gz * steep, g.scatter_add_(-2, k, lean.unsqueeze(-2)), None, None  # (4)


def _shares(t: Tensor, bins: int) -> Tensor:
    """How much of each bin lies below t: (A, K, n)."""
    return (t.unsqueeze(-2) - torch.arange(bins, dtype=t.dtype, device=t.device)[:, None]).clamp_(0, 1)
