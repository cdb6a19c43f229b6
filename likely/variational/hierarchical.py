r"""A prior of two levels: a VAE over the codes.

    p(z) = E_{p(z')} p(z | z'),   z' ~ N(0, I),   z | z' ~ N(m(z'), e^{2 l(z')})                                     (1)
    q(z' | z) = N(m'(z), e^{2 l'(z)})                                                                                (2)
    log w = log p(z | z') + log p(z') - log q(z' | z),   z' ~ q                                                      (3)

E w = p(z), so that the bound on log p(x), its tightening by draws included, is one over both levels at once. The
inference goes up, x to z to z', and the model down. Ladder Variational Autoencoders (Sonderby et al., 2016),
arXiv:1602.02282, is about what its upper level learns, and what keeps it from learning.
"""

from dataclasses import dataclass
from typing import final

from torch import Tensor

from likely.backbones import MLP, decoder, encoder
from likely.distributions import kl_standard_cells, log_normal
from likely.distributions.normal import HALF_LOG_2PI
from likely.errors import FieldError
from likely.rng import Rng
from likely.spaces import reals
from likely.variational.posterior import Inference, mean_log_std, moved
from likely.variational.prior import Above, CodeLaw, Known, Prior


@final
@dataclass(frozen=True, kw_only=True)
class Hierarchical(Prior):
    """Codes that have codes: the upper level says where the lower one lies."""

    latent: int = 8  # numbers in the upper code; fewer than in the code itself
    network: MLP = MLP(width=128)  # between the two levels, up and down

    def __post_init__(self) -> None:
        if self.latent < 1:
            raise FieldError(f"Hierarchical has latent={self.latent}", expected="at least 1")

    def law(self, latent: int, inference: Inference) -> CodeLaw:
        return TwoLevels(latent, self)


@final
class TwoLevels(CodeLaw):
    """The networks between the levels."""

    def __init__(self, latent: int, family: Hierarchical) -> None:
        super().__init__()
        self.noise = self.upper = family.latent
        self.held = family.network.width
        self.up = encoder(reals(latent), 2 * self.upper, family.network)
        self.down = decoder(self.upper, (2 * latent,), network=family.network)

    def forward(self, z: Tensor, noise: Tensor, known: Known) -> Tensor:
        z = z.flatten(0, 1)
        upper, log_q = moved(*self._inferred(z), noise.flatten(0, 1)[:, None])
        log_p = -(0.5 * upper[:, 0] ** 2 + HALF_LOG_2PI).sum(1)
        return (self._given(z, upper[:, 0]).sum(1) + log_p - log_q[:, 0]).view(noise.shape[:2])  # (3)

    def cells(self, z: Tensor, noise: Tensor, known: Known) -> Tensor:
        rows = z.flatten(0, 1)
        upper, _ = moved(*self._inferred(rows), noise.flatten(0, 1)[:, None])
        return self._given(rows, upper[:, 0]).view_as(z)

    def above(self, z: Tensor, noise: Tensor) -> Above:
        mean, log_std = self._inferred(z.flatten(0, 1))
        return Above(mean.view(noise.shape), kl_standard_cells(mean, log_std).view(noise.shape))

    def known(self, inference: Inference) -> Known:
        return ()

    def sample(self, n: int, known: Known, *, like: Tensor, rng: Rng) -> Tensor:
        mean, log_std = mean_log_std(self.down(rng.normal((n, self.upper), like=like)))
        return mean + log_std.exp() * rng.normal(mean.shape, like=like)  # (1)

    def prepare(self, x: Tensor, c: Tensor | None, *, rng: Rng) -> None:
        """Nothing to settle."""

    def _inferred(self, z: Tensor) -> tuple[Tensor, Tensor]:
        return mean_log_std(self.up(z).summary)  # (2)

    def _given(self, z: Tensor, upper: Tensor) -> Tensor:
        """log p of each number of z given the upper code."""
        return log_normal(z, *mean_log_std(self.down(upper)))
