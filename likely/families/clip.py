r"""A joint embedding of noised rows and conditions (CLIP): how well a caption goes with a picture, at every noise.

    f(x_sigma, c) = e^tau <u(x_sigma, sigma), v(c)>,   |u| = |v| = 1                     (1)
    minimise  E[-log e^{f(x_i, c_i)} / sum_j e^{f(x_i, c_j)} - log e^{f(x_i, c_i)} / sum_j e^{f(x_j, c_i)}] / 2  (2)
    f -> log p(c | x_sigma) / p(c) + constant, in the end                               (3)
    D(x_sigma) + w sigma^2 grad f(x_sigma, c)                                           (4) in diffusion/guidance.py

(2), InfoNCE, tells a row's own condition from the others of its batch, and the reverse. It is no model of rows: by
itself it draws what tells a condition, `diffusion.guiding` says how; (4) leads a diffusion model that was told nothing.

Learning Transferable Visual Models From Natural Language Supervision (Radford et al., 2021), arXiv:2103.00020; with
noise: GLIDE (Nichol et al., 2022), arXiv:2112.10741
"""

import math
from dataclasses import dataclass
from typing import ClassVar, final

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from likely.backbones import Network, encoder
from likely.contracts import Family, Guides, Lifted, Space, Trained
from likely.diffusion.guiding import Guiding, Reading, check, given
from likely.diffusion.schedule import Geometric, Schedule
from likely.distributions import precise
from likely.errors import FieldError
from likely.spaces import present

COOL, COLDEST = math.log(1 / 0.07), math.log(100.0)  # tau as it begins, and at most


@dataclass(frozen=True, kw_only=True)
class CLIP(Family["CLIPModel"]):
    """Rows and what is said of them, as directions in one space."""

    lifted: ClassVar[Lifted] = Lifted.DEQUANTISED

    schedule: Schedule = Geometric(low=0.002, high=20.0)  # levels it learns: those that it is to lead at
    embedding: int = 64  # numbers of a direction: more can tell more conditions apart
    width: int = 128  # numbers by which a row and a condition are known before
    network: Network | None = None  # what reads a row; none chooses by the data
    rate: float = 1e-3  # the learning rate
    decay: float = 1e-2  # pulls weights towards 0: a smoother similarity leads better

    def __post_init__(self) -> None:
        check(self)
        if self.embedding < 2:
            raise FieldError(f"CLIP.embedding cannot be {self.embedding}", expected="at least 2: a line has two ends")

    def build(self, space: Space, condition: Space | None = None) -> "CLIPModel":
        return CLIPModel(self, space, given(self, condition))


@final
class CLIPModel(Guiding, Guides, Trained):
    """Two readers, and how cold their comparison is."""

    def __init__(self, family: CLIP, space: Space, condition: Space) -> None:
        super().__init__(family, space, condition)
        self.reading = Reading(family, space, family.embedding)
        self.heard = encoder(condition, family.width)
        self.say = nn.Linear(family.width, family.embedding)
        self.tau = nn.Parameter(torch.tensor(COOL))

    def of_rows(self, x_t: Tensor, sigma: Tensor) -> Tensor:
        """u: (B, embedding)."""
        return F.normalize(precise(self.reading(x_t, sigma)), dim=1)

    def of_conditions(self, c: Tensor) -> Tensor:
        """v: (B, embedding)."""
        return F.normalize(precise(self.say(self.heard(c).summary)), dim=1)

    @property
    def sharpness(self) -> Tensor:
        """e^tau, bounded as Radford et al. have it."""
        return self.tau.clamp(max=COLDEST).exp()

    def agreement(self, x_t: Tensor, sigma: Tensor, c: Tensor) -> Tensor:
        f = self.sharpness * (self.of_rows(x_t, sigma) * self.of_conditions(c)).sum(1)  # (1)
        return torch.where(present(c).flatten(1).any(1), f, 0.0)

    def misfit(self, x_t: Tensor, sigma: Tensor, c: Tensor) -> Tensor:
        f = self.sharpness * self.of_rows(x_t, sigma) @ self.of_conditions(c).T
        own = torch.arange(len(f), device=f.device)
        return (F.cross_entropy(f, own) + F.cross_entropy(f.T, own)) / 2  # (2)
