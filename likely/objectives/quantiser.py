r"""Vectors h to codes, and codes to the vectors e that stand for them.

    FSQ         e_i = 2 k_i / (L_i - 1) - 1,   k_i = round((L_i - 1) s(h_i)),   s the logistic function              (1)
                the code of a vector is k_1 + L_1 (k_2 + L_2 (k_3 + ...))                                            (2)
    Codebook    the code of h is argmin_k |h - e_k|^2                                                                (3)
                N_k <- m N_k + (1 - m) n_k,   e_k <- e_k + (1 - m) / N_k sum_{h of code k} (h - e_k)                 (4)
                price beta |h - e|^2, which h alone can lower                                                        (5)
    straight through: in gradients e moves as tanh(h / 2), which (1) rounds, or as h itself                          (6)

(4) is k-means on what is encoded, n_k being how many of a batch's vectors chose k: there is no rate to choose, nothing
of it lies in an optimizer's moments when a code starts anew, and all of it is buffers, which are saved, rolled back and
the same on every process. Codes that hardly any vector chooses start anew at vectors of the batch.

(1): Finite Scalar Quantization (Mentzer et al., 2023), arXiv:2309.15505; (3), (5): Neural Discrete Representation
Learning (van den Oord et al., 2017), arXiv:1711.00937; (4): Razavi et al. (2019), arXiv:1906.00446
"""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import NamedTuple, final

import torch
from torch import Tensor, nn

from likely.distributions import precise
from likely.errors import FieldError
from likely.rng import Rng

MOST = 1 << 16  # codes: a law of codes says a number for each


class Quantised(NamedTuple):
    """What became of vectors h (..., width)."""

    vectors: Tensor  # (..., width): e, straight through
    codes: Tensor  # (...) int64
    price: Tensor  # (...)


class Quantising(nn.Module, ABC):
    """Vectors <-> codes 0 .. size - 1."""

    size: int
    width: int

    @abstractmethod
    def forward(self, h: Tensor) -> Quantised:
        """Vectors (..., width) to their codes, and what gradients see of it."""

    @abstractmethod
    def vectors(self, codes: Tensor) -> Tensor:
        """Codes (...) to vectors (..., width)."""

    @abstractmethod
    def begin(self, h: Tensor, *, rng: Rng) -> None:
        """See the vectors (N, width) of some rows, before anything is learned."""

    @abstractmethod
    def follow(self, h: Tensor, codes: Tensor, *, rng: Rng) -> None:
        """After a step: learn from its vectors (N, width) and their codes (N,) what gradients do not teach."""


class Quantiser(ABC):
    """The description of a quantiser: a frozen dataclass that a family takes as a field."""

    @abstractmethod
    def built(self) -> Quantising:
        """The module."""


# Number by number ----------------------------------------------------------------------------------------------------


@final
@dataclass(frozen=True, kw_only=True)
class FSQ(Quantiser):
    """Every number of a vector is rounded to a few levels: nothing to learn, and no price."""

    levels: tuple[int, ...] = (8, 5, 5, 5)  # of each number; their product is how many codes there are

    def __post_init__(self) -> None:
        if not self.levels or min(self.levels) < 2 or math.prod(self.levels) > MOST:
            told = f"FSQ has levels {self.levels}, {math.prod(self.levels)} codes"
            raise FieldError(told, expected=f"at least 2 levels each, at most {MOST} codes", remedy="levels=(8,5,5,5)")

    def built(self) -> "Rounding":
        return Rounding(self.levels)


@final
class Rounding(Quantising):
    """(1) and (2)."""

    top: Tensor  # (width,) L - 1
    base: Tensor  # (width,) what a step of each level counts

    def __init__(self, levels: tuple[int, ...]) -> None:
        super().__init__()
        self.size, self.width = math.prod(levels), len(levels)
        base = [math.prod(levels[:at]) for at in range(len(levels))]
        self.register_buffer("top", torch.tensor(levels) - 1.0, persistent=False)
        self.register_buffer("base", torch.tensor(base, dtype=torch.int64), persistent=False)

    def forward(self, h: Tensor) -> Quantised:
        soft = torch.tanh(precise(h) / 2)
        levels = (self.top * (soft + 1) / 2).round()  # (1): s(h) = (1 + tanh(h / 2)) / 2
        vectors = soft + (2 * levels / self.top - 1 - soft).detach()  # (6)
        return Quantised(vectors, (levels.long() * self.base).sum(-1), torch.zeros_like(soft[..., 0]))  # (2)

    def vectors(self, codes: Tensor) -> Tensor:
        levels = codes[..., None] // self.base % (self.top.long() + 1)  # (2)
        return 2 * levels / self.top - 1

    def begin(self, h: Tensor, *, rng: Rng) -> None:
        """There is nothing to see."""

    def follow(self, h: Tensor, codes: Tensor, *, rng: Rng) -> None:
        """There is nothing to learn."""


