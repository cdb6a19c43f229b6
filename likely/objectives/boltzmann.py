r"""The restricted Boltzmann machine: visible columns and hidden spins, each independent given the other side.

    log p*(x, h) = log_base(x) + phi(x)' g + s' u(x),   u = b + (phi(x) - mean phi) W,   s = h - 1/2                (1)
    p(h_j = 1 | x) = sigmoid(u_j),   p(x | h) = the visible law of the push  t = W s + g                           (2)
    log p*(x) = log_base(x) + phi(x)' g + sum_j log(2 cosh(u_j / 2))                                               (3)
    log p*(h) = s' (b - W' mean phi) + visible.log_mass(W s + g)                                                   (4)
    p_b: b u for u, so that p_0 is columns and spins that have nothing to do with one another                      (5)

Spins of +-1/2 about the mean of phi are the usual machine in other letters, whose gradients do not mix with the biases'
(Montavon & Mueller, 2012). A condition moves b and g. Z is the sum of (3) over all x, or of (4) over all h: exact where
either side has few states, and so are draws.

Information processing in dynamical systems (Smolensky, 1986); A fast learning algorithm for deep belief nets (Hinton,
Osindero & Teh, 2006)
"""

import math
from typing import NamedTuple, final

import torch
from torch import Tensor, nn
from torch.nn.functional import silu, softplus

from likely.backbones import encoder
from likely.contracts import Space
from likely.distributions.visible import Visible
from likely.particles.annealing import Peopled, Way, beside
from likely.rng import Rng

TOLD = 64  # numbers that a condition is worth
FIRST = 0.02  # standard deviation of the first weights
BLOCK = 2**20  # features of states that are listed at a time


class Moved(NamedTuple):
    """What a condition adds, row by row: nothing where there is none."""

    push: Tensor | None = None  # g
    bias: Tensor | None = None  # of hidden units

    def repeated(self, each: int) -> "Moved":
        """Every row so many times."""
        return Moved(*(None if part is None else part.repeat_interleave(each, 0) for part in self))


