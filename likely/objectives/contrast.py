r"""What an energy is lowered and raised on: how a law that is known up to its normaliser learns.

    grad log p(x) = grad f(x) - E_{y ~ p} grad f(y),   p = e^f / Z                                                   (1)
    Contrastive     y: k moves of a chain from the rows themselves                                                  (2)
    Persistent      y: k moves of chains that go on from round to round, a share of them begun anew                  (3)
    ScoreMatching   E |s grad log p(x + s eps) + eps|^2 / 2: no chain at all                                         (4)

(2) and (3) follow (1) as far as y are draws: (2) leaves modes standing that no chain of k moves reaches, (3) does not.
(4) learns the rows blurred by s, and says little of how much mass lies in modes that are far apart.

(2): Training products of experts (Hinton, 2002); (3): Tieleman (2008), Implicit generation and modeling with energy-
based models (Du & Mordatch, 2019), arXiv:1903.08689; (4): A connection between score matching and denoising
autoencoders (Vincent, 2011)
"""

import math
from abc import ABC
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, final

import torch
from torch import Tensor, nn

from likely.contracts import Space
from likely.errors import FieldError
from likely.rng import Rng

TAKEN, BEGUN = 0xC4A1, 0xC4A2  # forks of a round's noise: which chains go on, which of them begin anew


class Contrast(ABC):  # noqa: B024
    """How an energy learns: a frozen dataclass that a family takes as a field."""


@final
@dataclass(frozen=True)
class Contrastive(Contrast):
    """Chains from the rows of each batch: quick and stable; modes that nobody visits may be left standing."""

    moves: int = 10  # of each chain: more are slower and nearer to maximum likelihood

    def __post_init__(self) -> None:
        _check_counts(self, moves=self.moves)


@final
@dataclass(frozen=True)
class Persistent(Contrast):
    """Chains that go on from round to round, saved with the model."""

    moves: int = 10  # of each chain, a round: more are slower and nearer to maximum likelihood
    chains: int = 1024  # that are kept: more stand for more of the law, and take room in the saved model
    fresh: float = 0.02  # share of the chains that begin anew each time: some find modes that no chain is in

    def __post_init__(self) -> None:
        _check_counts(self, moves=self.moves, chains=self.chains)
        if not 0 <= self.fresh <= 1:
            raise FieldError(f"Persistent.fresh cannot be {self.fresh}", expected="a share from 0 to 1")


@final
@dataclass(frozen=True)
class ScoreMatching(Contrast):
    """Slopes are fitted to those of blurred rows: no chains while it learns, and a loss that tells how far it is."""

    noise: float = 0.2  # s, in standard deviations of a real: less is nearer to the rows, and noisier to learn

    def __post_init__(self) -> None:
        if not 0 < self.noise < math.inf:
            raise FieldError(f"ScoreMatching.noise cannot be {self.noise}", expected="above 0")


class Taken(NamedTuple):
    """Chains that take their turn."""

    at: Tensor  # which
    rows: Tensor
    c: Tensor | None


@final
class Chains(nn.Module):
    """Rows that wander from round to round, each with the condition it was begun with: buffers."""

    rows: Tensor
    given: Tensor

    def __init__(self, count: int, shape: tuple[int, ...], condition: Space | None = None) -> None:
        super().__init__()
        self.told = condition is not None
        self.register_buffer("rows", torch.zeros(count, *shape))
        self.register_buffer("given", torch.zeros(count, *condition.shape) if condition else torch.zeros(0))

    def __len__(self) -> int:
        return len(self.rows)

    def begin(self, rows: Tensor, c: Tensor | None) -> None:
        """Every chain, for the first time."""
        self.rows.copy_(rows)
        if self.told and c is not None:
            self.given.copy_(c)

    def fitting(self, c: Tensor) -> Tensor:
        """(B, chains): 0 where a chain was begun with this condition, else -inf."""
        wanted, given = (each.flatten(1).nan_to_num(-1.0) for each in (c.to(self.given), self.given))
        return torch.where((wanted[:, None] == given).all(2), 0.0, -math.inf)

    def picked(self, n: int, fit: Tensor | None, *, rng: Rng) -> tuple[Tensor, Tensor]:
        """n of their rows, by log-weights (n, chains) where there are some; and whether any chain had one."""
        if fit is None:
            at = rng.integers(len(self), (n,), like=self.rows)
            return self.rows[at], torch.ones(n, dtype=torch.bool, device=at.device)
        found = (fit > -math.inf).any(1)
        return self.rows[rng.categorical(torch.where(found[:, None], fit, 0.0))], found

    def taken(self, n: int, c: Tensor | None, start: Callable[[Rng], Tensor], fresh: float, *, rng: Rng) -> Taken:
        """n chains, none twice, so far as there are so many; some begun anew, given the conditions of this batch."""
        order = rng.fork(TAKEN).uniform((len(self),), like=self.rows).argsort()
        at = order.repeat(-(-n // len(self)))[:n]
        anew = rng.fork(BEGUN).uniform((n,), like=self.rows) < fresh
        rows = torch.where(_beside(anew, self.rows), start(rng.fork(BEGUN + 1)), self.rows[at])
        if not self.told or c is None:
            return Taken(at, rows, None)
        return Taken(at, rows, torch.where(_beside(anew, self.given), c.to(self.given), self.given[at]).to(c.dtype))

    def put(self, taken: Taken) -> None:
        """Where they have come to."""
        self.rows[taken.at] = taken.rows.detach().to(self.rows)
        if taken.c is not None:
            self.given[taken.at] = taken.c.to(self.given)


def _beside(rows: Tensor, like: Tensor) -> Tensor:
    return rows.view(-1, *(1,) * (like.dim() - 1))


def _check_counts(kind: Contrast, **counts: int) -> None:
    for name, count in counts.items():
        if count < 1:
            raise FieldError(f"{type(kind).__name__}.{name} cannot be {count}", expected="at least 1")
