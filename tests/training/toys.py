"""Toy models: a Gaussian by gradient, a counted mean, a game of two."""

from typing import final

import torch
from torch import Tensor, nn

from likely.contracts import Bound, Concludes, Counted, Density, Elbo, Player, Prepared, Trained, Turn
from likely.rng import Rng
from likely.spaces import reals

LOG_2PI = 1.8378770664093453


@final
class Gaussian(Density, Trained):
    """N(mean, e^{2 log_std}) per cell, by gradient steps."""

    def __init__(self, width: int = 3, rate: float = 0.05) -> None:
        super().__init__(reals(width))
        self.mean = nn.Parameter(torch.zeros(width))
        self.log_std = nn.Parameter(torch.zeros(width))
        self.rate = rate

    def log_prob(self, x, c=None):
        z = (x - self.mean) * torch.exp(-self.log_std)
        return (-0.5 * z.square() - self.log_std - 0.5 * LOG_2PI).sum(1)

    def sample(self, n, c=None, *, rng):
        return self.mean + self.log_std.exp() * rng.normal((n, len(self.mean)), like=self.mean)

    def players(self):
        return {"gaussian": Player(self, rate=self.rate)}

    def turns(self, x, c=None, *, rng):
        yield Turn("gaussian", lambda: -self.log_prob(x, c).mean())


class Net(nn.Module):
    def __init__(self, width: int, out: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(width, 16), nn.Tanh(), nn.Dropout(0.1), nn.Linear(16, out))

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)


@final
class Game(Trained):
    """A generator and a critic, both small: two critic turns, then the generator's; noise and dropout in each."""

    def __init__(self, width: int = 2, averaged: bool = True) -> None:
        super().__init__(reals(width))
        self.generator, self.critic = Net(width, width), Net(width, 1)
        self.width, self.averaged = width, averaged

    def sample(self, n, c=None, *, rng):
        return self.generator(rng.normal((n, self.width), like=self.generator.layers[0].weight))

    def players(self):
        return {
            "generator": Player(self.generator, rate=2e-3, averaged=self.averaged),
            "critic": Player(self.critic, rate=2e-3, betas=(0.5, 0.9), anneal=False),
        }

    def turns(self, x, c=None, *, rng):
        for _ in range(2):
            z = rng.normal(x.shape, like=x)
            yield Turn("critic", lambda z=z: self._critic(x, z))
        yield Turn("generator", lambda: nn.functional.softplus(-self.critic(self.generator(z))).mean())

    def _critic(self, x: Tensor, z: Tensor) -> Tensor:
        with torch.no_grad():
            fake = self.generator(z)
        real = x.detach().requires_grad_(True)
        score = self.critic(real)
        (slope,) = torch.autograd.grad(score.sum(), real, create_graph=True)
        loss = nn.functional.softplus(self.critic(fake)).mean() + nn.functional.softplus(-score).mean()
        return loss + 0.5 * slope.square().sum(1).mean()


@final
class Noisy(Bound, Trained):
    """A one-layer VAE over reals: noise from rng, dropout from torch's global source."""

    def __init__(self, width: int = 4, rate: float = 3e-3) -> None:
        super().__init__(reals(width))
        self.encoder, self.decoder, self.rate = Net(width, 4), Net(2, width), rate

    def elbo(self, x, c=None, *, rng):
        mean, log_std = self.encoder(x).chunk(2, 1)
        z = mean + log_std.exp() * rng.normal(mean.shape, like=mean)
        fit = (-0.5 * (x - self.decoder(z)).square() - 0.5 * LOG_2PI).sum(1)
        rate = (0.5 * (mean.square() + (2 * log_std).exp()) - log_std - 0.5).sum(1)
        return Elbo(fit, rate)

    def sample(self, n, c=None, *, rng):
        return self.decoder(rng.normal((n, 2), like=self.decoder.layers[0].weight))

    def players(self):
        return {"vae": Player(self, rate=self.rate)}

    def turns(self, x, c=None, *, rng):
        yield Turn("vae", lambda: -self.elbo(x, c, rng=rng).value.mean())


@final
class Mean(Counted):
    """The weighted mean of the rows, by counting; `rounds` passes before it is content."""

    total: Tensor
    weight: Tensor
    mean: Tensor

    def __init__(self, width: int = 3, rounds: int = 1) -> None:
        super().__init__(reals(width))
        self.rounds = rounds
        self.register_buffer("total", torch.zeros(width, dtype=torch.float64))
        self.register_buffer("weight", torch.zeros((), dtype=torch.float64))
        self.register_buffer("mean", torch.zeros(width))
        self.register_buffer("passes", torch.zeros((), dtype=torch.int64))

    def observe(self, x, c=None, weight=None):
        weight = torch.ones(len(x)) if weight is None else weight
        self.total += (x.double() * weight[:, None]).sum(0)
        self.weight += weight.sum()

    def finish(self):
        self.mean.copy_(self.total / self.weight)
        self.total.zero_()
        self.weight.zero_()
        self.passes += 1
        return int(self.passes) < self.rounds

    def sample(self, n, c=None, *, rng):
        return self.mean.expand(n, -1)


