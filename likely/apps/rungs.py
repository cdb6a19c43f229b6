r"""A diffusion's bound in its parts: what the start, each ancestral step and the end of so many cost, in bits a number.

    -log2 p(x) / D <= (L_T + sum_t L_{t-1} + L_0) / D,   D the numbers of a row as the model sees it                 (1)
    L_0 is told in the data's own units: levels and choices by their masses, the reals by the codec's                (2)

Denoising diffusion probabilistic models (Ho et al., 2020), arXiv:2006.11239
"""

import math
from dataclasses import dataclass
from typing import Any, final

import torch
from torch import Tensor

from likely.diffusion import Climbs
from likely.errors import CannotAnswer, FieldError
from likely.fitted import Fitted
from likely.rng import Keyed
from likely.scoring import batches, placed

STEPS, ROWS = 100, 256  # ancestral steps; rows


@final
@dataclass(frozen=True)
class RungsTold:
    """The parts (1), means over rows, in bits a number, from the highest level down."""

    levels: tuple[float, ...]  # from which each step leaves, and the lowest
    first: float  # L_T
    steps: tuple[float, ...]  # L_{t-1}
    last: float  # L_0
    error: float  # the standard error of their sum
    rows: int
    numbers: int  # in a row

    @property
    def total(self) -> float:
        """The bound itself."""
        return self.first + sum(self.steps) + self.last


def rungs(fitted: Fitted[Any], data: Any, *, steps: int = STEPS, rows: int = ROWS, seed: int = 0) -> RungsTold:
    """The parts on the first so many rows."""
    model = fitted.model
    if not isinstance(model, Climbs):
        what = f"{fitted.name} has no bound made of steps"
        raise CannotAnswer(what, expected="a Diffusion", remedy="likely score RUN DATA, for the score it has")
    if steps < 1 or rows < 2:
        raise FieldError(f"a bound of {steps} steps on {rows} rows", expected="at least 1 step and 2 rows")
    x, ladj, c = fitted.cells(data)
    x, ladj, c = x[:rows], ladj[:rows], None if c is None else c[:rows]
    u, lifted = fitted.lift.up(x, rng=Keyed(seed).fork(1))
    parts = _parts(model, u, c, steps, seed)
    own = (lifted.double() + ladj.double()).cpu()
    bits = 1 / (u[0].numel() * math.log(2))
    first, each, last = parts[:, 0] * bits, parts[:, 1:-1] * bits, (parts[:, -1] - own) * bits  # (2)
    total = first + each.sum(1) + last
    return RungsTold(
        levels=tuple(model.learned.grid(steps + 1)[:-1].tolist()),
        first=float(first.mean()), steps=tuple(each.mean(0).tolist()), last=float(last.mean()),
        error=float(total.std() / len(total) ** 0.5), rows=len(total), numbers=u[0].numel(),
    )  # fmt: skip


def _parts(model: Climbs, u: Tensor, c: Tensor | None, steps: int, seed: int) -> Tensor:
    """(rows, 1 + steps + 1) nats."""
    told, done = [], 0
    with torch.no_grad():
        for part, given in batches(u, c):
            rng = Keyed(seed, rows=done)
            found = model.rungs(placed(part, model), placed(given, model), steps=steps, rng=rng)
            told.append(torch.cat([found.first[:, None], found.steps, found.last[:, None]], 1).double().cpu())
            done += len(part)
    return torch.cat(told)
