"""Models of three columns of reals, healthy and ill, and rows that hang together."""

from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar, final

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from likely.bijections import ActNorm, Affine, Chain, Coupling, Cut, Dense, Linear
from likely.bijections.bijection import Bijection
from likely.certificates import Certificate, Certificates, Subject
from likely.certificates.clock import Clock
from likely.codecs import Lift, TableCodec
from likely.contracts import Completes, Density, Elbo, Family, Latent, Lifted, Weighted
from likely.data import Table, read
from likely.distributions import log_normal
from likely.fitting import fit
from likely.rng import Keyed
from likely.spaces import Space, reals

FOREVER = 60.0  # seconds: no test is about time but those that say so


@cache
def table(rows: int = 400) -> Table:
    """The third column is the first one with a little noise."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(rows, 3))
    return tabled(pd.DataFrame({"a": x[:, 0], "b": x[:, 1], "c": x[:, 0] + 0.3 * x[:, 2]}))


def tabled(frame: pd.DataFrame, **said: Any) -> Table:
    """A frame as rows."""
    rows = read(frame, **said)
    assert isinstance(rows, Table)
    return rows


def stirred(part: Bijection) -> Bijection:
    """Away from the identity, the same every time."""
    rng = Keyed(3)
    with torch.no_grad():
        for weight in part.parameters():
            weight.add_(0.3 * rng.normal(weight.shape, like=weight))
    return part


def layers(size: int) -> Bijection:
    """Affine couplings in a row."""
    parts: list[Bijection] = [ActNorm(size)]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        for first in (False, True, False):
            moved = size // 2 if first else size - size // 2
            conditioner = Dense(size - moved, moved, Affine().outputs, hidden=(16,))
            parts += [Linear(size), Coupling(Affine(), Cut(size // 2, first), conditioner)]
    return stirred(Chain(parts))


class Right(Density, Latent):
    """A flow of random weights, right in every way."""

    def __init__(self, space: Space, condition: Space | None = None) -> None:
        super().__init__(space, condition)
        self.size = space.shape[0]
        self.codes, self.flow = reals(self.size), layers(self.size)

    def log_prob(self, x: Tensor, c: Tensor | None = None) -> Tensor:
        z, ladj = self.flow(x)
        return log_normal(z, 0.0, 0.0).sum(1) + self.counted(ladj)

    def counted(self, ladj: Tensor) -> Tensor:
        return ladj

    def encode(self, x: Tensor, c: Tensor | None = None) -> Tensor:
        return self.flow(x)[0]

    def decode(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        return self.flow.inverse(z)[0]

    def sample(self, n: int, c: Tensor | None = None, *, rng: Any) -> Tensor:
        return self.decode(rng.normal((n, self.size), like=next(self.parameters())))


@final
class WrongSign(Right):
    """Minus the log-determinant."""

    def counted(self, ladj: Tensor) -> Tensor:
        return -ladj


@final
class Forgetful(Right):
    """No log-determinant at all."""

    def counted(self, ladj: Tensor) -> Tensor:
        return torch.zeros_like(ladj)


@final
class Leak(Right):
    """Normalised by the batch, as a batch norm that is never frozen."""

    def log_prob(self, x: Tensor, c: Tensor | None = None) -> Tensor:
        mean = x.mean(0) if len(x) > 1 else torch.zeros_like(x[0])
        return super().log_prob(x - 0.1 * mean, c)


@final
class Crooked(Right):
    """A way back that is not the way there."""

    def decode(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        return self.flow.inverse(z)[0] + 0.01


@final
class Narrow(Right):
    """Sees all columns but the last, which it takes to be a standard normal of its own."""

    def __init__(self, space: Space, condition: Space | None = None) -> None:
        super().__init__(space, condition)
        self.flow = layers(self.size - 1)

    def log_prob(self, x: Tensor, c: Tensor | None = None) -> Tensor:
        z, ladj = self.flow(x[:, :-1])
        return log_normal(z, 0.0, 0.0).sum(1) + ladj + log_normal(x[:, -1], 0.0, 0.0)

    def encode(self, x: Tensor, c: Tensor | None = None) -> Tensor:
        return torch.cat([self.flow(x[:, :-1])[0], x[:, -1:]], 1)

    def decode(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        return torch.cat([self.flow.inverse(z[:, :-1])[0], z[:, -1:]], 1)


class Kernels(Density):
    """A kernel estimate of 40 fixed points."""

    POINTS = 40
    points: Tensor

    def __init__(self, space: Space, condition: Space | None = None) -> None:
        super().__init__(space, condition)
        self.register_buffer("points", Keyed(0).normal((self.POINTS, *space.shape), like=torch.empty(0)))

    def log_prob(self, x: Tensor, c: Tensor | None = None) -> Tensor:
        each = log_normal(x[:, None], self.points, -0.5).sum(2)
        return each.logsumexp(1) - self.log_count()

    def log_count(self) -> float:
        return float(np.log(self.POINTS))

    def sample(self, n: int, c: Tensor | None = None, *, rng: Any) -> Tensor:
        chosen = rng.integers(self.POINTS, (n,), like=self.points)
        return self.points[chosen] + np.exp(-0.5) * rng.normal((n, *self.space.shape), like=self.points)


@final
class NoLogN(Kernels):
    """The sum of the bumps, and not their mean."""

    def log_count(self) -> float:
        return 0.0


@final
class OtherSamples(Kernels):
    """Samples wider than the density."""

    def sample(self, n: int, c: Tensor | None = None, *, rng: Any) -> Tensor:
        return 1.3 * super().sample(n, c, rng=rng)


@final
class IgnoredSeed(Kernels):
    """Always the same sample."""

    def sample(self, n: int, c: Tensor | None = None, *, rng: Any) -> Tensor:
        return super().sample(n, c, rng=Keyed(0))


@final
class GlobalNoise(Kernels):
    """Noise from torch's own generator."""

    def sample(self, n: int, c: Tensor | None = None, *, rng: Any) -> Tensor:
        return super().sample(n, c, rng=rng) + torch.randn(n, *self.space.shape).to(self.points)


