r"""What else an autoencoder may know of its codes: the law of a row given one, and a posterior.

x ~ p(x | z),   z ~ q(z | x)                                                                                     (1)
log p(x) >= E_q[log p(x | z) + log p(z) - log q(z | x)],   whatever p(z) is, and whoever learns it               (2)
"""

from abc import abstractmethod
from dataclasses import dataclass

from torch import Tensor

from likely.contracts import Decodes, Latent
from likely.distributions.resampled import Said
from likely.rng import Rng


class Emits(Decodes):
    """Knows the law of a row given its code, of which what it decodes is the middle."""

    @abstractmethod
    def emit(self, z: Tensor, c: Tensor | None = None, *, rng: Rng) -> Tensor:
        """A row drawn for each code."""

    @abstractmethod
    def said(self, z: Tensor, c: Tensor | None = None) -> Said:
        """The law that `emit` draws from."""


@dataclass(frozen=True)
class Inferred:
    """Codes drawn for rows."""

    z: Tensor  # (B, *codes)
    log_q: Tensor  # (B,): log q(z | x, c)


class Infers(Emits, Latent):
    """Has a posterior of codes: with any law of them there is a bound (2)."""

    @abstractmethod
    def infer(self, x: Tensor, c: Tensor | None = None, *, rng: Rng) -> Inferred:
        """A code of each row, drawn from q."""

    @abstractmethod
    def log_likelihood(self, x: Tensor, z: Tensor, c: Tensor | None = None) -> Tensor:
        """(B,): log p(x | z, c)."""
