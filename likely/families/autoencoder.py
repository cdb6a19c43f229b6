r"""Autoencoder: a few numbers from which the row is told again.

    z = e(x)                                                                                                        (1)
    e, d minimise  E[-log law(x | d(z, c)) + lambda L1(z)],   half the squared error of reals, masses of the rest    (2)
    z ~ p(z | c), fitted to the codes in the end,   x ~ law(d(z, c))                                                (3)

By itself it is no generative model and has no density: it learns to tell rows again, and (3) draws from the law that
another family, the field `density`, fits to its codes. What does not come back well is strange (`misfit`). The terms
are in objectives/autoencoding.py.

Reducing the Dimensionality of Data with Neural Networks (Hinton & Salakhutdinov, 2006), Science 313; (3): From
Variational to Deterministic Autoencoders (Ghosh et al., 2020), arXiv:1903.12436
"""

from dataclasses import dataclass
from typing import final

from torch import Tensor

from likely.backbones import Network
from likely.contracts import Concludes, Family, Fills, Latent, Prepared, Reconstructs, Space, Trained
from likely.distributions import Observation
from likely.objectives import Autoencoding
from likely.objectives.autoencoding import check
from likely.rng import Rng


@final
@dataclass(frozen=True, kw_only=True)
class Autoencoder(Family["AutoencoderModel"]):
    """An encoder and a decoder that give rows back; samples come from a law of the codes, fitted in the end."""

    latent: int = 16  # numbers in a code; fewer than a row has must leave out what matters least
    sparsity: float = 0.0  # the price of each number that is not rare: more leaves most of a code near 0
    density: Family | None = None  # the law of codes that samples are drawn from; none: a mixture of Gaussians
    law: Observation | None = None  # how cells scatter around what is decoded; none: squared errors of reals
    network: Network | None = None  # of encoder and decoder; none: convolutions for images, an MLP for rows
    rate: float = 1e-3  # the optimizer's step; halve it where the loss jumps

    def __post_init__(self) -> None:
        check(self)

    def build(self, space: Space, condition: Space | None = None) -> "AutoencoderModel":
        return AutoencoderModel(self, space, condition)


@final
class AutoencoderModel(Autoencoding, Reconstructs, Latent, Fills, Trained, Prepared, Concludes):
    """It sees rows as they are."""

    def seen(self, x: Tensor, *, rng: Rng) -> Tensor:
        return x
