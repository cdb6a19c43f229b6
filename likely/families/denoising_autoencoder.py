r"""Denoising autoencoder: a few numbers from which the row is told as it was before it was spoilt.

    x~ ~ q(x~ | x),   z = e(x~)                                                                                     (1)
    e, d minimise  E[-log law(x | d(z, c)) + lambda L1(z)]                                                          (2)
    with squared errors  d(e(x~)) = E[x | x~],  so that  x~ + (d(e(x~)) - x~) goes where rows are dense             (3)

It mends a person's own rows: noise, wrong cells, missing ones. Copying does not help it, so its codes may be as wide as
the row. Like an autoencoder it draws samples from a law fitted to its codes; the terms are in
objectives/autoencoding.py, the ways to spoil in objectives/corruption.py. With Gaussian noise of one level, and squared
errors, (3) is the score of rows with that noise; a chain of several levels draws samples: diffusion/tweedie.py.

Extracting and Composing Robust Features with Denoising Autoencoders (Vincent et al., 2008), ICML
"""

from dataclasses import dataclass
from typing import final

from torch import Tensor

from likely.backbones import Network
from likely.contracts import Concludes, Family, Fills, Latent, Prepared, Reconstructs, Restores, Space, Trained
from likely.distributions import Observation
from likely.objectives import Autoencoding, Corruption, Masking
from likely.objectives.autoencoding import check
from likely.rng import Rng


@final
@dataclass(frozen=True, kw_only=True)
class DenoisingAutoencoder(Family["DenoisingAutoencoderModel"]):
    """An autoencoder that is shown spoilt rows, and mends them."""

    latent: int = 32  # numbers in a code; more keep finer detail, and noise with it
    corruption: Corruption = Masking()  # how rows are spoilt: as they will be when it is asked to mend them
    sparsity: float = 0.0  # the price of each number that is not rare: more leaves most of a code near 0
    density: Family | None = None  # the law of codes that samples are drawn from; none: a mixture of Gaussians
    law: Observation | None = None  # how cells scatter around what is decoded; none: squared errors of reals
    network: Network | None = None  # of encoder and decoder; none: convolutions for images, an MLP for rows
    rate: float = 1e-3  # the optimizer's step; halve it where the loss jumps

    def __post_init__(self) -> None:
        check(self)

    def build(self, space: Space, condition: Space | None = None) -> "DenoisingAutoencoderModel":
        return DenoisingAutoencoderModel(self, space, condition)


@final
class DenoisingAutoencoderModel(Autoencoding, Restores, Reconstructs, Latent, Fills, Trained, Prepared, Concludes):
    """It sees rows spoilt, and is asked for what they were."""

    def __init__(self, family: DenoisingAutoencoder, space: Space, condition: Space | None) -> None:
        super().__init__(family, space, condition)
        self.corruption = family.corruption
        self.corruption.check(space)

    def seen(self, x: Tensor, *, rng: Rng) -> Tensor:
        return self.corruption.spoil(x, self.space, rng=rng)  # (1)

    def restore(self, x: Tensor, c: Tensor | None = None) -> Tensor:
        return self.decode(self.encode(x, c), c)  # (3)
