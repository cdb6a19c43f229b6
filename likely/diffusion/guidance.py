r"""Guidance: a denoiser around a denoiser, usable by every sampler.

    D_w(x_t; sigma, c) = D(x_t; sigma) + w (D(x_t; sigma, c) - D(x_t; sigma))            (1)

The first term sees the null condition (every cell missing). w = 1 is the plain conditional denoiser, w = 0 the
unconditional one; above 1 the samples are more typical of c and less varied, and no longer follow p(x | c).

Classifier-free diffusion guidance (Ho & Salimans, 2022), arXiv:2207.12598
"""

from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from likely.diffusion.sampler import Denoiser
from likely.spaces import absent


@final
@dataclass(frozen=True)
class Guided:
    """Classifier-free guidance: one call of the denoiser on the rows twice, with and without their condition."""

    denoiser: Denoiser
    scale: float = 1.0  # 1 follows p(x | c); more is more typical of c, and less varied

    def __call__(self, x_t: Tensor, sigma: Tensor, c: Tensor | None = None) -> Tensor:
        if c is None or self.scale == 1:
            return self.denoiser(x_t, sigma, c)
        both = self.denoiser(torch.cat([x_t, x_t]), torch.cat([sigma, sigma]), torch.cat([c, absent(c)]))
        given, null = both.chunk(2)
        return null + self.scale * (given - null)  # (1)
