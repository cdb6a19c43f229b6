r"""A landscape: heights f(x, c) over a reference law r(x) that keeps the whole proper.

    p(x | c) = r(x) e^{f(x, c)} / Z(c),   x = T(z),   z ~ N(0, I) being r                                            (1)
    Around   r = N(m, (w s)^2) of each cell:            T(z) = m + w s z                                             (2)
    Within   r = uniform from low to high of each cell:  T(z) = low + (high - low) Phi(z)                            (3)
    of K classes  f(x | y in S) = logsumexp_{y in S} f_y(x),   p(y | x) = softmax f(x)                               (4)

f grows at most in proportion to |x|, so that under (2) Z is finite; under (3) nothing lies outside. Chains walk in z,
where the reference is normal whatever the cells' scales. (4): Your classifier is secretly an energy based model
(Grathwohl et al., 2020), arXiv:1912.03263
"""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor, nn
from torch.nn.functional import silu

from likely.backbones import MLP, Network, encoder, whole
from likely.backbones.batch_norm import mingles
from likely.contracts import Space
from likely.errors import FieldError
from likely.spaces import Image, Vector, Wave

NARROWEST = 1e-3  # the least standard deviation, or range, of a reference
EDGE = 1e-6  # how near to an end a row is taken to lie at most


class Ground(nn.Module, ABC):
    """r, and T."""

    low: Tensor
    spread: Tensor

    def __init__(self, space: Space) -> None:
        super().__init__()
        self.register_buffer("low", torch.zeros(space.shape))
        self.register_buffer("spread", torch.ones(space.shape))

    @abstractmethod
    def prepare(self, x: Tensor) -> None:
        """About where these rows lie."""

    @abstractmethod
    def forward(self, z: Tensor) -> Tensor:
        """T(z)."""

    @abstractmethod
    def back(self, x: Tensor) -> Tensor:
        """z."""

    @abstractmethod
    def log_prob(self, x: Tensor) -> Tensor:
        """log r(x), one value a row."""


class Reference(ABC):
    """The law that heights are over: a frozen dataclass that a family takes as a field."""

    @abstractmethod
    def over(self, space: Space) -> Ground:
        """Of the cells of a space."""


@final
@dataclass(frozen=True)
class Around(Reference):
    """A normal law about the rows' mean: any row has a density."""

    width: float = 1.5  # in standard deviations of each cell: more leaves more to the heights, and rarer rows possible

    def __post_init__(self) -> None:
        if not 0 < self.width < math.inf:
            raise FieldError(f"Around.width cannot be {self.width}", expected="above 0")

    def over(self, space: Space) -> Ground:
        return Normal(space, self.width)


@final
class Normal(Ground):
    """(2)."""

    def __init__(self, space: Space, width: float) -> None:
        super().__init__(space)
        self.width = width

    def prepare(self, x: Tensor) -> None:
        self.low.copy_(x.mean(0))
        self.spread.copy_(self.width * x.std(0, correction=0).clamp(min=NARROWEST))

    def forward(self, z: Tensor) -> Tensor:
        return self.low + self.spread * z  # (2)

    def back(self, x: Tensor) -> Tensor:
        return (x - self.low) / self.spread

    def log_prob(self, x: Tensor) -> Tensor:
        each = -0.5 * self.back(x).square() - self.spread.log() - 0.5 * math.log(2 * math.pi)
        return each.flatten(1).sum(1)


@final
@dataclass(frozen=True)
class Within(Reference):
    """A uniform law over the range of the rows, or of pictures and sounds: nothing lies outside, and log p is -inf."""

    margin: float = 0.25  # of a cell's range, beyond it on either side: less is easier to fill, and leaves rows out

    def __post_init__(self) -> None:
        if not 0 <= self.margin < math.inf:
            raise FieldError(f"Within.margin cannot be {self.margin}", expected="at least 0")

    def over(self, space: Space) -> Ground:
        return Uniform(space, self.margin, bounded=isinstance(space, Image | Wave))


@final
class Uniform(Ground):
    """(3)."""

    def __init__(self, space: Space, margin: float, *, bounded: bool) -> None:
        super().__init__(space)
        self.margin, self.bounded = margin, bounded

    def prepare(self, x: Tensor) -> None:
        low, high = (-torch.ones_like(x[0]), torch.ones_like(x[0])) if self.bounded else (x.amin(0), x.amax(0))
        beyond = 0.0 if self.bounded else self.margin
        spread = (high - low).clamp(min=NARROWEST)
        self.low.copy_(low - beyond * spread)
        self.spread.copy_((1 + 2 * beyond) * spread)

    def forward(self, z: Tensor) -> Tensor:
        return self.low + self.spread * torch.special.ndtr(z)  # (3)

    def back(self, x: Tensor) -> Tensor:
        return torch.special.ndtri(((x - self.low) / self.spread).clamp(EDGE, 1 - EDGE))

    def log_prob(self, x: Tensor) -> Tensor:
        inside = ((x >= self.low) & (x <= self.low + self.spread)).flatten(1).all(1)
        flat = -self.spread.log().sum()
        return torch.where(inside, flat, -math.inf)


@final
class Landscape(nn.Module):
    """Heights (B, outputs) of rows, told of a condition where there is one."""

    def __init__(
        self, space: Space, condition: Space | None, network: Network | None, *, width: int, waves: int, outputs: int
    ) -> None:
        super().__init__()
        plain = MLP(width=width, depth=2)
        chosen = network or (plain if isinstance(space, Vector) else whole(space, plain))
        self.features = encoder(space, width, chosen, waves=waves, gaps=False)
        if mingles(self.features):
            raise FieldError(f"{type(network).__name__} makes a row's energy depend on the rows beside it",
                             expected="a network without batch normalisation", remedy="network=conv")  # fmt: skip
        self.given = None if condition is None else encoder(condition, width)
        self.head = nn.Linear(width if condition is None else 2 * width, width)
        self.last = nn.Linear(width, outputs, bias=outputs > 1)  # a constant says nothing of one landscape

    def forward(self, x: Tensor, c: Tensor | None = None) -> Tensor:
        seen = self.features(x).summary
        if self.given is not None and c is not None:
            seen = torch.cat([seen, self.given(c).summary], 1)
        return self.last(silu(self.head(silu(seen))))
