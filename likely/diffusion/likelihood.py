r"""The likelihood by a flow: the change of variables along it, from the data to the noise.

    dy/dv = f(y, v),   log p(y_first) = log N(y_last; 0, I) + integral of tr J dv,  J = df/dy     (1)
    tr J = E e' J e,   e = +1 or -1 in every cell                                       (2) Hutchinson's probes
    log p_low(x): f the drift of `flow`, v = log sigma from low to high, y = x / sqrt(1 + low^2)  (3) probability flow
    log p_low(x): f the velocity of `line`, v = b from low / (1 + low) to 1, y = (1 - b) x        (4) straight line

p_low is the law of the model's rows with noise of the lowest level: the flow ends there. (1) is solved by the classical
Runge-Kutta formula of order 4, every probe kept along its path, so that (2) is unbiased for the solver's own trace. It
says three things: its value, the mean over probes; its standard error over them; and the solver's error, the distance
from the value in half as many steps. (1) is a density whatever f: that of the rows which its own flow makes of noise.

Score-based generative modeling through SDEs (Song et al., 2021), arXiv:2011.13456; FFJORD (Grathwohl et al., 2019),
arXiv:1810.01367
"""

import math
from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import final

import torch
from torch import Tensor

from likely.contracts import Estimate, Estimated, Model
from likely.diffusion.flow import drift
from likely.diffusion.sampler import Denoiser, Watched
from likely.errors import FieldError
from likely.rng import Rng

Field = Callable[[Tensor, Tensor], Tensor]  # f(y, v), v one value a row
NARROWING = 3.0  # of the steps of (4) towards the data: b^(1/3) is evenly spaced


class Flows(Model):
    """Has a flow between its rows and noise, by which (1) is said of a row."""

    @abstractmethod
    def likelihood(
        self, x: Tensor, c: Tensor | None = None, *, steps: int = 32, probes: int | None = 8, rng: Rng
    ) -> Estimate:
        """log p of x by the flow, at the lowest level: neither exact nor a bound, with its two errors."""


@final
@dataclass(frozen=True)
class Flowed:
    """That rows are scored by the flow, whatever else the model knows of them."""

    steps: int = 32  # of the solver, an even number: more are slower and closer
    probes: int = 8  # directions a row: more are slower and surer; as many as it has cells leave nothing to chance

    def __post_init__(self) -> None:
        _check(self.steps, self.probes)

    def of(self, model: Flows) -> "Carried":
        """The model, as it is scored so."""
        return Carried(model, self)


@final
class Carried(Estimated):
    """A model whose log p is what its flow says."""

    def __init__(self, model: Flows, by: Flowed) -> None:
        super().__init__(model.space, model.condition)
        self.model, self.by = model, by

    def sample(self, n: int, c: Tensor | None = None, *, rng: Rng) -> Tensor:
        return self.model.sample(n, c, rng=rng)

    def log_prob_estimate(self, x: Tensor, c: Tensor | None = None, *, rng: Rng) -> Estimate:
        return self.model.likelihood(x, c, steps=self.by.steps, probes=probed(self, self.by.probes), rng=rng)


def probed(model: Model, probes: int) -> int | None:
    """So many probes of a row; none where its cells are as few: the trace itself costs no more."""
    return probes if math.prod(model.space.shape) > probes else None


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
    """(3) of each row, by 6 calls a step and their gradients; without probes the trace is taken cell by cell."""
    look, places = Watched(denoiser, c), torch.linspace(math.log(low), math.log(high), steps + 1, dtype=torch.float64)
    scale = 1 / math.sqrt(1 + low**2)
    return carried_likelihood(lambda y, v: drift(look, y, v), x, scale, places.tolist(), probes=probes, rng=rng)


