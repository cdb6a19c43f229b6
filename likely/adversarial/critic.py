r"""Critics: rows, their conditions and what stands beside them, to scores, one a pack of rows.

    h_i = silu-layers of (x_i, beside_i)                                                                (1) features
    f = v(company(k(h_1, ..., h_m))) + sum_i lean(h_i, c_i)                                              (2) score

What a critic hears of conditions is in `told`, what it sees of the other packs in `company`. A pack of several rows
judged as one shows it what a generator leaves out (Lin et al., 2018, arXiv:1712.04086).
"""

from typing import NamedTuple, final

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from likely.adversarial.company import Company
from likely.adversarial.shown import Shown
from likely.adversarial.told import Concatenated, Heard, Told
from likely.backbones import MLP, Network, decoder, encoder, whole
from likely.backbones.batch_norm import BatchNorm
from likely.contracts import Space
from likely.errors import ConditionError
from likely.spaces import Vector

LAYERS = MLP(width=256, depth=3)  # of both players on small pictures
FEWEST, MOST = 4, 8  # octaves of each number


class Verdict(NamedTuple):
    """What a critic says of the rows it is shown."""

    score: Tensor  # (packs,): higher where they look real
    price: Tensor  # (): what naming their conditions costs both players


@final
class Critic(nn.Module):
    """Shown rows -> scores (packs,); the number of rows is a multiple of `packing`."""

    def __init__(
        self,
        space: Space,
        condition: Space | None = None,
        network: Network | None = None,
        *,
        width: int = 128,
        waves: int = 0,
        packing: int = 1,
        company: int = 0,
        told: Told = Concatenated(),
        beside: int = 0,
        gaps: bool = True,
    ) -> None:
        super().__init__()
        self.space, self.packing = space, packing
        self.features = encoder(space, width, network or whole(space, LAYERS), waves=waves, gaps=gaps)
        self.code = decoder(beside, (width,), network=MLP(width=width, depth=1)) if beside else None
        seen = width if self.code is None else 2 * width
        self.hearing = None if condition is None else told.built(condition, seen)
        heard = seen if self.hearing is None else self.hearing.outputs
        self.hidden = decoder(packing * heard, (width,), network=MLP(width=width, depth=1))
        self.company = Company(width, company) if company else None
        last = width if self.company is None else self.company.outputs
        depending = any(isinstance(module, BatchNorm) for module in self.modules())
        self.apart = self.company is None and not depending  # no score says anything of what is judged with it
        self.last = nn.Linear(last, 1, bias=False)  # scores are compared: a constant says nothing

    def forward(self, shown: Shown) -> Tensor:
        """(packs,) scores."""
        return self.verdict(shown).score

    def verdict(self, shown: Shown) -> Verdict:
        """Scores, and the price of the conditions."""
        heard = self._heard(shown)
        told = F.silu(self.hidden(F.silu(heard.features).reshape(len(shown.x) // self.packing, -1)))
        if self.company is not None:
            told = self.company(told)
        score = self.last(told).squeeze(1) + heard.lean.reshape(len(told), -1).sum(1)  # (2)
        return Verdict(score, heard.price)

    def _heard(self, shown: Shown) -> Heard:
        features = self.features(shown.x).summary
        if self.code is not None and shown.beside is not None:
            features = torch.cat([features, self.code(shown.beside)], 1)  # (1)
        if self.hearing is None:
            return Heard(features, features.new_zeros(len(features)), features.new_zeros(()))
        if shown.c is None:
            raise ConditionError("this critic was built with a condition and none was given",
                                 expected="one condition per row")  # fmt: skip
        return self.hearing(features, shown.c)


def octaves(space: Space) -> int:
    """How fine a critic sees each number of a row: finest in a plane, where rows lie dense enough to tell."""
    return max(FEWEST, min(MOST, 2 * MOST // len(space.columns))) if isinstance(space, Vector) else FEWEST