@final
class Both(Counted, Density, Prepared, Trained):
    """Counts the mean, then learns the spread by gradient, from a start it sees in a sample."""

    center: Tensor

    def __init__(self, width: int = 2) -> None:
        super().__init__(reals(width))
        self.register_buffer("center", torch.zeros(width))
        self.register_buffer("total", torch.zeros(width))
        self.register_buffer("seen", torch.zeros(()))
        self.log_std = nn.Parameter(torch.zeros(width))

    def prepare(self, x, c=None, *, rng):
        with torch.no_grad():
            self.log_std.copy_(x.std(0).log() + 0.5 + 0.01 * torch.randn(x.shape[1]))

    def observe(self, x, c=None, weight=None):
        self.total += x.sum(0)
        self.seen += len(x)

    def finish(self):
        self.center.copy_(self.total / self.seen)
        return False

    def log_prob(self, x, c=None):
        z = (x - self.center) * torch.exp(-self.log_std)
        return (-0.5 * z.square() - self.log_std - 0.5 * LOG_2PI).sum(1)

    def sample(self, n, c=None, *, rng: Rng):
        return self.center + self.log_std.exp() * rng.normal((n, len(self.center)), like=self.center)

    def players(self):
        return {"spread": Player(self, rate=0.05)}

    def turns(self, x, c=None, *, rng):
        yield Turn("spread", lambda: -self.log_prob(x, c).mean())


@final
class Coded(Concludes, Trained):
    """Learns a code by gradient, with dropout, and then the codes' mean, of a size that it did not have before."""

    def __init__(self, width: int = 4) -> None:
        super().__init__(reals(width))
        self.encoder, self.decoder = Net(width, 2), Net(2, width)
        self.register_buffer("mean", torch.zeros(0))
        self.register_buffer("seen", torch.tensor(0))

    def sample(self, n, c=None, *, rng):
        return self.decoder(self.mean + rng.normal((n, 2), like=self.mean))

    def players(self):
        return {"code": Player(self, rate=3e-3)}

    def turns(self, x, c=None, *, rng):
        yield Turn("code", lambda: (x - self.decoder(self.encoder(x))).square().mean())

    def conclude(self, x, c=None, *, rng):
        codes = self.encoder(x)
        self.mean = codes.mean(0) + 0.1 * rng.normal((2,), like=x) + 0.1 * torch.randn(2)
        self.seen = torch.tensor(len(x))


@final
class Kernel(Density, Trained):
    """A kernel on each of the rows it learns from, whose width it lowers without end: validation is U-shaped."""

    def __init__(self, centres: Tensor, rate: float = 0.02) -> None:
        super().__init__(reals(centres.shape[1]))
        self.register_buffer("centres", centres)
        self.log_std = nn.Parameter(torch.tensor(1.5))
        self.rate = rate

    def log_prob(self, x, c=None):
        z = (x[:, None] - self.centres) * torch.exp(-self.log_std)
        each = (-0.5 * z.square() - self.log_std - 0.5 * LOG_2PI).sum(2)
        return each.logsumexp(1) - torch.tensor(float(len(self.centres))).log()

    def sample(self, n, c=None, *, rng):
        return self.centres[:1].expand(n, -1)

    def players(self):
        return {"kernel": Player(self, rate=self.rate, anneal=False)}

    def turns(self, x, c=None, *, rng):
        yield Turn("kernel", lambda: -self.log_prob(x).mean())


@final
class Chase(Trained):
    """x = shift + noise, and a critic that says which way rows are: the two go round and round the rows' mean."""

    def __init__(self, width: int = 4, rate: float = 0.2) -> None:
        super().__init__(reals(width))
        self.generator, self.critic = nn.Linear(1, width, bias=False), nn.Linear(width, 1, bias=False)
        self.rate, self.width = rate, width
        for player in (self.generator, self.critic):
            nn.init.constant_(player.weight, 1.0)

    @property
    def shift(self) -> Tensor:
        return self.generator.weight[:, 0]

    def sample(self, n, c=None, *, rng):
        return self.shift + rng.normal((n, self.width), like=self.shift)

    def players(self):
        plain = {"rate": self.rate, "betas": (0.0, 0.9), "anneal": False, "averaged": True}
        return {"critic": Player(self.critic, **plain), "generator": Player(self.generator, **plain)}

    def turns(self, x, c=None, *, rng):
        yield Turn("critic", lambda: (self.critic(self.shift.detach()) - self.critic(x).mean(0)).sum())
        yield Turn("generator", lambda: -(self.critic.weight.detach()[0] * self.shift).sum())