def line_likelihood(
    velocity: Denoiser,
    x: Tensor,
    c: Tensor | None = None,
    *,
    low: float,
    steps: int = 32,
    probes: int | None = 8,
    rng: Rng,
) -> Estimate:
    """(4) of each row; v(x_b, b, c) is the velocity, and `low` the lowest level in sigma."""
    share = low / (1 + low)
    root = share ** (1 / NARROWING)
    places = torch.linspace(root, 1, steps + 1, dtype=torch.float64) ** NARROWING
    return carried_likelihood(lambda y, b: velocity(y, b, c), x, 1 - share, places.tolist(), probes=probes, rng=rng)


def carried_likelihood(
    field: Field, x: Tensor, scale: float, places: Sequence[float], *, probes: int | None, rng: Rng
) -> Estimate:
    """log p(x) where y = scale x is carried by this field through these places to N(0, I)."""
    _check(len(places) - 1, probes)
    asked = _cells(x) if probes is None else _signs(x, probes, rng)
    fine, coarse = (_solved(field, x, scale, asked, way) for way in (places, places[::2]))
    stderr = torch.zeros_like(fine[:, 0]) if probes is None else fine.std(1) / probes**0.5
    return Estimate(fine.mean(1), stderr, (fine - coarse).mean(1).abs())


def _check(steps: int, probes: int | None) -> None:
    """So many tell the two errors."""
    if steps < 2 or steps % 2:
        raise FieldError(f"a likelihood by {steps} steps", expected="an even number: half of them tell the error")
    if probes is not None and probes < 2:
        raise FieldError(f"a likelihood by {probes} probes", expected="at least 2, which tell the standard error",
                         remedy="as many as a row has cells, for the trace itself")  # fmt: skip


def _cells(x: Tensor) -> Tensor:
    """(B, dim, ...): a probe for every cell of a row, of such a size that their mean is the trace."""
    size = x[0].numel()
    whole = math.sqrt(size) * torch.eye(size, dtype=x.dtype, device=x.device).view(-1, *x.shape[1:])
    return whole.expand(len(x), *whole.shape)


def _signs(x: Tensor, probes: int, rng: Rng) -> Tensor:
    """(B, probes, ...): +1 or -1 in every cell, each row its own."""
    return torch.where(rng.uniform((len(x), probes, *x.shape[1:]), like=x) < 0.5, -1.0, 1.0).to(x)  # (2)


def _solved(field: Field, x: Tensor, scale: float, asked: Tensor, places: Sequence[float]) -> Tensor:
    """(B, probes): (1) by each probe, in float64."""
    y, path = scale * x, x.new_zeros(asked.shape[:2], dtype=torch.float64)
    for v, end in pairwise(places):
        y, traced = _moved(field, y, asked, v, end - v)
        path = path + traced
    size = x[0].numel()
    ends = y.double().square().flatten(1).sum(1) / 2 + size * (math.log(2 * math.pi) / 2 - math.log(scale))
    return path - ends[:, None]  # (1)


def _moved(field: Field, y: Tensor, asked: Tensor, v: float, h: float) -> tuple[Tensor, Tensor]:
    """One step of Runge and Kutta: y, and what the traces add."""
    k_1, a_1 = _slopes(field, y, asked, v)
    k_2, a_2 = _slopes(field, y + h / 2 * k_1, asked, v + h / 2)
    k_3, a_3 = _slopes(field, y + h / 2 * k_2, asked, v + h / 2)
    k_4, a_4 = _slopes(field, y + h * k_3, asked, v + h)
    return y + h / 6 * (k_1 + 2 * k_2 + 2 * k_3 + k_4), h / 6 * (a_1 + 2 * a_2 + 2 * a_3 + a_4)


def _slopes(field: Field, y: Tensor, asked: Tensor, v: float) -> tuple[Tensor, Tensor]:
    """f, and e' J e for every probe."""
    with torch.enable_grad():
        y = y.detach().requires_grad_()
        moved = field(y, y.new_full((len(y),), v))
        pulled = [torch.autograd.grad(moved, y, e, retain_graph=True)[0] for e in asked.unbind(1)]
    traced = [(e * back).double().flatten(1).sum(1) for e, back in zip(asked.unbind(1), pulled, strict=True)]
    return moved.detach(), torch.stack(traced, 1)  # (2)
