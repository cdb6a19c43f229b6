r"""The likelihood by the probability flow: the change of variables along it, from the data to the noise.

    log p_low(x) = log N(y_high; 0, I) - dim / 2 log(1 + low^2) + integral of tr J dv,  J = d(G - D)/dx     (1)
    tr J = E e' J e,   e = +1 or -1 in every cell                                       (2) Hutchinson's probes

in the coordinates of `flow`, v from log low to log high. p_low is the law of the model's rows with noise of the lowest
level: the flow ends there. (1) is solved by the classical Runge-Kutta formula of order 4, every probe kept along its
path, so that (2) is unbiased for the solver's own trace. It says three things: its value, the mean over probes; its
standard error over them; and the solver's error, the distance from the value in half as many steps.

Score-based generative modeling through SDEs (Song et al., 2021), arXiv:2011.13456; FFJORD (Grathwohl et al., 2019),
arXiv:1810.01367
"""

import math

import torch
from torch import Tensor

from likely.contracts import Estimate
from likely.diffusion.sampler import Denoiser, Look, Watched
from likely.errors import FieldError
from likely.rng import Rng


def flow_likelihood(
    denoiser: Denoiser,
    x: Tensor,
    c: Tensor | None = None,
    *,
    low: float,
    high: float,
    steps: int = 32,
    probes: int | None = 8,
    rng: Rng,
) -> Estimate:
    """log p_low of each row, by 6 calls a step and their gradients; without probes the trace is taken cell by cell."""
    if steps < 2 or steps % 2:
        raise FieldError(f"a likelihood by {steps} steps", expected="an even number: half of them tell the error")
    if probes is not None and probes < 2:
        raise FieldError(f"a likelihood by {probes} probes", expected="at least 2, which tell the standard error",
                         remedy="none, for the trace itself")  # fmt: skip
    asked = _cells(x) if probes is None else _signs(x, probes, rng)
    fine, coarse = (_solved(Watched(denoiser, c), x, asked, low, high, count) for count in (steps, steps // 2))
    stderr = torch.zeros_like(fine[:, 0]) if probes is None else fine.std(1) / probes**0.5
    return Estimate(fine.mean(1), stderr, (fine - coarse).mean(1).abs())


def _cells(x: Tensor) -> Tensor:
    """(B, dim, ...): a probe for every cell of a row, of such a size that their mean is the trace."""
    size = x[0].numel()
    whole = math.sqrt(size) * torch.eye(size, dtype=x.dtype, device=x.device).view(-1, *x.shape[1:])
    return whole.expand(len(x), *whole.shape)


def _signs(x: Tensor, probes: int, rng: Rng) -> Tensor:
    """(B, probes, ...): +1 or -1 in every cell, each row its own."""
    return torch.where(rng.uniform((len(x), probes, *x.shape[1:]), like=x) < 0.5, -1.0, 1.0).to(x)  # (2)


def _solved(look: Look, x: Tensor, asked: Tensor, low: float, high: float, steps: int) -> Tensor:
    """(B, probes): (1) by each probe, in float64."""
    v, h = math.log(low), math.log(high / low) / steps
    y, path = x / math.sqrt(1 + low**2), x.new_zeros(asked.shape[:2], dtype=torch.float64)
    for step in range(steps):
        y, traced = _moved(look, y, asked, v + step * h, h)
        path = path + traced
    ends = (y.double().square().flatten(1).sum(1) + x[0].numel() * math.log(2 * math.pi * (1 + low**2))) / 2
    return path - ends[:, None]  # (1)


def _moved(look: Look, y: Tensor, asked: Tensor, v: float, h: float) -> tuple[Tensor, Tensor]:
    """One step of Runge and Kutta, upwards: y, and what the traces add."""
    k_1, a_1 = _slopes(look, y, asked, v)
    k_2, a_2 = _slopes(look, y + h / 2 * k_1, asked, v + h / 2)
    k_3, a_3 = _slopes(look, y + h / 2 * k_2, asked, v + h / 2)
    k_4, a_4 = _slopes(look, y + h * k_3, asked, v + h)
    return y + h / 6 * (k_1 + 2 * k_2 + 2 * k_3 + k_4), h / 6 * (a_1 + 2 * a_2 + 2 * a_3 + a_4)


def _slopes(look: Look, y: Tensor, asked: Tensor, v: float) -> tuple[Tensor, Tensor]:
    """dy / dv, and e' J e for every probe."""
    sigma = math.exp(v)
    wide = math.sqrt(1 + sigma**2)
    with torch.enable_grad():
        x = (wide * y).detach().requires_grad_()
        gap = x / wide**2 - look(x, torch.tensor(sigma, dtype=torch.float64))
        pulled = [torch.autograd.grad(gap, x, e, retain_graph=True)[0] for e in asked.unbind(1)]
    traced = [(e * back).double().flatten(1).sum(1) for e, back in zip(asked.unbind(1), pulled, strict=True)]
    return gap.detach() / wide, torch.stack(traced, 1)  # (2)
