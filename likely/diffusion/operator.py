r"""Operators: what is observed of a row, y = A(x), before noise.

    A A' = U diag(a) U'                                                                 (1) of a linear operator
    A+ y = A' U diag(1 / a) U' y, over a > 0                                            (2) its pseudo-inverse

    Mask         y = x where it is known, 0 elsewhere;   a = 1 or 0                     (3)
    Downsample   y = means over squares of f x f pixels;   a = 1 / f^2                  (4)
    Blur         y = K x K', a Gaussian kernel along both axes, mirrored at the edges   (5)
    Colourise    y = sum_k w_k x_k over channels, grey;   a = |w|^2                     (6)
    Matrix       y = M x, a row's cells in a line                                       (7)
    JPEG         y = what a JPEG shows: the cosine transform of blocks of 8 x 8 pixels, rounded to multiples of a step

JPEG is not linear, and flat but where it jumps. Its value is the true one; its derivative is a surrogate's, in which
rounding is the identity (straight through), so that A' of the surrogate is the identity, too. Chroma keeps its size.

Any number of dimensions may stand before those of a row.
"""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cache, cached_property
from typing import NamedTuple, final

import torch
from torch import Tensor
from torch.nn import functional as F

from likely.errors import FieldError

BLOCK = 8  # pixels along a block of a JPEG


class Turned(NamedTuple):
    """Observations along the axes U of (1), and what each axis multiplies variances by."""

    along: Tensor  # U' y
    gain: Tensor  # a, of as many dimensions as a row of y has, or one that goes beside them


class Operator(ABC):
    """What is observed of a row."""

    @abstractmethod
    def forward(self, x: Tensor) -> Tensor:
        """A(x)."""


class LinearOperator(Operator):
    """y = A x."""

    @abstractmethod
    def adjoint(self, y: Tensor) -> Tensor:
        """A' y: <A x, y> = <x, A' y>."""

    @abstractmethod
    def turned(self, y: Tensor) -> Turned:
        """U' y and a, as in (1)."""

    @abstractmethod
    def back(self, along: Tensor) -> Tensor:
        """U z."""

    def inverse(self, y: Tensor) -> Tensor:
        """A+ y: of all x that are nearest to having been observed as y, the shortest."""
        along, gain = self.turned(y)
        return self.adjoint(self.back(torch.where(telling(gain), along / gain.clamp(min=1e-30), 0.0)))  # (2)


def telling(gain: Tensor) -> Tensor:
    """Which axes of y say something of x, as far as the numbers' precision can tell."""
    return gain > torch.finfo(gain.dtype).eps ** 0.75 * gain.max()


@final
@dataclass(frozen=True, eq=False)
class Mask(LinearOperator):
    """Some cells are known."""

    known: Tensor  # bool: of one row, or of every row its own

    def forward(self, x: Tensor) -> Tensor:
        return torch.where(self.known, x, 0.0)  # (3)

    def adjoint(self, y: Tensor) -> Tensor:
        return self.forward(y)

    def turned(self, y: Tensor) -> Turned:
        return Turned(self.forward(y), self.known.to(y))

    def back(self, along: Tensor) -> Tensor:
        return self.forward(along)


class Separable(LinearOperator):
    """The same along the height and the width of every channel: y = M x M'."""

    @abstractmethod
    def axis(self, size: int) -> Tensor:
        """M for an axis of so many pixels, float64."""

    @abstractmethod
    def before(self, size: int) -> int:
        """The pixels of x along an axis on which y has so many."""

    def forward(self, x: Tensor) -> Tensor:
        high, wide = (self.axis(size).to(x) for size in x.shape[-2:])
        return high @ x @ wide.mT

    def adjoint(self, y: Tensor) -> Tensor:
        high, wide = (self.axis(self.before(size)).to(y) for size in y.shape[-2:])
        return high.mT @ y @ wide

    def turned(self, y: Tensor) -> Turned:
        (a, high), (b, wide) = (_spectrum(self, self.before(size)) for size in y.shape[-2:])
        return Turned(high.mT.to(y) @ y @ wide.to(y), (a[:, None] * b).to(y))

    def back(self, along: Tensor) -> Tensor:
        (_, high), (_, wide) = (_spectrum(self, self.before(size)) for size in along.shape[-2:])
        return high.to(along) @ along @ wide.mT.to(along)


