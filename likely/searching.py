r"""The code of a row: an encoder's answer, or what a search finds where a model only decodes.

    z* = argmin_z m(z),   m(z) = mean of (x_j - decode(z, c)_j)^2 over the cells j that are there                    (1)
    starts: of many codes z ~ N(0, I), every choice in turn, those of least m, of other choices each; an encoder's   (2)
    descent: z + t d,   t = 1, 0.3, 0.09, ... until m(z + t d) <= m(z) + 1e-4 t d . grad m(z)                        (3)
    d = -H grad m(z),   H made of the last steps and how the slope changed over them (L-BFGS)                       (4)

It is a heuristic: each descent ends in the valley it began in, choices stay those of the start, and another code may
tell the row as well. What is left of m says how far to trust it. Through a linear decoder (1) is least squares, and is
found. Compressed Sensing using Generative Models (Bora et al., 2017), arXiv:1703.03208
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from typing import final

import torch
from torch import Tensor

from likely.codecs import Lift
from likely.contracts import Decodes, Latent, Space
from likely.errors import CannotAnswer, FieldError
from likely.rng import Keyed, Rng
from likely.scoring import BATCH, batches, content_keys, first_weight, placed
from likely.spaces import Category, Image, Real, Series, Tokens, Vector, Wave, gappy, levels_of

MOST = 4096  # choices that a code can be: each is tried
EVERY = 4  # draws of each choice, at least
LEAP = 1.0  # length of a first step: codes are of order one
MEMORY = 8  # steps that (4) is made of
DECREASE, SHORTER, SHORTEST = 1e-4, 0.3, 10  # of (3): the share of the slope's promise, the ratio of steps, and tries
SETTLED, NOTHING = 1e-6, 1e-8  # a fall by less than this share of the misfit, or of nothing, is none
PATIENCE = 2  # falls of none, the second from a fresh start of (4), after which a row rests

Value = Callable[[Tensor, Tensor], Tensor]  # codes (M, D) and which rows they are of (M,) -> (M,)


@final
@dataclass(frozen=True, kw_only=True)
class Search:
    """How long codes are sought."""

    tried: int = 256  # codes that are drawn first: more find the right valley more often
    starts: int = 4  # of them followed down, the best ones
    steps: int = 60  # of each descent, at most

    def __post_init__(self) -> None:
        if not 1 <= self.starts <= self.tried or self.steps < 0:
            told = f"a search of {self.starts} starts among {self.tried} codes, {self.steps} steps each"
            raise FieldError(told, expected="at least 1 start, no more of them than codes tried, and no steps or more")


@final
@dataclass(frozen=True)
class Found:
    """Codes that were sought, and what they leave untold of their rows: (1), in the model's own cells."""

    z: Tensor  # (B, *codes)
    misfit: Tensor  # (B,) float64: a cell's mean squared error
    drawn: Tensor  # (B,) float64: the same of the best code that was drawn, before any descent

    def __str__(self) -> str:
        left, first = float(self.misfit.mean()), float(self.drawn.mean())
        return (
            f"codes found by search, a heuristic: decoded they miss each cell by {left**0.5:.3g} (root mean square, in "
            f"the model's own units; the best of the codes drawn at first by {first**0.5:.3g})"
        )


# Rows in batches -----------------------------------------------------------------------------------------------------


def encoded(model: Latent, lift: Lift, x: Tensor, c: Tensor | None) -> Tensor:
    """The encoder's answer."""
    with torch.no_grad():
        parts = ((lifted(lift, part), given) for part, given in batches(x, c))
        return torch.cat([model.encode(placed(u, model), placed(given, model)).cpu() for u, given in parts])


def decoded(model: Decodes, z: Tensor, c: Tensor | None) -> Tensor:
    """The rows that codes stand for, as the model sees them."""
    with torch.no_grad():
        return torch.cat(
            [model.decode(placed(part, model), placed(given, model)).cpu() for part, given in batches(z, c)]
        )


