r"""Annealed importance sampling: the normaliser of a law that is known up to it, by a way from one that is known.

    p_b(x) = e^{l_b(x)} / Z_b,   0 = b_0 < ... < b_K = 1,   Z_0 known, p_0 drawn from exactly                       (1)
    forward    x ~ p_0,   log w = sum_k l_k(x_{k-1}) - l_{k-1}(x_{k-1}),   x_k ~ T_k(x_{k-1}):   E w = Z_1 / Z_0     (2)
    backward   x ~ p_1, the same way down:   E 1/w = Z_0 / Z_1                                                      (3)

T_k leaves p_k as it is and is reversible. The log of (2)'s mean is below log(Z_1 / Z_0) on average and (by Markov) is
seldom far above it, that of (3) is above: log p(x) = l_1(x) - log Z is on average too high by (2), and too low by (3)
as far as the x that it starts from are draws of p_1. Between the two lies the truth, when the chains mix.

Annealed importance sampling (Neal, 2001), Statistics and Computing 11; Sandwiching the marginal likelihood using
bidirectional Monte Carlo (Grosse, Ghahramani & Adams, 2015), arXiv:1511.02543
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Generic, NamedTuple, TypeVar, final

import torch
from torch import Tensor, nn

from likely.contracts import log_mean_exp
from likely.errors import FieldError
from likely.rng import Rng

S = TypeVar("S")


class Way(ABC, Generic[S]):
    """Laws p_b from a known one to the one that is wanted, rows side by side (each may have its own condition)."""

    @abstractmethod
    def start(self, *, rng: Rng) -> S:
        """Exact draws of p_0, one for every row."""

    @abstractmethod
    def gain(self, rows: S, low: float, high: float) -> Tensor:
        """(B,): l_high - l_low of these rows."""

    @abstractmethod
    def move(self, rows: S, b: float, *, rng: Rng) -> S:
        """One reversible move that leaves p_b as it is."""


class Peopled(Way[S]):
    """A way that rows go each at its own b, (B,), and on which some are left behind."""

    @abstractmethod
    def gain(self, rows: S, low: float | Tensor, high: float | Tensor) -> Tensor:
        """(B,): l_high - l_low of these rows."""

    @abstractmethod
    def move(self, rows: S, b: float | Tensor, *, rng: Rng) -> S:
        """One reversible move that leaves p_b as it is."""

    @abstractmethod
    def pick(self, rows: S, at: Tensor) -> S:
        """The rows at these places, some of them several times."""

    @abstractmethod
    def either(self, going: Tensor, moved: S, rows: S) -> S:
        """Rows that moved where they are `going` (B,), else as they were."""

    @abstractmethod
    def follow(self, rows: S, each: int) -> None:
        """Learn from the last move how far to go, from so many rows together."""


def beside(b: float | Tensor, x: Tensor) -> float | Tensor:
    """Numbers of rows (B,) beside their cells."""
    return b.view(-1, *(1,) * (x.dim() - 1)) if isinstance(b, Tensor) else b


class Annealed(NamedTuple, Generic[S]):
    """Rows at the way's end, with what they weigh."""

    rows: S
    log_weights: Tensor  # (B,) float64


def grid(steps: int) -> list[float]:
    """b_0 .. b_K, evenly."""
    return [k / steps for k in range(steps + 1)]


def forward(way: Way[S], steps: int, *, rng: Rng) -> Annealed[S]:
    """(2): the last rows are nearly draws of p_1."""
    rows, weights = way.start(rng=rng), None
    for low, high in zip(grid(steps)[:-1], grid(steps)[1:]):
        gained = way.gain(rows, low, high).double()
        weights = gained if weights is None else weights + gained
        rows = way.move(rows, high, rng=rng)
    assert weights is not None
    return Annealed(rows, weights)


def backward(way: Way[S], rows: S, steps: int, *, rng: Rng) -> Annealed[S]:
    """(3), from rows that are draws of p_1; the weights are those of (2), seen from the other end."""
    weights = torch.zeros((), dtype=torch.float64)
    for low, high in reversed(list(zip(grid(steps)[:-1], grid(steps)[1:]))):
        rows = way.move(rows, high, rng=rng)
        gained = way.gain(rows, low, high).double()
        weights = weights.to(gained) + gained
    return Annealed(rows, weights)


class Between(NamedTuple):
    """log(Z_1 / Z_0), or log Z_1 where Z_0 was added; one value a group of chains."""

    value: Tensor  # by (2): too low on average
    stderr: Tensor  # of it, by the delta method
    above: Tensor  # by (3): too high on average


def between(ahead: Tensor, back: Tensor) -> Between:
    """From log-weights (groups, chains) of (2) and of (3)."""
    value = log_mean_exp(ahead)
    relative = (ahead - value[:, None]).exp()
    stderr = relative.std(1) / ahead.shape[1] ** 0.5
    return Between(value, stderr, -log_mean_exp(-back))


@final
class Grouped(Rng):
    """Noise for several chains a row: they come with their row's own noise, whatever rows stand beside it."""

    def __init__(self, rng: Rng, each: int) -> None:
        self.rng, self.each = rng, each

    def uniform(self, shape: Sequence[int], *, like: Tensor) -> Tensor:
        return self.rng.uniform((shape[0] // self.each, self.each, *shape[1:]), like=like).reshape(tuple(shape))

    def fork(self, tag: int) -> "Grouped":
        return Grouped(self.rng.fork(tag), self.each)


@final
class Normalisers(nn.Module):
    """log Z of each of several laws, once it was estimated: saved with the model."""

    value: Tensor
    stderr: Tensor
    above: Tensor

    def __init__(self, laws: int) -> None:
        super().__init__()
        for name in Between._fields:
            self.register_buffer(name, torch.full((laws,), float("nan"), dtype=torch.float64))

    def keep(self, found: Between) -> None:
        """What was found."""
        for kept, each in zip(self.of(), found, strict=True):
            kept.copy_(each)

    def of(self) -> Between:
        """What is known."""
        return Between(self.value, self.stderr, self.above)


def check_annealing(name: str, **counts: int) -> None:
    """At least two chains (their spread is the standard error), and one of everything else."""
    for field, count in counts.items():
        least = 2 if field == "chains" else 1
        if count < least:
            raise FieldError(f"{name}.{field} cannot be {count}", expected=f"at least {least}")
