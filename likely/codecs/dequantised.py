r"""Stochastic steps from cells to reals whose noise is learned: variational dequantisation and the argmax surjection.

    w = n(e; x),   e_i ~ logistic,   v = 1 / (1 + exp(-w))                                  (1)
    log q(v | x) = sum_i [log p0(e_i) - log sigma'(w_i)] - log|det dn/de|                   (2)
    u = the lift of x with v for its uniform noise: u = onehot(x) + v - 1/2 and so on       (3)
    argmax: u_x = w_x,   u_i = u_x - softplus(u_x - w_i) for the other entries of a choice  (4)

n is a chain of couplings that read x, the identity at the start: uniform dequantisation is where (3) begins. Under (4)
a choice fills the whole of the region where its own entry is the largest, and no cube has an edge that a flow must cut.

Flow++ (Ho et al., 2019), arXiv:1902.00275; Argmax Flows (Hoogeboom et al., 2021), arXiv:2102.05379
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from likely.backbones import encoder
from likely.bijections import (
    Affine,
    Bijection,
    Chain,
    Checkerboard,
    Convolutional,
    Coupling,
    Cut,
    Dense,
    Dequantisation,
    Inverse,
    Squeeze,
    Surjection,
    squeezed_by,
)
from likely.codecs.choices import Choices
from likely.codecs.lift import way_of
from likely.codecs.ways import Way
from likely.contracts import Lifted, Space
from likely.distributions.logistic import log_logistic
from likely.errors import CannotAnswer, FieldError
from likely.rng import Rng
from likely.spaces import Image, Vector

GAP = 1e-3  # how far at least the largest entry of a choice stands above the others: float32 tells them apart


@final
@dataclass(frozen=True, kw_only=True)
class Variational(Dequantisation):
    """Cells keep the cubes of uniform dequantisation; where in its cube a cell lies is learned."""

    layers: int = 2  # couplings of the noise; at 0 each number of it is only shifted and scaled
    width: int = 64  # hidden units (of an image: channels) of what reads the cells

    def __post_init__(self) -> None:
        _check(self.layers, self.width)

    def over(self, space: Space) -> Surjection | None:
        return _learned(space, self.layers, self.width, regions=False)


@final
@dataclass(frozen=True, kw_only=True)
class Argmax(Dequantisation):
    """A choice is whichever of its entries is largest; counts, levels and absent values as by `Variational`."""

    layers: int = 2  # couplings of the noise; at 0 each number of it is only shifted and scaled
    width: int = 64  # hidden units (of an image: channels) of what reads the cells

    def __post_init__(self) -> None:
        _check(self.layers, self.width)

    def over(self, space: Space) -> Surjection | None:
        return _learned(space, self.layers, self.width, regions=True)


@final
class Learned(Surjection):
    """(1) to (3), and (4) for choices where `hots` entries of u are choices that take whole regions."""

    which: Tensor

    def __init__(self, way: Way, noise: Bijection, reader: nn.Module, shape: Sequence[int], which: Tensor) -> None:
        super().__init__()
        self.way, self.noise, self.reader, self.shape = way, noise, reader, torch.Size(shape)
        self.space = way.space
        self.register_buffer("which", which, persistent=False)  # the choice of each entry, for the last entries of u

    def forward(self, x: Tensor, *, rng: Rng) -> tuple[Tensor, Tensor]:
        noise = rng.uniform((len(x), *self.shape), like=_weight(self.noise)).logit()
        u, ladj = self.spread(x, noise)
        return u, ladj - log_logistic(noise, 0.0, 0.0).flatten(1).sum(1)

    def inverse(self, u: Tensor) -> Tensor:
        return self.way.down(u)

    def centre(self, x: Tensor) -> Tensor:
        return self.spread(x, torch.zeros(len(x), *self.shape, dtype=_weight(self.noise).dtype, device=x.device))[0]

    def bounds(self, x: Tensor, known: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        if len(self.which):
            raise CannotAnswer("an argmax flow has no bounds between which what stands for a known choice lies",
                               expected="a flow whose choices keep their cubes",
                               remedy="dequantisation=Variational(), or none")  # fmt: skip
        return self.way.bounds(x, known)

    def settled(self, u: Tensor, known: Tensor, high: Tensor) -> Tensor:
        return self.way.settled(u, known, high)

    def spread(self, x: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
        """u from logistic noise e, and log|du/de|."""
        w, ladj = self.noise(noise, self.reader(x))  # (1)
        least = torch.finfo(w.dtype).eps
        u, lifted = self.way.up(x, rng=Told(torch.sigmoid(w).clamp(least, 1 - least)))  # (3)
        squash = log_logistic(w, 0.0, 0.0).flatten(1)
        if not len(self.which):
            return u, ladj + lifted.to(u.dtype) + squash.sum(1)  # (2)
        cubes = u.shape[1] - len(self.which)
        hots, within = _regions(u[:, cubes:] >= 0.5, w[:, w.shape[1] - len(self.which) :], self.which)
        whole = torch.cat((u[:, :cubes], hots), 1)
        return whole, ladj + lifted.to(u.dtype) + squash[:, : -len(self.which)].sum(1) + within


def _regions(chosen: Tensor, w: Tensor, which: Tensor) -> tuple[Tensor, Tensor]:
    """(4), each entry's choice told by `which`; and its log|det|."""
    choices = w.new_zeros(len(w), int(which[-1]) + 1)
    top = choices.index_add(1, which, torch.where(chosen, w, 0.0)).index_select(1, which)
    below = top - GAP - F.softplus(top - w)
    return torch.where(chosen, w, below), torch.where(chosen, 0.0, F.logsigmoid(top - w)).sum(1)


