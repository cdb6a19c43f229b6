r"""A classifier of noised rows: which class, at every level of noise. What it knows leads a diffusion model.

    x_sigma = x + sigma eps,   eps ~ N(0, I)                                            (1)
    p(c | x_sigma, sigma) = prod_j softmax_{c_j}(reader(x_sigma, sigma))                (2) c_j the columns of c
    minimise  E[-log p(c | x_sigma, sigma)]                                             (3)
    D(x_sigma) + w sigma^2 grad log p(c | x_sigma, sigma)                               (4) in diffusion/guidance.py

It is no model of rows: by itself it draws what tells a class, `diffusion.guiding` says how. (4) with a diffusion model
that was told no class draws rows of a class; columns that are missing in c lead nowhere.
Diffusion Models Beat GANs on Image Synthesis (Dhariwal & Nichol, 2021), arXiv:2105.05233
"""

from dataclasses import dataclass
from typing import ClassVar, final

import torch
from torch import Tensor

from likely.backbones import Network
from likely.contracts import Family, Guides, Lifted, Space, Trained
from likely.diffusion.guiding import Guiding, Reading, check, given
from likely.diffusion.schedule import Geometric, Schedule
from likely.distributions import precise
from likely.errors import ConditionError
from likely.spaces import Category, Vector, present


@dataclass(frozen=True, kw_only=True)
class NoisyClassifier(Family["NoisyClassifierModel"]):
    """p(class | noised row), to lead a model that samples."""

    lifted: ClassVar[Lifted] = Lifted.DEQUANTISED

    schedule: Schedule = Geometric(low=0.002, high=20.0)  # levels it learns: those that it is to lead at
    width: int = 128  # numbers by which a row is known: more tell finer, and learn rows by heart sooner
    network: Network | None = None  # what reads a row; none chooses by the data
    rate: float = 1e-3  # the learning rate
    decay: float = 1e-2  # pulls weights towards 0: a smoother classifier leads better

    def __post_init__(self) -> None:
        check(self)

    def build(self, space: Space, condition: Space | None = None) -> "NoisyClassifierModel":
        return NoisyClassifierModel(self, space, given(self, condition))


@final
class NoisyClassifierModel(Guiding, Guides, Trained):
    """Every column of the condition by itself, given the row."""

    def __init__(self, family: NoisyClassifier, space: Space, condition: Space) -> None:
        super().__init__(family, space, condition)
        self.sizes = _sizes(condition)
        self.reading = Reading(family, space, sum(self.sizes))

    def log_shares(self, x_t: Tensor, sigma: Tensor) -> tuple[Tensor, ...]:
        """(B, K) of each column: log p(c_j | x_sigma)."""
        scores = precise(self.reading(x_t, sigma))
        return tuple(each.log_softmax(1) for each in scores.split(self.sizes, 1))  # (2)

    def agreement(self, x_t: Tensor, sigma: Tensor, c: Tensor) -> Tensor:
        codes, known = c.nan_to_num(0.0).long(), present(c)
        each = [share.gather(1, codes[:, [at]]) for at, share in enumerate(self.log_shares(x_t, sigma))]
        return torch.where(known, torch.cat(each, 1), 0.0).sum(1)

    def misfit(self, x_t: Tensor, sigma: Tensor, c: Tensor) -> Tensor:
        return -self.agreement(x_t, sigma, c).mean()  # (3)


def _sizes(condition: Space) -> list[int]:
    columns = condition.columns if isinstance(condition, Vector) else ()
    sizes = [column.k for column in columns if isinstance(column, Category)]
    if not sizes or len(sizes) < len(columns):
        raise ConditionError(
            f"NoisyClassifier tells classes, not {condition!r:.80}",
            expected="conditions that are categories",
            remedy="CLIP leads by any condition; or bin the numbers",
        )
    return sizes
