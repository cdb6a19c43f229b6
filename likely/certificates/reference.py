"""Laws q that are known to add up to one, to hold a model's density against: where its samples fall, and as wide.

`Box` is uniform between two corners. `Bumps` is a mixture over columns of any kind: one broad law of the samples' own
spread, and a narrow one around each of a few samples. Neither shares a line with what it judges.
"""

import math
from abc import ABC, abstractmethod
from typing import final

import torch
from torch import Tensor

from likely.contracts import Space
from likely.distributions.state import Cells
from likely.rng import Rng
from likely.spaces import Column, Real

CENTRES = 128
BROAD = 0.5  # of the mixture's mass
WIDER = 1.2  # the broad law, against the samples' spread
FLIPPED = 3.0  # states of a row that a bump changes on average, at most
HALF_LOG_TWO_PI = 0.5 * math.log(2 * math.pi)


class Reference(ABC):
    """q: samples and log-densities, in float64."""

    @abstractmethod
    def draw(self, n: int, *, rng: Rng) -> Tensor:
        """(n, *shape) rows."""

    @abstractmethod
    def log_prob(self, x: Tensor) -> Tensor:
        """(n,)"""


@final
class Box(Reference):
    """Uniform over the middle of some samples, column by column."""

    def __init__(self, draws: Tensor, low: float = 0.2, high: float = 0.7) -> None:
        self.low = draws.double().quantile(low, 0)
        self.high = draws.double().quantile(high, 0) + 1e-3

    def draw(self, n: int, *, rng: Rng) -> Tensor:
        return self.low + (self.high - self.low) * rng.uniform((n, len(self.low)), like=self.low)

    def log_prob(self, x: Tensor) -> Tensor:
        inside = ((x >= self.low) & (x < self.high)).all(1)
        return torch.where(inside, -(self.high - self.low).log().sum(), -math.inf)