def searched(model: Decodes, lift: Lift, x: Tensor, c: Tensor | None, how: Search, *, seed: int) -> Found:
    """The code of each row by search; a row's does not depend on its company."""
    check(model)
    bank = bank_of(model.codes, how.tried, like=first_weight(model), rng=Keyed(seed))
    parts = []
    for part, given in batches(x, c, max(1, BATCH // (how.starts + 1))):
        sought = Sought(model, placed(lifted(lift, part), model), placed(given, model))
        parts.append(sought.found(bank, how))
    return Found(*(torch.cat(each) for each in zip(*parts, strict=True)))


def lifted(lift: Lift, x: Tensor) -> Tensor:
    """The rows as the model sees them; a row's noise is its own."""
    return lift.up(x, rng=Keyed(0, rows=content_keys(x)))[0]


def check(model: Decodes) -> None:
    """An error where codes cannot be sought."""
    name, codes, space = type(model).__name__.removesuffix("Model"), model.codes, model.space
    if isinstance(codes, Tokens) or levels_of(codes) is not None or prod(choices(codes).values()) > MOST:
        what, expected = (
            f"the codes of this {name} are choices: too many to search",
            "codes of numbers, one choice or two",
        )
        raise CannotAnswer(what, expected=expected, remedy="its encoder's own answer")
    columns = space.columns if isinstance(space, Vector) else ()
    numbers = all(isinstance(column, Real) and not column.atoms and not column.missing for column in columns)
    if not numbers or gappy(space) or not isinstance(space, Vector | Image | Series | Wave):
        what = f"what this {name} decodes to are choices: no slope leads from them to a code"
        raise CannotAnswer(what, expected="cells that are numbers", remedy="its encoder's own answer")


def choices(codes: Space) -> dict[int, int]:
    """Which numbers of a code are choices, and of how many."""
    columns = codes.columns if isinstance(codes, Vector) else ()
    return {at: column.k for at, column in enumerate(columns) if isinstance(column, Category)}


def bank_of(codes: Space, n: int, *, like: Tensor, rng: Rng) -> Tensor:
    """(N, *codes), n at least and some of every choice: normal numbers, choices in turn (2)."""
    kinds = choices(codes)
    many = prod(kinds.values())
    n = max(n, EVERY * many if kinds else 0)
    z = rng.normal((n, *codes.shape), like=like)
    turn = torch.arange(n, device=like.device) % many
    for at, k in kinds.items():
        z[:, at] = (turn % k).to(z.dtype)
        turn = turn // k
    return z


# One batch -----------------------------------------------------------------------------------------------------------


@final
@dataclass(frozen=True)
class Sought:
    """Rows as the model sees them, whose codes are sought."""

    model: Decodes
    x: Tensor
    c: Tensor | None

    def found(self, bank: Tensor, how: Search) -> tuple[Tensor, Tensor, Tensor]:
        """Codes, their misfits, and those of the best codes of the bank."""
        with torch.no_grad():
            missed = self._missed(bank)
            starts = bank[leading(missed, how.starts, prod(choices(self.model.codes).values()))]
            if isinstance(self.model, Latent):
                starts = torch.cat([starts, self.model.encode(self.x, self.c)[:, None]], 1)
        rows = torch.arange(len(self.x), device=self.x.device).repeat_interleave(starts.shape[1])
        z, misfit = descended(lambda z, at: self.misfit(z, rows[at]), starts.flatten(0, 1).flatten(1), how.steps)
        z, misfit = z.unflatten(0, starts.shape[:2]), misfit.unflatten(0, starts.shape[:2])
        best = misfit.argmin(1)
        every = torch.arange(len(best), device=best.device)
        found = z[every, best].unflatten(1, self.model.codes.shape)
        return found.cpu(), misfit[every, best].double().cpu(), missed.amin(1).double().cpu()

    def misfit(self, z: Tensor, rows: Tensor) -> Tensor:
        """(1) of codes (M, D) of these rows (M,)."""
        z = z.unflatten(1, self.model.codes.shape)
        return _misfit(self.model.decode(z, None if self.c is None else self.c[rows]), self.x[rows])

    def _missed(self, bank: Tensor) -> Tensor:
        """(B, N): (1) of every row at every code of the bank."""
        if self.c is None:
            return self._apart(bank, None, self.x)
        distinct, which = torch.unique(self.c, dim=0, return_inverse=True)
        missed = bank.new_empty(len(self.x), len(bank))
        for kind, given in enumerate(distinct):
            missed[which == kind] = self._apart(bank, given.expand(len(bank), *given.shape), self.x[which == kind])
        return missed

    def _apart(self, bank: Tensor, c: Tensor | None, x: Tensor) -> Tensor:
        made = torch.cat([self.model.decode(part, given) for part, given in batches(bank, c)])
        return torch.stack([_misfit(made, row.expand_as(made)) for row in x])


def leading(missed: Tensor, starts: int, many: int) -> Tensor:
    """(B, starts): the places of the least; where there are choices enough, one of each of the best (2)."""
    if many < max(starts, 2):
        return missed.topk(starts, dim=1, largest=False).indices
    turns = missed.shape[1] // many
    each = missed[:, : turns * many].unflatten(1, (turns, many)).min(1)
    kinds = each.values.topk(starts, dim=1, largest=False).indices
    return each.indices.gather(1, kinds) * many + kinds


def _misfit(made: Tensor, x: Tensor) -> Tensor:
    there = torch.isfinite(x)
    apart = torch.where(there, made - torch.where(there, x, 0.0), 0.0).flatten(1)
    return apart.square().sum(1) / there.flatten(1).sum(1).clamp(min=1)


# The descent ---------------------------------------------------------------------------------------------------------


def descended(value: Value, z: Tensor, steps: int) -> tuple[Tensor, Tensor]:
    """Each row of z (N, D) followed down by itself, and its value there; a row that falls no more rests."""
    every = torch.arange(len(z), device=z.device)
    z, (f, g) = z.clone(), sloped(value, z, every)
    memory, idle = Memory(g), torch.zeros_like(every)
    for _ in range(steps):
        going = every[idle < PATIENCE]
        if not len(going):
            break
        before = z.clone(), f.clone(), g.clone()
        _step(value, z, f, g, memory.direction(g), going)
        memory.learn(z - before[0], g - before[2])
        still = before[1] - f <= SETTLED * (f + NOTHING)
        idle = torch.where(still, idle + 1, 0)
        memory.forget(still, g)
    return z, f


def _step(value: Value, z: Tensor, f: Tensor, g: Tensor, d: Tensor, going: Tensor) -> None:
    """(3) in place, of the rows that go on; one that finds no lower place stays where it is."""
    t = 1.0
    for _ in range(SHORTEST):
        trial = z[going] + t * d[going]
        lower, slope = sloped(value, trial, going)
        good = lower <= f[going] + DECREASE * t * (d[going] * g[going]).sum(1)  # (3)
        kept, going = going[good], going[~good]
        z[kept], f[kept], g[kept] = trial[good], lower[good], slope[good]
        if not len(going):
            return
        t *= SHORTER


def sloped(value: Value, z: Tensor, rows: Tensor) -> tuple[Tensor, Tensor]:
    """The value of each row and its slope; no slope where it does not hang on the code."""
    with torch.enable_grad():
        z = z.detach().requires_grad_()
        f = value(z, rows)
        g = torch.autograd.grad(f.sum(), z, allow_unused=True)[0] if f.requires_grad else None
    return f.detach(), torch.zeros_like(z) if g is None else g


@final
class Memory:
    """(4): of each row the last steps, and how its slope changed over them."""

    def __init__(self, g: Tensor) -> None:
        self.pairs: list[tuple[Tensor, Tensor, Tensor]] = []
        self.scale = _leap(g)

    def direction(self, g: Tensor) -> Tensor:
        """(N, D): downwards, for every row."""
        q, shares = g, []
        for s, y, weight in reversed(self.pairs):
            shares.append(weight * _dot(s, q))
            q = q - shares[-1] * y
        d = self.scale * q
        for (s, y, weight), share in zip(self.pairs, reversed(shares), strict=True):
            d = d + s * (share - weight * _dot(y, d))
        down = _dot(d, g) > 0
        return -torch.where(down, d, _leap(g) * g)

    def learn(self, s: Tensor, y: Tensor) -> None:
        """A step and the slope's change; a row whose slope did not grow along its step learns nothing from it."""
        bend, size = _dot(s, y), _dot(y, y)
        of_use = bend > 1e-10 * (_dot(s, s) * size).sqrt()
        self.scale = torch.where(of_use, bend / torch.where(of_use, size, 1.0), self.scale)
        self.pairs = [*self.pairs, (s, y, torch.where(of_use, 1 / torch.where(of_use, bend, 1.0), 0.0))][-MEMORY:]

    def forget(self, rows: Tensor, g: Tensor) -> None:
        """These rows begin anew."""
        self.pairs = [(s, y, torch.where(rows[:, None], 0.0, weight)) for s, y, weight in self.pairs]
        self.scale = torch.where(rows[:, None], _leap(g), self.scale)


def _leap(g: Tensor) -> Tensor:
    """(N, 1): what makes a slope a step of the first length."""
    return LEAP / g.norm(dim=1, keepdim=True).clamp(min=1e-30)


def _dot(a: Tensor, b: Tensor) -> Tensor:
    return (a * b).sum(1, keepdim=True)
