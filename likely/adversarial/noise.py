r"""What a generator starts from: normal numbers, and one of k kinds.

    z = (z_1, ..., z_d, kind),   z_j ~ N(0, 1),   kind even on 0 .. k - 1                                (1) code
    z -> (z_1, ..., z_d, sqrt(k) e_kind)                                                                (2) lifted
    z_j -> Phi^{-1}(1/2 + psi (Phi(z_j) - 1/2))                                                         (3) truncated

Kinds let a generator jump between clusters, which a continuous map of normal numbers cannot; in (2) they have the
variance of the others. (3) takes a normal number to one of the normal's likeliest share psi, |z_j| <= Phi^{-1}((1 +
psi) / 2): the law of numbers drawn anew until they lie there, from the same draw. psi = 1 changes nothing; less gives
rows nearer to the typical, and fewer kinds of them (Brock et al., 2019, arXiv:1809.11096). Kinds stay as they are.
"""

import math
from dataclasses import dataclass
from typing import final

import torch
import torch.nn.functional as F
from torch import Tensor

from likely.errors import FieldError
from likely.rng import Rng
from likely.spaces import Category, Real, Vector


@final
@dataclass(frozen=True)
class Noise:
    """A source of codes z: (B, latent), then one column of kinds where there are any."""

    latent: int  # d
    codes: int = 0  # k

    def __post_init__(self) -> None:
        if self.latent < 0 or self.codes < 0 or self.latent + self.codes < 1:
            raise FieldError("a generator needs noise to start from", expected="latent + codes at least 1")

    @property
    def inputs(self) -> int:
        """Numbers of a lifted code."""
        return self.latent + self.codes

    @property
    def space(self) -> Vector:
        """Where codes lie."""
        return Vector((Real(),) * self.latent + (Category(self.codes),) * bool(self.codes))

    def draw(self, n: int, rng: Rng, like: Tensor) -> Tensor:
        """n codes."""
        z = rng.normal((n, self.latent), like=like)
        if not self.codes:
            return z
        return torch.cat([z, rng.integers(self.codes, (n, 1), like=like).to(z.dtype)], 1)  # (1)

    def lifted(self, z: Tensor) -> Tensor:
        """Codes as a generator takes them; a missing number is 0, a missing kind none of them."""
        numbers, kinds = torch.nan_to_num(z[:, : self.latent]), z[:, self.latent :]
        if not self.codes:
            return numbers
        at = torch.where(kinds.isnan(), self.codes, kinds.round().clamp(0, self.codes - 1)).long()
        which = F.one_hot(at.squeeze(1), self.codes + 1)[:, :-1]
        return torch.cat([numbers, which.to(z.dtype) * math.sqrt(self.codes)], 1)  # (2)

    def truncated(self, z: Tensor, psi: float) -> Tensor:
        """The codes with their normal numbers drawn in to the likeliest share psi."""
        if not 0 < psi <= 1:
            raise FieldError(f"a truncation to {psi} of the noise", expected="above 0, at most 1, which is all of it")
        if psi == 1:
            return z
        numbers = z[:, : self.latent].double() / math.sqrt(2)  # the tails need the digits
        near = torch.erfinv(psi * torch.erf(numbers)) * math.sqrt(2)  # (3)
        return torch.cat([near.to(z.dtype), z[:, self.latent :]], 1)
