"""Parts of adversarial models: noise and generators, critics and how they are told conditions, the contest of both."""

from likely.adversarial.augmentation import Augmentation, Differentiable
from likely.adversarial.company import Company
from likely.adversarial.contest import Contest
from likely.adversarial.critic import Critic, Verdict, octaves
from likely.adversarial.generator import generator
from likely.adversarial.noise import Noise
from likely.adversarial.shown import Shown
from likely.adversarial.told import Auxiliary, Concatenated, Heard, Hearing, Projected, Told

__all__ = [
    "Augmentation",
    "Auxiliary",
    "Company",
    "Concatenated",
    "Contest",
    "Critic",
    "Differentiable",
    "Heard",
    "Hearing",
    "Noise",
    "Projected",
    "Shown",
    "Told",
    "Verdict",
    "generator",
    "octaves",
]