@final
class Bumps(Reference):
    """The mixture: component 0 is the broad one, the others are around samples."""

    def __init__(self, space: Space, draws: Tensor) -> None:
        self.cells = Cells(space).double()
        x = self.cells.flat(draws).double()
        self.split = self.cells.split(x)
        self.shares = self._shares()  # (D, S) of every state
        self.shift, self.root = self._standard(x)
        chosen = torch.linspace(0, len(x) - 1, min(len(x), CENTRES)).long()
        self.state, self.valued = self.split.state[chosen], self.split.ordinary[chosen]
        self.at = torch.where(self.valued, self._scaled(x)[chosen], 0.0)
        self.narrow = len(chosen) ** (-1 / (len(self.shift) + 4))  # Scott's rule
        self.flip = min(0.3, FLIPPED / len(self.shift))

    def _shares(self) -> Tensor:
        sizes = self.cells.sizes.clamp(min=1)
        counts = torch.zeros(len(sizes), int(sizes.max()), dtype=torch.float64)
        counts.scatter_add_(1, self.split.state.clamp(min=0).T, torch.ones(self.split.state.T.shape).double())
        open_ = torch.arange(counts.shape[1]) < sizes[:, None]
        return torch.where(open_, counts + 0.5, 0.0) / (counts.sum(1) + 0.5 * sizes)[:, None]

    def _standard(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """The samples' centre, and a root of their covariance where every cell is a plain real: (D,), (D, D)."""
        value = torch.where(self.split.ordinary, x, math.nan)
        centre = value.nanmedian(0).values.nan_to_num(0.0)
        low, high = value.nanquantile(0.16, 0), value.nanquantile(0.84, 0)
        std = ((high - low) / 2).nan_to_num(0.0)
        std = torch.where(std > 1e-6, std, 1.0)
        if self.cells.integer.any():
            std = torch.where(self.cells.integer, std.clamp(min=1.0), std)
        if not self.cells.plain:
            return centre, torch.diag(std)
        y = ((x - centre) / std).clamp(-4, 4)
        covariance = y.T @ y / len(y) + 1e-4 * torch.eye(len(std)).double()
        return centre, std[:, None] * torch.linalg.cholesky(covariance)

    def _scaled(self, x: Tensor) -> Tensor:
        """Values in units of the samples' spread; 0 where there is none."""
        value = torch.where(self.cells.integer, x + 0.5, x).nan_to_num(0.0)  # the middle of a count's interval
        return torch.linalg.solve_triangular(self.root, (value - self.shift).T, upper=False).T

    def draw(self, n: int, *, rng: Rng) -> Tensor:
        level, like = rng.uniform((n, 2), like=self.shift), self.shift
        broad = level[:, :1] < BROAD
        k = (level[:, 1] * len(self.at)).long().clamp(max=len(self.at) - 1)
        noise, kept = rng.normal((n, len(like)), like=like), rng.uniform((n, len(like)), like=like)
        drawn = rng.categorical(self.shares.log().expand(n, -1, -1))
        state = torch.where(broad | (kept < self.flip), drawn, self.state[k])
        spread = torch.where(broad | ~self.valued[k], WIDER, self.narrow)
        centre = torch.where(broad, 0.0, self.at[k])
        value = self.shift + (centre + spread * noise) @ self.root.T
        value = torch.where(self.cells.integer, value.floor().clamp(min=0.0), value)
        return self.cells.whole(self.cells.join(state, value))

    def log_prob(self, x: Tensor) -> Tensor:
        cells = self.cells.flat(x).double()
        return torch.cat([self._log_prob(part) for part in cells.split(128)])

    def _log_prob(self, x: Tensor) -> Tensor:
        split, D = self.cells.split(x), x.shape[1]
        share = self.shares[torch.arange(D), split.state.clamp(min=0)]
        same = split.state[:, None] == self.state  # (n, K, D)
        narrow = self._values(x, split.ordinary, self.at, torch.where(self.valued, self.narrow, WIDER))
        bumps = (torch.where(same, 1 - self.flip, 0.0) + self.flip * share[:, None]).log().sum(2) + narrow
        zero, wide = torch.zeros(1, D).double(), torch.full((1, D), WIDER).double()
        broad = share.log().sum(1) + self._values(x, split.ordinary, zero, wide)[:, 0]
        inner = bumps.logsumexp(1) - math.log(len(self.at)) + math.log(1 - BROAD)
        return torch.logaddexp(inner, broad + math.log(BROAD))

    def _values(self, x: Tensor, ordinary: Tensor, centre: Tensor, width: Tensor) -> Tensor:
        """log density or mass of the ordinary cells' values, a number for each row and component: (n, K)."""
        y = self._scaled(x)[:, None] - centre
        told = -0.5 * (y / width) ** 2 - width.log() - HALF_LOG_TWO_PI - self.root.diagonal().log()
        if self.cells.integer.any():
            told = torch.where(self.cells.integer, self._masses(x, centre, width), told)
        return torch.where(ordinary[:, None], told, 0.0).sum(2)

    def _masses(self, x: Tensor, centre: Tensor, width: Tensor) -> Tensor:
        """log of a normal's mass between a count and the next; everything below 1 is 0's."""
        scale = self.root.diagonal() * width  # (K, D)
        middle = self.shift + self.root.diagonal() * centre
        low, high = (x[:, None] - middle) / scale, (x[:, None] + 1 - middle) / scale
        low = torch.where(x[:, None] <= 0, -math.inf, low)
        flipped = low > 0  # the same mass at the other side, where the differences of small numbers are exact
        low, high = torch.where(flipped, -high, low), torch.where(flipped, -low, high)
        return (torch.special.ndtr(high) - torch.special.ndtr(low)).clamp(min=1e-300).log()


def reals_only(columns: tuple[Column, ...], most: int) -> bool:
    """A few plain reals and nothing else."""
    return 0 < len(columns) <= most and all(column == Real() for column in columns)
