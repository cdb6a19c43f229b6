r"""How a critic is told the condition c of a row x with features h(x) and an embedding e(c).

    Concatenated    f = s(h(x), e(c))                                                                      (1)
    Projected       f = s(h(x)) + <e(c), h(x)> / sqrt(width)                                                    (2)
    Auxiliary       f = s(h(x)),   and both players lower -w log softmax(A h(x))_c                           (3)

(2) is the form that the best critic log p(x | c) - log q(x | c) has where p(c | x) and q(c | x) are log-linear; in (3)
the critic does not see c, it names it, on real and on generated rows. A generator is told c by its own network.

(2): cGANs with Projection Discriminator (Miyato & Koyama, 2018), arXiv:1802.05637
(3): Conditional Image Synthesis with Auxiliary Classifier GANs (Odena et al., 2017), arXiv:1610.09585
"""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import NamedTuple, final

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from likely.backbones import MLP, encoder
from likely.contracts import Space
from likely.errors import ConditionError, FieldError
from likely.spaces import Category, Vector


class Heard(NamedTuple):
    """What a critic makes of features (B, width) and conditions."""

    features: Tensor  # (B, outputs): what its layers go on from
    lean: Tensor  # (B,): added to the score
    price: Tensor  # (): added to both players' losses


class Hearing(nn.Module, ABC):
    """Features of rows, and their conditions, to what a critic goes on from."""

    outputs: int

    @abstractmethod
    def forward(self, features: Tensor, c: Tensor) -> Heard: ...


class Told(ABC):
    """How a critic is told conditions: a frozen dataclass that a family takes as a field."""

    @abstractmethod
    def built(self, condition: Space, width: int) -> Hearing:
        """The module, for features of this width."""


# An input like any other ---------------------------------------------------------------------------------------------


@final
@dataclass(frozen=True)
class Concatenated(Told):
    """The condition's summary is put beside the row's: serves every condition."""

    def built(self, condition: Space, width: int) -> Hearing:
        return Beside(condition, width)


@final
class Beside(Hearing):
    """(1)."""

    def __init__(self, condition: Space, width: int) -> None:
        super().__init__()
        self.given, self.outputs = encoder(condition, width), 2 * width

    def forward(self, features: Tensor, c: Tensor) -> Heard:
        told = torch.cat([features, self.given(c).summary], 1)  # (1)
        return Heard(told, features.new_zeros(len(features)), features.new_zeros(()))


# A direction ---------------------------------------------------------------------------------------------------------


@final
@dataclass(frozen=True)
class Projected(Told):
    """The condition is a direction in which the row's features should point: quick to learn with many classes."""

    def built(self, condition: Space, width: int) -> Hearing:
        return Direction(condition, width)


@final
class Direction(Hearing):
    """(2): a class is embedded, a row of numbers mapped linearly, anything else read by its encoder."""

    def __init__(self, condition: Space, width: int) -> None:
        super().__init__()
        linear = MLP(width=width, depth=0) if isinstance(condition, Vector) else None
        self.given, self.outputs = encoder(condition, width, linear), width

    def forward(self, features: Tensor, c: Tensor) -> Heard:
        lean = (self.given(c).summary * F.silu(features)).sum(1) / math.sqrt(self.outputs)  # (2)
        return Heard(features, lean, features.new_zeros(()))


# A question ----------------------------------------------------------------------------------------------------------


@final
@dataclass(frozen=True)
class Auxiliary(Told):
    """The critic names the class of each row: for conditions that are classes."""

    weight: float = 1.0  # w: more makes classes clearer, and rows of a class more alike

    def __post_init__(self) -> None:
        if not 0 < self.weight < math.inf:
            raise FieldError(f"Auxiliary has the weight {self.weight}", expected="above 0")

    def built(self, condition: Space, width: int) -> Hearing:
        return Naming(condition, width, self.weight)


@final
class Naming(Hearing):
    """(3), summed over the condition's columns; what is missing is not asked for."""

    def __init__(self, condition: Space, width: int, weight: float) -> None:
        super().__init__()
        self.classes, self.weight, self.outputs = classes_of(condition), weight, width
        self.names = nn.Linear(width, sum(self.classes))  # A

    def forward(self, features: Tensor, c: Tensor) -> Heard:
        logits = self.names(F.silu(features)).split(self.classes, 1)
        codes = torch.where(c.isnan(), -1, c).long()
        lost = [F.cross_entropy(each, code, ignore_index=-1, reduction="none") for each, code in zip(logits, codes.T)]
        price = self.weight * torch.stack(lost).sum(0).mean()  # (3)
        return Heard(features, features.new_zeros(len(features)), price)


def classes_of(condition: Space) -> tuple[int, ...]:
    """How many classes each column of a condition has; other conditions have no names."""
    columns = condition.columns if isinstance(condition, Vector) else ()
    classes = tuple(column.k for column in columns if isinstance(column, Category))
    if not columns or len(classes) < len(columns):
        found = type(condition).__name__ if not columns else "columns that are no categories"
        raise ConditionError(f"an auxiliary classifier names classes, and this condition has {found}",
                             expected="a condition of categories alone",
                             remedy="told=projected or told=concatenated, which serve every condition")  # fmt: skip
    return classes