@cache
def _spectrum(operator: Separable, size: int) -> tuple[Tensor, Tensor]:
    """(a, U) of M M' for an axis of x of so many pixels."""
    axis = operator.axis(size)
    gain, basis = torch.linalg.eigh(axis @ axis.mT)
    return gain.clamp(min=0.0), basis


@final
@dataclass(frozen=True)
class Blur(Separable):
    """A Gaussian blur; beyond the edges the picture is mirrored."""

    width: float = 1.0  # standard deviation of the kernel, in pixels: more hides finer detail
    reach: float = 4.0  # standard deviations after which the kernel ends

    def __post_init__(self) -> None:
        if not (self.width > 0 and self.reach > 0):
            raise FieldError(f"{self} has no kernel", expected="a positive width and reach")

    def axis(self, size: int) -> Tensor:
        reach = max(1, round(self.reach * self.width))
        steps = torch.arange(-reach, reach + 1)
        kernel = torch.exp(-0.5 * (steps.double() / self.width) ** 2)
        seen = (torch.arange(size)[:, None] + steps) % (2 * size)
        seen = torch.minimum(seen, 2 * size - 1 - seen)  # mirrored
        weights = torch.zeros(size, size, dtype=torch.float64)
        return weights.scatter_add_(1, seen, (kernel / kernel.sum()).expand(size, -1))  # (5)

    def before(self, size: int) -> int:
        return size


