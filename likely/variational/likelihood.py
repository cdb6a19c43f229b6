"""Rows given their codes: what a decoder says, as a law."""

from typing import final

from torch import Tensor, nn

from likely.backbones import Network, decoder
from likely.contracts import Space
from likely.distributions import Law


@final
class Likelihood(nn.Module):
    """p(x | z, c): the decoder and the law."""

    def __init__(self, latent: int, law: Law, condition: Space | None, network: Network | None) -> None:
        super().__init__()
        self.law, shared = law, law.shared
        self.decoder = decoder(latent, law.outputs, condition=condition, network=network, shared=shared)

    def forward(self, x: Tensor, z: Tensor, c: Tensor | None = None) -> Tensor:
        """log p(x | z, c) of S codes a row: z is (B, S, latent), the answer (B, S)."""
        given = c if c is None or z.shape[1] == 1 else c.repeat_interleave(z.shape[1], 0)
        return self.law.log_probs(x, self.decoder(z.flatten(0, 1), given).unflatten(0, z.shape[:2]))