@final
class Boltzmann(nn.Module):
    """(1), with the weights of both sides."""

    def __init__(self, space: Space, condition: Space | None, *, hidden: int, bins: int) -> None:
        super().__init__()
        self.visible, self.hidden = Visible(space, bins), hidden
        self.weight = nn.Parameter(FIRST * torch.randn(self.visible.width, hidden))
        self.bias = nn.Parameter(torch.zeros(hidden))
        self.given = None if condition is None else encoder(condition, TOLD)
        self.told = None if condition is None else nn.Linear(TOLD, self.visible.width + hidden)

    def moved(self, c: Tensor | None) -> Moved:
        """What these conditions add."""
        if self.given is None or self.told is None or c is None:
            return Moved()
        return Moved(*self.told(silu(self.given(c).summary)).split([self.visible.width, self.hidden], 1))

    # Both sides ------------------------------------------------------------------------------------------------------

    def up(self, phi: Tensor, moved: Moved) -> Tensor:
        """u: (B, hidden)."""
        u = torch.addmm(self.bias - self.visible.centre @ self.weight, phi, self.weight)  # (1)
        return u if moved.bias is None else u + moved.bias

    def down(self, spins: Tensor, moved: Moved) -> Tensor:
        """t: (B, features)."""
        push = spins @ self.weight.T
        return push if moved.push is None else push + moved.push  # (2)

    def log_mass(self, rows: Tensor, moved: Moved) -> Tensor:
        """(3): log p* of rows, minus the free energy."""
        phi = self.visible.features(rows)
        mass = self.visible.log_base(rows, phi) + log_2cosh(self.up(phi, moved)).sum(1)
        return mass if moved.push is None else mass + (phi * moved.push).sum(1)

    def move(self, rows: Tensor, moved: Moved, b: float = 1.0, *, rng: Rng) -> Tensor:
        """One turn of block Gibbs; below 1, b weakens what the two sides have to do with one another."""
        u = self.up(self.visible.features(rows), moved)
        spins = rng.bernoulli(torch.sigmoid(u if b == 1 else b * u)) - 0.5
        return self.visible.draw(self.down(spins if b == 1 else b * spins, moved), rng=rng)

    # Everything listed -----------------------------------------------------------------------------------------------

    @property
    def listed(self) -> float:
        """How many states the smaller side has."""
        return min(2.0**self.hidden, self.visible.listed)

    def _of_hidden(self) -> bool:
        return 2.0**self.hidden <= self.visible.listed

    def log_masses(self, moved: Moved) -> Tensor:
        """log p* of every state of the smaller side, given one condition."""
        states = self.spins() if self._of_hidden() else self.visible.every()
        parts = states.split(max(1, BLOCK // (self.visible.width + self.hidden)))
        one = Moved(*(None if part is None else part[:1] for part in moved))
        return torch.cat([self._log_masses(part, one) for part in parts])

    def _log_masses(self, states: Tensor, moved: Moved) -> Tensor:
        if not self._of_hidden():
            return self.log_mass(states, moved)
        bias = self.bias - self.visible.centre @ self.weight
        lean = states @ (bias if moved.bias is None else bias + moved.bias[0])
        return lean + self.visible.log_mass(self.down(states, moved))  # (4)

    def log_masses_held(self, moved: Moved, rows: Tensor, known: Tensor, *, present: bool) -> Tensor:
        """(B, states): log p* of every state of the smaller side beside known columns (B, D), others there or not."""
        states = self.spins() if self._of_hidden() else self.visible.every()
        one = Moved(*(None if part is None else part[:1] for part in moved))
        if not self._of_hidden():
            every = self.log_masses(moved)
            return every.masked_fill(~self.visible.agreeing(states, rows, known, present=present), -math.inf)
        bias = self.bias - self.visible.centre @ self.weight
        lean = states @ (bias if one.bias is None else bias + one.bias[0])
        return lean + self.visible.log_masses_held(self.down(states, one), rows, known, present=present)

    def spins(self, codes: Tensor | None = None) -> Tensor:
        """(2^hidden, hidden), or of these codes alone."""
        codes = torch.arange(2**self.hidden, device=self.bias.device) if codes is None else codes
        return ((codes[:, None] >> torch.arange(self.hidden, device=codes.device)) & 1).to(self.bias) - 0.5

    def of_states(self, at: Tensor, moved: Moved, *, rng: Rng, present: bool = False) -> Tensor:
        """Rows of these states of the smaller side, by place."""
        if not self._of_hidden():
            return self.visible.every()[at]
        return self.visible.draw(self.down(self.spins(at), moved), rng=rng, present=present)  # (2)


def log_2cosh(u: Tensor) -> Tensor:
    """log(e^{u / 2} + e^{-u / 2})."""
    return softplus(u) - 0.5 * u


@final
class Weakened(Way[Tensor]):
    """(5): machines whose two sides have ever more to do with one another."""

    def __init__(self, machine: Boltzmann, moved: Moved, rows: int) -> None:
        self.machine, self.moved = machine, moved
        push = moved.push
        self.push = machine.weight.new_zeros(rows, machine.visible.width) if push is None else push
        self.log_normaliser = machine.visible.log_mass(self.push).double() + machine.hidden * math.log(2.0)

    def start(self, *, rng: Rng) -> Tensor:
        return self.machine.visible.draw(self.push, rng=rng)

    def gain(self, rows: Tensor, low: float, high: float) -> Tensor:
        u = self.machine.up(self.machine.visible.features(rows), self.moved)
        return (log_2cosh(high * u) - log_2cosh(low * u)).sum(1)

    def move(self, rows: Tensor, b: float, *, rng: Rng) -> Tensor:
        return self.machine.move(rows, self.moved, b, rng=rng)


@final
class Held(Peopled[Tensor]):
    """(5) given the known columns of rows, all others there."""

    def __init__(self, machine: Boltzmann, moved: Moved, rows: Tensor, known: Tensor) -> None:
        self.machine, self.moved, self.rows, self.known = machine, moved, rows, known
        push = moved.push
        self.push = machine.weight.new_zeros(len(rows), machine.visible.width) if push is None else push
        mass = machine.visible.log_mass_held(self.push, rows, known)
        self.log_normaliser = mass.double() + machine.hidden * math.log(2.0)

    def start(self, *, rng: Rng) -> Tensor:
        return self._drawn(self.push, rng)

    def _drawn(self, push: Tensor, rng: Rng) -> Tensor:
        visible = self.machine.visible
        return visible.hold(visible.draw(push, rng=rng, present=True), self.rows, self.known)

    def gain(self, rows: Tensor, low: float | Tensor, high: float | Tensor) -> Tensor:
        u = self._up(rows)
        return (log_2cosh(beside(high, u) * u) - log_2cosh(beside(low, u) * u)).sum(1)

    def _up(self, rows: Tensor) -> Tensor:
        return self.machine.up(self.machine.visible.features(rows), self.moved)

    def move(self, rows: Tensor, b: float | Tensor, *, rng: Rng) -> Tensor:
        u = self._up(rows)
        weak = beside(b, u)
        spins = weak * (rng.bernoulli(torch.sigmoid(weak * u)) - 0.5)
        return self._drawn(self.machine.down(spins, self.moved), rng)

    def pick(self, rows: Tensor, at: Tensor) -> Tensor:
        return rows[at]

    def either(self, going: Tensor, moved: Tensor, rows: Tensor) -> Tensor:
        return torch.where(going[:, None], moved, rows)

    def follow(self, rows: Tensor, each: int) -> None:
        """Gibbs moves have no length."""
