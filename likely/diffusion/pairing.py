r"""Pairings: which noise each row is joined with by a straight line.

    (x, eps) ~ pi,   pi's marginals the data and N(0, I)                                (1)
    Independent   pi = p(x) N(eps)                                                      (2)
    Transport     within a batch, the permutation s that minimises
                  sum_i |x_i - eps_s(i)|^2 + price |c_i - c_s(i)|^2                     (3)

With (3) lines cross less, so that their mean velocity turns less and is solved in fewer steps; but E[x | x_sigma] is no
longer the denoiser of independent noise, and no score. A price of infinity lets rows trade noise only with rows of the
same condition, so that noise stays independent of it, as in sampling; where every condition is another, as numbers
and pictures are, that leaves (2). A finite price straightens there as well, and biases what is drawn given a condition.
The permutation is exact, and its time grows as the cube of a batch's rows.

Flow matching with minibatch optimal transport (Tong et al., 2024), arXiv:2302.00482
"""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, final

import torch
from torch import Tensor

from likely.contracts import Space
from likely.errors import FieldError
from likely.spaces import Category, Tokens, Vector, levels_of, present


class Pairing(ABC):
    """A joint law of rows and noise."""

    independent: ClassVar[bool]  # whether noise says nothing of its row: then what is learned is a denoiser

    @abstractmethod
    def paired(self, x: Tensor, noise: Tensor, c: Tensor | None = None, condition: Space | None = None) -> Tensor:
        """The noise of each row, from noise that was drawn independently; c lies in `condition`."""


@final
@dataclass(frozen=True)
class Independent(Pairing):
    """Any noise for any row (Lipman et al., 2023): what is learned is a denoiser with a score."""

    independent: ClassVar[bool] = True

    def paired(self, x: Tensor, noise: Tensor, c: Tensor | None = None, condition: Space | None = None) -> Tensor:
        return noise  # (2)


@final
@dataclass(frozen=True)
class Transport(Pairing):
    """The nearest noise, all rows of a batch considered: straighter ways, that want fewer steps."""

    price: float = math.inf  # of trading noise with a row whose condition is 1 apart: less straightens and biases more

    independent: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if not self.price >= 0:
            raise FieldError(f"Transport.price is {self.price}", expected="at least 0; infinite forbids the trade")

    @torch.no_grad()
    def paired(self, x: Tensor, noise: Tensor, c: Tensor | None = None, condition: Space | None = None) -> Tensor:
        cost = -2 * x.flatten(1).double() @ noise.flatten(1).double().T  # the squares of (3) do not depend on s
        if c is not None and condition is not None:
            apart = gaps(c, condition)
            cost = cost + torch.where(apart > 0, apart * self.price, 0.0)
        from scipy.optimize import linear_sum_assignment

        _, chosen = linear_sum_assignment(cost.cpu().numpy())
        return noise[torch.from_numpy(chosen).to(noise.device)]  # (3)


def gaps(c: Tensor, condition: Space) -> Tensor:
    """(B, B): the squares of (3) between conditions: numbers by their difference, a code that differs or a gap as 1."""
    cells, there = c.flatten(1).double(), present(c).flatten(1)
    codes, scale = _codes(condition, cells), 2 / (max(levels_of(condition) or 3, 2) - 1)
    numbers = torch.where(there & ~codes, cells * scale, 0.0)
    apart = _squares(torch.cat([numbers, (~there).double()], 1))
    for place in codes.nonzero()[:, 0].tolist():
        code, known = cells[:, place], there[:, place]
        apart = apart + ((code[:, None] != code) & known[:, None] & known)
    return apart


def _squares(points: Tensor) -> Tensor:
    """Between all pairs, of equal points exactly 0."""
    return torch.cdist(points, points, compute_mode="donot_use_mm_for_euclid_dist").square()


def _codes(condition: Space, cells: Tensor) -> Tensor:
    """Which cells are names rather than numbers."""
    match condition:
        case Vector(columns=columns):
            named = [isinstance(column, Category) for column in columns]
        case _:
            named = [isinstance(condition, Tokens)] * cells.shape[1]
    return torch.tensor(named, device=cells.device)