@final
class Told(Rng):
    """Noise that is known beforehand: the columns of v, one after the other."""

    def __init__(self, v: Tensor) -> None:
        self.v, self.at = v.flatten(1), 0

    def uniform(self, shape: Sequence[int], *, like: Tensor) -> Tensor:
        cells = math.prod(shape[1:])
        part = self.v[:, self.at : self.at + cells]
        self.at += cells
        return part.reshape(tuple(shape)).clone()

    def fork(self, tag: int) -> "Told":
        return self


@final
class Counting(Rng):
    """Counts the numbers that a row is asked for."""

    def __init__(self) -> None:
        self.cells = 0

    def uniform(self, shape: Sequence[int], *, like: Tensor) -> Tensor:
        self.cells += math.prod(shape[1:])
        return torch.full(tuple(shape), 0.5, dtype=like.dtype, device=like.device)

    def fork(self, tag: int) -> "Counting":
        return self


@final
class ReadsRow(nn.Module):
    """The cells of a row as a summary."""

    def __init__(self, space: Vector, width: int) -> None:
        super().__init__()
        self.encoder = encoder(space, width)

    def forward(self, x: Tensor) -> Tensor:
        return self.encoder(x).summary


@final
class ReadsImage(nn.Module):
    """The levels of an image as a field, of the size that the noise is squeezed to."""

    def __init__(self, space: Image, width: int, by: tuple[int, int]) -> None:
        super().__init__()
        self.levels = max(1, (space.levels or 2) - 1)
        self.squeeze = Squeeze(*by)
        self.first = nn.Conv2d(space.channels * by[0] * by[1], width, 3, padding=1)
        self.second = nn.Conv2d(width, width, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        pixels, _ = self.squeeze(x.nan_to_num(0.0).to(self.first.weight.dtype) * (2 / self.levels) - 1)
        return torch.relu(self.second(torch.relu(self.first(pixels))))


def _learned(space: Space, layers: int, width: int, *, regions: bool) -> Surjection | None:
    """The step over this space; none where its cells are reals already."""
    way = way_of(space, Lifted.DEQUANTISED)
    if way.exact:
        return None
    if isinstance(space, Image):
        by = squeezed_by(space.height, space.width) or (1, 1)
        noise = _image_noise(space, layers, width, by)
        return Learned(way, noise, ReadsImage(space, width, by), space.shape, torch.empty(0, dtype=torch.int64))
    if not isinstance(space, Vector):
        raise FieldError(
            f"noise is not learned under the cells of {type(space).__name__}",
            expected="a table or images",
            remedy="leave dequantisation out: every level is then spread evenly",
        )
    counting = Counting()
    way.up(torch.zeros(1, *space.shape), rng=counting)
    noise = _row_noise(counting.cells, layers, width)
    return Learned(way, noise, ReadsRow(space, width), (counting.cells,), _entries(way, regions=regions))


def _entries(way: Way, *, regions: bool) -> Tensor:
    """For each of the last entries of u that are a choice's, which choice; none where cubes are kept."""
    sizes = way.sizes if regions and isinstance(way, Choices) else torch.empty(0, dtype=torch.int64)
    return torch.arange(len(sizes)).repeat_interleave(sizes)


def _row_noise(size: int, layers: int, width: int) -> Chain:
    parts: list[Bijection] = [Coupling(Affine(), Cut(0), Dense(0, size, 2, hidden=(width,), context=width))]
    for i in range(layers if size > 1 else 0):
        moved = size // 2 if i % 2 else size - size // 2
        conditioner = Dense(size - moved, moved, 2, hidden=(width,), context=width)
        parts.append(Coupling(Affine(), Cut(size // 2, bool(i % 2)), conditioner))
    return Chain(parts)


def _image_noise(space: Image, layers: int, width: int, by: tuple[int, int]) -> Chain:
    """On squeezed pixels, or on a chequerboard where both sides are odd."""
    size = space.channels * by[0] * by[1]
    parts: list[Bijection] = [Coupling(Affine(), Cut(0), Convolutional(0, size, 2, width=width, context=width))]
    for i in range(layers):
        if by == (1, 1):
            conditioner = Convolutional(size + 1, size, 2, width=width, context=width)
            parts.append(Coupling(Affine(), Checkerboard(i % 2), conditioner))
        else:
            moved = size // 2 if i % 2 else size - size // 2
            conditioner = Convolutional(size - moved, moved, 2, width=width, context=width)
            parts.append(Coupling(Affine(), Cut(size // 2, bool(i % 2)), conditioner))
    return Chain([Squeeze(*by), *parts, Inverse(Squeeze(*by))])


def _weight(module: nn.Module) -> Tensor:
    return next(module.parameters())


def _check(layers: int, width: int) -> None:
    if layers < 0 or width < 1:
        told = f"a dequantisation has layers={layers} and width={width}"
        raise FieldError(told, expected="layers at least 0, width at least 1")
