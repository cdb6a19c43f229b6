r"""The probability flow in coordinates in which it is nearly still.

    y = x_sigma / sqrt(1 + sigma^2),   v = log sigma                                    (1)
    dy / dv = (G - D) / sqrt(1 + sigma^2),   G = x_sigma / (1 + sigma^2)                (2)
    d log q_v(y) / dv = -div = tr dD/dx - dim / (1 + sigma^2)                           (3) along the flow

G is the exact denoiser of N(0, I): data of mean 0 and variance 1 move only where they differ from a normal law.

Score-based generative modeling through SDEs (Song et al., 2021), arXiv:2011.13456
"""

from torch import Tensor

from likely.diffusion.sampler import Look


def beside(values: Tensor, x: Tensor) -> Tensor:
    """One value a row, beside cells."""
    return values.view(-1, *(1,) * (x.dim() - 1))


def drift(look: Look, y: Tensor, v: Tensor) -> Tensor:
    """dy / dv at one level a row."""
    wide = beside((1 + (2 * v).exp()).sqrt(), y)
    return y / wide**2 - look(wide * y, v.exp()) / wide  # (2)
