r"""A normalizing flow: any bijection f(.; c) onto independent codes of a standard law p0, as a model.

    z = f(x; c)                                                                                                      (1)
    log p(x | c) = sum_i log p0(z_i) + log|det f'(x; c)|                                                             (2)
    x = f^{-1}(z; c),   z_i ~ p0                                                                                     (3)

Variational Inference with Normalizing Flows (Rezende & Mohamed, 2015), arXiv:1505.05770
"""

import math
from collections.abc import Callable, Iterator, Mapping
from typing import final

import torch
from torch import Tensor

from likely.backbones import encoder
from likely.bijections.bijection import Bijection
from likely.bijections.chain import Chain, prepared
from likely.bijections.flatten import Flatten
from likely.bijections.standard import Normal, Standard
from likely.contracts import Density, Evidence, Filled, Fills, Latent, Player, Prepared, Space, Trained, Turn
from likely.errors import FieldError
from likely.particles.clamped import Laws, clamped
from likely.rng import Rng
from likely.spaces import Image, Series, Vector, Wave, reals

Shape = tuple[int, int, int]  # channels, height, width

CONTEXT = 64  # numbers that say the condition to every layer
TOGETHER = 1 << 19  # numbers that a layer holds at a time when rows are scored: they stay in the cache


@final
class Flow(Density, Latent, Fills, Trained, Prepared):
    """One flow f(x; c), both ways; f takes rows or images to vectors and is told `context_of(condition)` numbers."""

    particles = 32

    def __init__(
        self,
        flow: Bijection,
        space: Space,
        condition: Space | None = None,
        *,
        base: Standard | None = None,  # the law of codes; none: Normal()
        rate: float = 1e-3,  # the optimizer's step
        held: int = 0,  # numbers that the largest layer makes of a row; 0: rows are scored all at once
        placed: bool = False,  # f reads the condition of an image place by place, where that is an image too
    ) -> None:
        super().__init__(space, condition)
        self.codes = reals(math.prod(space.shape))
        self.base = base or Normal()
        self.rate, self.held = rate, held
        self.flow = flow
        places = CONTEXT if placed and isinstance(space, Image) and isinstance(condition, Image) else 0
        self.reader = encoder(condition, CONTEXT, places=places) if condition is not None else None
        self.laws = Laws()

    # What it can answer

    def log_prob(self, x: Tensor, c: Tensor | None = None) -> Tensor:
        rows = max(64, TOGETHER // self.held) if self.held else len(x)
        whole = torch.is_grad_enabled() or torch.compiler.is_compiling()  # a compiler would unroll the parts
        if whole or len(x) <= rows:
            return self._log_prob(x, c)
        return torch.cat([self._log_prob(x[at], None if c is None else c[at]) for at in _slices(len(x), rows)])

    def _log_prob(self, x: Tensor, c: Tensor | None) -> Tensor:
        z, ladj = self.flow(x, self._context(c))  # (1)
        return self.base.log_prob(z).sum(1) + ladj  # (2)

    def fill(self, x: Tensor, evidence: Evidence, c: Tensor | None = None, *, particles: int, rng: Rng) -> Filled:
        given = lambda rows: None if c is None else c[rows]  # noqa: E731
        density = lambda u, rows: self._log_prob(u, given(rows))  # noqa: E731
        return clamped(density, *self.laws.of(self, len(x), c), x, evidence, particles=particles, rng=rng)

    def encode(self, x: Tensor, c: Tensor | None = None) -> Tensor:
        return self.flow(x, self._context(c))[0]  # (1)

    def decode(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        return self.flow.inverse(z, self._context(c))[0]  # (3)

    def _context(self, c: Tensor | None) -> Tensor | None:
        if self.reader is None or c is None:
            return None
        said = self.reader(c)
        return said.summary if said.field is None else said.field + said.summary[:, :, None, None]

    # How it learns

    def prepare(self, x: Tensor, c: Tensor | None = None, *, rng: Rng) -> None:
        with torch.no_grad():
            prepared(self.flow, x, self._context(c))

    def players(self) -> dict[str, Player]:
        return {"flow": Player(self, rate=self.rate)}

    def turns(self, x: Tensor, c: Tensor | None = None, *, rng: Rng) -> Iterator[Turn]:
        yield Turn("flow", lambda: -self._log_prob(x, c).mean())

    # How it samples

    def sample(self, n: int, c: Tensor | None = None, *, rng: Rng) -> Tensor:
        return self.draw(n, c, rng=rng)[0]

    def draw(self, n: int, c: Tensor | None = None, *, rng: Rng) -> tuple[Tensor, Tensor]:
        """n draws, and log p of each: it comes with the way back."""
        z = self.base.sample((n, *self.codes.shape), like=next(self.parameters()), rng=rng)
        x, ladj = self.flow.inverse(z, self._context(c))  # (3)
        return x, self.base.log_prob(z).sum(1) - ladj  # (2)


def context_of(condition: Space | None) -> int:
    """How many numbers say the condition to every layer."""
    return CONTEXT if condition is not None else 0


def over(space: Space, rows: Callable[[int], Bijection], images: Callable[[Shape], Bijection]) -> Bijection:
    """The bijection of rows of so many columns, or of images of this shape; moments of a series are columns."""
    match space:
        case Vector():
            return rows(len(space.columns))
        case Image():
            return images((space.channels, space.height, space.width))
        case Series() | Wave():
            return Chain([Flatten(space.shape), rows(math.prod(space.shape))])
    raise FieldError(f"a flow cannot model {type(space).__name__}", expected="rows of cells, images, series or sounds")


def check_fields(family: str, sizes: Mapping[str, int], *, margin: float, rate: float) -> None:
    """Refuse a size below 1, a margin that reaches the middle, and a rate that is no step."""
    told = ", ".join(f"{name}={size}" for name, size in sizes.items())
    if min(sizes.values()) < 1:
        raise FieldError(f"{family} has {told}", expected="all at least 1")
    if not (0 < margin < 0.5 and 0 < rate < math.inf):
        raise FieldError(f"{family} has margin={margin} and rate={rate}", expected="0 < margin < 0.5 and rate > 0")


def _slices(rows: int, size: int) -> list[slice]:
    return [slice(at, at + size) for at in range(0, rows, size)]