@final
@dataclass(frozen=True)
class Downsample(Separable):
    """Every square of pixels becomes its mean."""

    factor: int = 2  # pixels along the squares: more leaves less

    def __post_init__(self) -> None:
        if self.factor < 1:
            raise FieldError(f"Downsample's factor is {self.factor}", expected="at least 1")

    def axis(self, size: int) -> Tensor:
        if size % self.factor:
            raise FieldError(f"{size} pixels are not made of squares of {self.factor}", expected="a divisor of them")
        return (
            torch.eye(size // self.factor, dtype=torch.float64).repeat_interleave(self.factor, 1) / self.factor
        )  # (4)

    def before(self, size: int) -> int:
        return size * self.factor


@final
@dataclass(frozen=True)
class Colourise(LinearOperator):
    """A picture in colours is seen in grey."""

    weights: tuple[float, ...] = (0.299, 0.587, 0.114)  # of the channels: how bright each is seen

    def __post_init__(self) -> None:
        if not any(self.weights):
            raise FieldError("Colourise has no channel with a weight", expected="one weight a channel, not all 0")

    def forward(self, x: Tensor) -> Tensor:
        if x.shape[-3] != len(self.weights):
            told = f"Colourise has {len(self.weights)} weights for {x.shape[-3]} channels"
            raise FieldError(told, expected="one weight a channel")
        return (x * self._beside(x)).sum(-3, keepdim=True)  # (6)

    def adjoint(self, y: Tensor) -> Tensor:
        return y * self._beside(y)

    def turned(self, y: Tensor) -> Turned:
        return Turned(y, self._beside(y).square().sum().view(1, 1, 1))

    def back(self, along: Tensor) -> Tensor:
        return along

    def _beside(self, x: Tensor) -> Tensor:
        return torch.tensor(self.weights, dtype=x.dtype, device=x.device)[:, None, None]


@final
@dataclass(frozen=True, eq=False)
class Matrix(LinearOperator):
    """Any linear map of a row's cells."""

    matrix: Tensor  # (M, D), D the cells of a row
    shape: tuple[int, ...] | None = None  # of a row, where it is not a line

    def __post_init__(self) -> None:
        if self.matrix.dim() != 2 or not self.matrix.numel() or not self.matrix.isfinite().all():
            told = f"a Matrix of shape {tuple(self.matrix.shape)} is no linear map of rows"
            raise FieldError(told, expected="finite numbers (M, D), D the cells of a row")

    def forward(self, x: Tensor) -> Tensor:
        return x.flatten(-len(self._row)) @ self.matrix.mT.to(x)  # (7)

    def adjoint(self, y: Tensor) -> Tensor:
        return (y @ self.matrix.to(y)).unflatten(-1, self._row)

    def turned(self, y: Tensor) -> Turned:
        gain, basis = self._spectrum
        return Turned(y @ basis.to(y), gain.to(y))

    def back(self, along: Tensor) -> Tensor:
        return along @ self._spectrum[1].mT.to(along)

    @property
    def _row(self) -> tuple[int, ...]:
        return self.shape or (self.matrix.shape[1],)

    @cached_property
    def _spectrum(self) -> tuple[Tensor, Tensor]:
        matrix = self.matrix.double()
        gain, basis = torch.linalg.eigh(matrix @ matrix.mT)
        return gain.clamp(min=0.0), basis


@final
@dataclass(frozen=True)
class JPEG(Operator):
    """A picture of 256 levels, spread over [-1, 1], as a JPEG of this quality shows it."""

    quality: int = 30  # 1 to 100: less keeps less

    def __post_init__(self) -> None:
        if not 1 <= self.quality <= 100:
            raise FieldError(f"JPEG's quality is {self.quality}", expected="a whole number from 1 to 100")

    def forward(self, x: Tensor) -> Tensor:
        if x.shape[-3] not in (1, 3):
            raise FieldError(f"a JPEG has 1 or 3 channels, these pictures {x.shape[-3]}", expected="grey or colours")
        levels = (x + 1) * 128 - 128.5  # the middle of level k, k less 128
        if x.shape[-3] == 1:
            shown = self._rounded(levels, _BRIGHT)
        else:
            told = _mixed(levels, _YCBCR)
            bright, hues = self._rounded(told[..., :1, :, :], _BRIGHT), self._rounded(told[..., 1:, :, :], _HUE)
            shown = _mixed(torch.cat([bright, hues], -3), torch.linalg.inv(_YCBCR))
        return (shown + 128.5) / 128 - 1

    def _rounded(self, levels: Tensor, table: Tensor) -> Tensor:
        """Every block's coefficients rounded to multiples of the table's steps."""
        size, cosines = levels.shape[-2:], _cosines().to(levels)
        steps = self._steps(table).to(levels)
        blocks = _blocks(levels)  # (..., down, across, 8, 8)
        told = cosines @ blocks @ cosines.mT / steps
        told = told + (told.round() - told).detach()  # straight through
        shown = (cosines.mT @ (told * steps) @ cosines).transpose(-3, -2)
        return shown.flatten(-4, -3).flatten(-2, -1)[..., : size[0], : size[1]]

    def _steps(self, table: Tensor) -> Tensor:
        scale = 5000 // self.quality if self.quality < 50 else 200 - 2 * self.quality
        return ((table * scale + 50) / 100).floor().clamp(1, 255)


def _blocks(x: Tensor) -> Tensor:
    """Blocks of 8 x 8, the last row and column of pixels repeated where some are lacking."""
    down, across = (-size % BLOCK for size in x.shape[-2:])
    whole = F.pad(x.flatten(0, -3), (0, across, 0, down), mode="replicate").unflatten(0, x.shape[:-2])
    return whole.unflatten(-1, (-1, BLOCK)).unflatten(-3, (-1, BLOCK)).transpose(-3, -2)


@cache
def _cosines() -> Tensor:
    """The orthonormal cosine transform of 8 numbers, float64."""
    k = torch.arange(BLOCK, dtype=torch.float64)
    waves = torch.cos(math.pi * (2 * k + 1) * k[:, None] / (2 * BLOCK)) * math.sqrt(2 / BLOCK)
    waves[0] /= math.sqrt(2)
    return waves


def _mixed(x: Tensor, matrix: Tensor) -> Tensor:
    """Channels mixed."""
    return torch.einsum("jk,...khw->...jhw", matrix.to(x), x)


_YCBCR = torch.tensor(
    [[0.299, 0.587, 0.114], [-0.168736, -0.331264, 0.5], [0.5, -0.418688, -0.081312]], dtype=torch.float64
)
# fmt: off
_BRIGHT = torch.tensor([
    16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56,
    14, 17, 22, 29, 51, 87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92,
    49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99,
], dtype=torch.float64).view(BLOCK, BLOCK)  # JPEG's own tables (ITU-T T.81, annex K)
_HUE = torch.tensor([
    17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99, 24, 26, 56, 99, 99, 99, 99, 99,
    47, 66, 99, 99, 99, 99, 99, 99, *[99] * 32,
], dtype=torch.float64).view(BLOCK, BLOCK)
# fmt: on
