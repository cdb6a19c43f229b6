r"""Normalizing flow of coupling layers.

    z = f(x; c),   f = f_L o ... o f_1, each invertible                                                              (1)
    log p(x | c) = log N(z; 0, I) + sum_l log|det f_l'|                                                              (2)
    x = f^{-1}(z; c),   z ~ N(0, I)                                                                                  (3)

A layer standardises its columns, mixes them, keeps half of them, and moves the other half by a monotone map whose
parameters a network reads off the kept half and the condition. Images become reals by a logit and are squeezed into
channels; after each squeeze but the last, half of the channels leave as finished.

Density Estimation using Real NVP (Dinh, Sohl-Dickstein & Bengio, 2017), arXiv:1605.08803
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import ClassVar, final

import torch
from torch import Tensor

from likely.backbones import encoder
from likely.bijections import (
    ActNorm,
    Bijection,
    Chain,
    Checkerboard,
    Conditioner,
    Convolutional,
    Coupling,
    Cut,
    Dense,
    Elementwise,
    Linear,
    Logit,
    MultiScale,
    Spline,
    Squeeze,
    squeezed_by,
)
from likely.contracts import Density, Family, Latent, Lifted, Player, Prepared, Space, Trained, Turn
from likely.distributions import log_normal
from likely.errors import FieldError
from likely.rng import Rng
from likely.spaces import Image, Vector, reals

Shape = tuple[int, int, int]  # channels, height, width

CONTEXT = 64  # numbers that say the condition to every layer
SMALLEST = 4  # an image is squeezed again while both of its sides are at least this
SCALES = 3  # squeezes of an image, at most
TOGETHER = 1 << 19  # numbers that a layer holds at a time when rows are scored: they stay in the cache


@final
@dataclass(frozen=True, kw_only=True)
class RealNVP(Family["RealNVPModel"]):
    """Coupling layers with any monotone map; exact density, exact codes."""

    lifted: ClassVar[Lifted] = Lifted.DEQUANTISED

    coupling: Elementwise = field(default_factory=Spline)  # Spline() bends each cell freely, Affine() scales and shifts
    layers: int = 8  # couplings (of an image: at each scale); more reach more intricate laws
    width: int = 128  # units of each conditioner's hidden layers; of an image: its channels, halved
    depth: int = 2  # hidden layers of each conditioner; of an image: always two
    margin: float = 0.05  # of an image: how far its levels stay from the logit's infinities
    rate: float = 1e-3  # the optimizer's step; halve it where the loss jumps

    def __post_init__(self) -> None:
        if min(self.layers, self.width, self.depth) < 1:
            sizes = f"layers={self.layers}, width={self.width} and depth={self.depth}"
            raise FieldError(f"RealNVP has {sizes}", expected="all at least 1")
        if not (0 < self.margin < 0.5 and 0 < self.rate < math.inf):
            raise FieldError(
                f"RealNVP has margin={self.margin} and rate={self.rate}", expected="0 < margin < 0.5 and rate > 0"
            )

    def build(self, space: Space, condition: Space | None = None) -> "RealNVPModel":
        return RealNVPModel(self, space, condition)


@final
class RealNVPModel(Density, Latent, Trained, Prepared):
    """One flow f(x; c), both ways."""

    def __init__(self, family: RealNVP, space: Space, condition: Space | None) -> None:
        super().__init__(space, condition)
        self.family, self.codes = family, reals(math.prod(space.shape))
        context = CONTEXT if condition is not None else 0
        match space:
            case Vector():
                self.flow = _vector_flow(family, len(space.columns), context)
            case Image():
                self.flow = _image_flow(family, (space.channels, space.height, space.width), context)
            case _:
                raise FieldError(f"RealNVP cannot model {type(space).__name__}", expected="rows of cells, or images")
        places = CONTEXT if isinstance(space, Image) and isinstance(condition, Image) else 0
        self.reader = encoder(condition, CONTEXT, places=places) if condition is not None else None

    # What it can answer

    def log_prob(self, x: Tensor, c: Tensor | None = None) -> Tensor:
        said = self.family.coupling.outputs * math.prod(self.space.shape) // 2
        rows = max(64, TOGETHER // max(self.family.width, said))
        if torch.is_grad_enabled() or len(x) <= rows:
            return self._log_prob(x, c)
        return torch.cat([self._log_prob(x[at], None if c is None else c[at]) for at in _slices(len(x), rows)])

    def _log_prob(self, x: Tensor, c: Tensor | None) -> Tensor:
        z, ladj = self.flow(x, self._context(c))  # (1)
        return log_normal(z, 0.0, 0.0).sum(1) + ladj  # (2)

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
            self.flow.prepare(x, self._context(c))

    def players(self) -> dict[str, Player]:
        return {"flow": Player(self, rate=self.family.rate)}

    def turns(self, x: Tensor, c: Tensor | None = None, *, rng: Rng) -> Iterator[Turn]:
        yield Turn("flow", lambda: -self._log_prob(x, c).mean())

    # How it samples

    def sample(self, n: int, c: Tensor | None = None, *, rng: Rng) -> Tensor:
        z = rng.normal((n, *self.codes.shape), like=next(self.parameters()))
        return self.decode(z, c)  # (3)


def _slices(rows: int, size: int) -> list[slice]:
    return [slice(at, at + size) for at in range(0, rows, size)]


# The layers of rows


def _vector_flow(family: RealNVP, size: int, context: int) -> Chain:
    hidden, outputs = (family.width,) * family.depth, family.coupling.outputs

    def conditioner(moved: int) -> Dense:
        return Dense(size - moved, moved, outputs, hidden=hidden, context=context)

    return Chain(_layers(family, size, conditioner))


def _layers(family: RealNVP, size: int, conditioner: Callable[[int], Conditioner]) -> list[Bijection]:
    """Couplings whose halves take turns, mixed in between; one column or channel alone always moves."""
    parts: list[Bijection] = [ActNorm(size)]
    for i in range(family.layers):
        first = size > 1 and i % 2 == 1
        moved = size // 2 if first else size - size // 2
        mixing = Linear(size) if size > 1 else ActNorm(size)
        parts += [mixing, Coupling(family.coupling, Cut(size // 2, first), conditioner(moved))]
    return parts


# The layers of images


def _image_flow(family: RealNVP, shape: Shape, context: int) -> Chain:
    """Logit, then a stage at each scale; one scale on a chequerboard where both sides are odd."""
    stages: list[Bijection] = []
    shapes: list[Shape] = []
    while (factors := squeezed_by(*shape[1:])) and len(stages) < SCALES and (not stages or min(shape[1:]) >= SMALLEST):
        area = factors[0] * factors[1]
        wide = (shape[0] * area, shape[1] // factors[0], shape[2] // factors[1])
        stages.append(Chain([Squeeze(*factors), *_channel_layers(family, wide[0], context)]))
        shapes.append(wide)
        shape = (wide[0] - wide[0] // 2, *wide[1:])
    if not stages:
        one = (
            _channel_layers(family, shape[0], context) if shape[1:] == (1, 1) else _chequered(family, shape[0], context)
        )
        stages, shapes = [Chain(one)], [shape]
    return Chain([Logit(family.margin), MultiScale(stages, shapes)])


def _channel_layers(family: RealNVP, size: int, context: int) -> list[Bijection]:
    width, outputs = max(8, family.width // 2), family.coupling.outputs

    def conditioner(moved: int) -> Convolutional:
        return Convolutional(size - moved, moved, outputs, width=width, context=context)

    return _layers(family, size, conditioner)


def _chequered(family: RealNVP, size: int, context: int) -> list[Bijection]:
    parts: list[Bijection] = [ActNorm(size)]
    for i in range(family.layers):
        width, outputs = max(8, family.width // 2), family.coupling.outputs
        conditioner = Convolutional(size + 1, size, outputs, width=width, context=context)
        parts.append(Coupling(family.coupling, Checkerboard(i % 2), conditioner))
    return parts