# A list of vectors ---------------------------------------------------------------------------------------------------


@final
@dataclass(frozen=True, kw_only=True)
class Codebook(Quantiser):
    """A list of vectors, the nearest of which stands for a vector: the classic VQ."""

    size: int = 512  # codes; more say more, and more of them die
    width: int = 16  # numbers in the vector of a code
    commitment: float = 0.25  # beta: what an encoder pays to be far from its code; more holds it nearer
    memory: float = 0.99  # m: the share of a code's past that each step keeps; less follows a fast encoder closer
    dead: float = 0.01  # a code chosen less often than this share of evenly starts anew; 0: never

    def __post_init__(self) -> None:
        if not (2 <= self.size <= MOST and self.width >= 1):
            told = f"Codebook has size={self.size} and width={self.width}"
            raise FieldError(told, expected=f"from 2 to {MOST} codes, of at least one number")
        if not (0 <= self.commitment < math.inf and 0 <= self.memory < 1 and 0 <= self.dead < 1):
            told = f"Codebook has commitment={self.commitment}, memory={self.memory} and dead={self.dead}"
            raise FieldError(told, expected="commitment at least 0, memory and dead from 0 to below 1")

    def built(self) -> "Nearest":
        return Nearest(self)


@final
class Nearest(Quantising):
    """(3) to (5)."""

    book: Tensor  # (size, width) e
    chosen: Tensor  # (size,) N

    def __init__(self, description: Codebook) -> None:
        super().__init__()
        self.description, self.size, self.width = description, description.size, description.width
        self.register_buffer("book", torch.randn(self.size, self.width))
        self.register_buffer("chosen", torch.ones(self.size))

    def forward(self, h: Tensor) -> Quantised:
        h = precise(h)
        with torch.autocast(h.device.type, enabled=False):
            codes = self._nearest(h.detach())
        found = self.book[codes]
        price = self.description.commitment * (h - found).square().sum(-1)  # (5)
        return Quantised(h + (found - h).detach(), codes, price)  # (6)

    def _nearest(self, h: Tensor) -> Tensor:
        """(3), less |h|^2, which is the same for every code."""
        return (self.book.square().sum(1) - 2 * h @ self.book.t()).argmin(-1)

    def vectors(self, codes: Tensor) -> Tensor:
        return self.book[codes]

    @torch.no_grad()
    def begin(self, h: Tensor, *, rng: Rng) -> None:
        order = rng.uniform((len(h),), like=h).argsort()
        self.book.copy_(h[order[torch.arange(self.size, device=h.device) % len(h)]])

    @torch.no_grad()
    def follow(self, h: Tensor, codes: Tensor, *, rng: Rng) -> None:
        kept, h = self.description.memory, h.to(self.book.dtype)
        chose = nn.functional.one_hot(codes, self.size).to(h.dtype).t()  # a product: the same sum on every device
        now = chose.sum(1)
        self.chosen.mul_(kept).add_(now, alpha=1 - kept)
        moved = chose @ h - now[:, None] * self.book
        self.book.add_(moved * ((1 - kept) / self.chosen.clamp(min=1e-30))[:, None])  # (4)
        self._restart(h, rng)

    def _restart(self, h: Tensor, rng: Rng) -> None:
        """Codes that few choose go where some vector is, as if they had been chosen as often as all on average."""
        evenly = len(h) / self.size
        lost, at = self.chosen < self.description.dead * evenly, rng.integers(len(h), (self.size,), like=h)
        self.book.copy_(torch.where(lost[:, None], h[at], self.book))
        self.chosen.masked_fill_(lost, evenly)