@final
class WholeBatch(Kernels):
    """A row's noise is another row's."""

    def sample(self, n: int, c: Tensor | None = None, *, rng: Any) -> Tensor:
        return super().sample(n, c, rng=rng).flip(0)


@final
class Overflowing(Kernels):
    """Some cells are infinite."""

    def sample(self, n: int, c: Tensor | None = None, *, rng: Any) -> Tensor:
        drawn = super().sample(n, c, rng=rng)
        return torch.where(drawn > 1.5, torch.inf, drawn)


@final
class Raises(Kernels):
    """Its density ends in an error."""

    def log_prob(self, x: Tensor, c: Tensor | None = None) -> Tensor:
        raise RuntimeError("shapes do not match")


class Latents(Weighted):
    """x = z + noise, both of variance 1, with the posterior N(x / 2, s^2); exact where s^2 = 1/2."""

    def __init__(self, space: Space, condition: Space | None = None) -> None:
        super().__init__(space, condition)
        self.log_std = nn.Parameter(torch.tensor(-0.5), requires_grad=False)

    def log_weights(self, x: Tensor, c: Tensor | None = None, *, draws: int, rng: Any) -> Tensor:
        eps = rng.normal((len(x), draws, *self.space.shape), like=x)
        z = x[:, None] / 2 + self.log_std.exp() * eps
        joint = log_normal(x[:, None], z, 0.0) + log_normal(z, 0.0, 0.0)
        return (joint - log_normal(z, x[:, None] / 2, self.log_std)).sum(2)

    def elbo(self, x: Tensor, c: Tensor | None = None, *, rng: Any) -> Elbo:
        fit_ = self.log_weights(x, c, draws=1, rng=rng)[:, 0]
        return Elbo(fit_, self.rate(fit_))

    def rate(self, fit_: Tensor) -> Tensor:
        return torch.zeros_like(fit_)

    def sample(self, n: int, c: Tensor | None = None, *, rng: Any) -> Tensor:
        return 2**0.5 * rng.normal((n, *self.space.shape), like=self.log_std)


@final
class TooHigh(Latents):
    """A bound that forgets part of its rate."""

    def rate(self, fit_: Tensor) -> Tensor:
        return torch.full_like(fit_, -0.5)


@final
class Overconfident(Kernels, Completes):
    """Evidence of nothing is not certain."""

    def complete(self, x: Tensor, evidence: Any, c: Tensor | None = None, *, rng: Any) -> Tensor:
        return torch.where(evidence.known, x, self.sample(len(x), rng=rng))

    def log_evidence(self, x: Tensor, evidence: Any, c: Tensor | None = None) -> Tensor:
        return torch.where(evidence.known.all(1), self.log_prob(x), 0.1)


@dataclass(frozen=True)
class Planted(Family[Any]):
    """A family of one model."""

    model: type
    lifted: ClassVar[Lifted] = Lifted.NOT

    def build(self, space: Space, condition: Space | None = None) -> Any:
        return self.model(space, condition)


def subject(model: type | Any, rows: Table | None = None, seed: int = 0) -> Subject:
    """A model with the rows of `table`, as a fit would hand it over."""
    rows = rows or table()
    codec = TableCodec.fit(rows)
    x = codec.encode(rows).x
    built = model(codec.space) if isinstance(model, type) else model
    lift = Lift(codec.space, Lifted.NOT)
    return Subject(built.eval(), lift, codec, x[:200], None, codec.names, (), (x, None), seed)


def clock() -> Clock:
    """Time enough."""
    return Clock(FOREVER)


def certified(model: type | Family[Any] | str, rows: Any = None, **asked: Any) -> Certificates:
    """The certificates of a fit."""
    family = Planted(model) if isinstance(model, type) else model
    found = fit(table() if rows is None else rows, family, **asked).card.certificates
    assert found is not None
    return found


def said(found: Certificates, name: str) -> Certificate:
    """One check."""
    return {check.name: check for check in found.checks}[name]


def matrix(seen: Any) -> Tensor:
    """The strengths that a check drew."""
    assert seen.drawn is not None
    return torch.tensor(seen.drawn.strength)


def failed(found: Certificates) -> set[str]:
    """The checks that failed."""
    return {check.name for check in found.checks if check.outcome == "failed"}
