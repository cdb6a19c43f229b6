r"""Masked diffusion: cells of a row are hidden, and each is predicted from those that are seen.

    x_t: x with each cell hidden with probability m(t),   m from 0 at t = 0 to 1 at t = 1                            (1)
    log p(x | c) >= int_0^1 m'(t) / m(t) E sum_{i hidden} log p(x_i | x_t, c) dt                                     (2)
    a sample: all cells hidden, then revealed one after the other, each drawn from p(x_i | seen, c)                  (3)
    p(unknown | known): the same, but that known cells are never hidden                                              (4)

One network says all p(x_i | seen, c); it need not be told t, which the seen cells tell. (2) is the mean over all orders
of the chain rule, and (3) in an order drawn at random is the mixture of these laws: so (2) is a bound on (3). Revealed
several at a time (`steps`) cells are drawn as if independent, and samples are the model's only nearly.

Simple and effective masked diffusion language models (Sahoo et al., 2024), arXiv:2406.07524
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import final

import torch
from torch import Tensor

from likely.backbones import Network
from likely.contracts import (
    AnyOrder,
    Bound,
    Elbo,
    Evidence,
    Family,
    Player,
    Prepared,
    Sharpens,
    Sharpness,
    Space,
    Trained,
    Turn,
)
from likely.diffusion.conjecture import conjecture
from likely.diffusion.hiding import Hiding, Linear, Told, hidden_bound, hidden_loss, in_order, ranks
from likely.diffusion.revealing import ByChance, Reveal, Reveals, Walk, revealed
from likely.distributions import PLAIN
from likely.distributions.asked import values_known
from likely.errors import FieldError
from likely.rng import Rng
from likely.spaces import Tokens


@final
@dataclass(frozen=True, kw_only=True)
class MaskedDiffusion(Family["MaskedDiffusionModel"]):
    """Cells hidden and told from those seen: tables, texts, levels; any cells can be given."""

    hiding: Hiding = Linear()  # which numbers of hidden cells are learned most, and how many a sample draws at once
    steps: int | None = None  # looks at a sample; none draws one cell at a time, which is exact; fewer are faster
    reveal: Reveal = ByChance()  # which cells come first; all but chance are heuristics
    draws: int = 8  # numbers of hidden cells that a draw of the bound looks at; more are slower and less noisy
    network: Network | None = None  # what tells hidden cells; none chooses: residual layers, a UNet, or Bidirectional
    components: int = 10  # of the mixture of logistics of each real
    bins: int = 256  # of each count: so many frequent counts have a probability of their own
    decay: float = 0.0  # of the weights, decoupled; more for small tables
    rate: float = 1e-3  # the optimizer's step; halve it where the loss jumps

    def __post_init__(self) -> None:
        least = {"draws": 1, "components": 1, "bins": 2} | ({} if self.steps is None else {"steps": 1})
        for name, lowest in least.items():
            if getattr(self, name) < lowest:
                told = f"MaskedDiffusion.{name} cannot be {getattr(self, name)}"
                raise FieldError(told, expected=f"at least {lowest}")
        if not (0 <= self.decay < math.inf and 0 < self.rate < math.inf):
            told = f"MaskedDiffusion has decay={self.decay} and rate={self.rate}"
            raise FieldError(told, expected="decay at least 0, rate above 0")

    def build(self, space: Space, condition: Space | None = None) -> "MaskedDiffusionModel":
        return MaskedDiffusionModel(self, space, condition)


@final
class MaskedDiffusionModel(Bound, Sharpens, Reveals, AnyOrder, Trained, Prepared):
    """p(x | c) as what is drawn cell by cell, in any order."""

    def __init__(self, family: MaskedDiffusion, space: Space, condition: Space | None) -> None:
        super().__init__(space, condition)
        self.family = family
        self.conjecture = conjecture(space, condition, family.network, components=family.components, bins=family.bins)

    # What it says of rows

    def elbo(self, x: Tensor, c: Tensor | None = None, *, rng: Rng) -> Elbo:
        """All of it is fit: where all cells are hidden nothing of the row is left to say."""
        cells = self.conjecture.cells(x)
        there, family = self.conjecture.there(cells), self.family
        bound = hidden_bound(self._told(cells, c), there, hiding=family.hiding, draws=family.draws, rng=rng)  # (2)
        fit = (bound + self._within(x, there)).to(self.conjecture.log_within(x).dtype)
        return Elbo(fit=fit, rate=torch.zeros_like(fit))

    def _told(self, cells: Tensor, c: Tensor | None) -> Told:
        """log p(x_i | seen, c) of every cell, from which are seen."""
        context = self.conjecture.context(c)
        return lambda seen: self.conjecture.ask(cells, seen, context).log_prob(cells)

    def _within(self, x: Tensor, known: Tensor) -> Tensor:
        return torch.where(known, self.conjecture.log_within(x), 0.0).sum(1)

    def log_evidence(self, x: Tensor, evidence: Evidence, c: Tensor | None = None) -> Tensor:
        """In the order of the cells."""
        cells = self.conjecture.cells(x)
        known = values_known(evidence, "MaskedDiffusion").flatten(1) & self.conjecture.there(cells)
        return in_order(self._told(cells, c), ranks((~known).double()), known) + self._within(x, known)

    def disagreement(self, x: Tensor, c: Tensor | None = None, *, orders: int, rng: Rng) -> Tensor:
        cells = self.conjecture.cells(x)
        there, told = self.conjecture.there(cells), self._told(cells, c)
        levels = [rng.uniform(there.shape, like=there.double()).masked_fill(~there, 2.0) for _ in range(orders)]
        return torch.stack([in_order(told, ranks(level), there) for level in levels]).std(0)

    # How it learns

    def prepare(self, x: Tensor, c: Tensor | None = None, *, rng: Rng) -> None:
        self.conjecture.prepare(x)

    def players(self) -> dict[str, Player]:
        return {"masked": Player(self, rate=self.family.rate, decay=self.family.decay)}

    def turns(self, x: Tensor, c: Tensor | None = None, *, rng: Rng) -> Iterator[Turn]:
        yield Turn("masked", partial(self.loss, x, c, rng=rng.fork(0)))

    def loss(self, x: Tensor, c: Tensor | None = None, *, rng: Rng) -> Tensor:
        """-(2), the mean over the rows."""
        cells = self.conjecture.cells(x)
        return hidden_loss(self._told(cells, c), self.conjecture.there(cells), hiding=self.family.hiding, rng=rng)

    # How it draws

    def sample(self, n: int, c: Tensor | None = None, *, rng: Rng) -> Tensor:
        return self.sample_sharpened(n, c, sharpness=PLAIN, rng=rng)

    def sample_sharpened(self, n: int, c: Tensor | None = None, *, sharpness: Sharpness, rng: Rng) -> Tensor:
        return self.reveal(n, c, looks=self.family.steps, sharpness=sharpness, rng=rng)

    def reveal(
        self, n: int, c: Tensor | None = None, *, looks: int | None, sharpness: Sharpness = PLAIN, rng: Rng
    ) -> Tensor:
        nothing, walk = self.conjecture.nothing(n), Walk(self.family.hiding, self.family.reveal, looks, sharpness)
        return self._revealed(nothing, torch.zeros_like(nothing, dtype=torch.bool), c, walk, rng)

    def complete(self, x: Tensor, evidence: Evidence, c: Tensor | None = None, *, rng: Rng) -> Tensor:
        """Each free cell is drawn given that it is present (of texts, the end is drawn too)."""
        cells, filled = self.conjecture.cells(x), not isinstance(self.space, Tokens)
        known = values_known(evidence, "MaskedDiffusion").flatten(1) & self.conjecture.there(cells)
        walk = Walk(self.family.hiding, self.family.reveal, self.family.steps, present=filled)
        drawn = self._revealed(cells, known, c, walk, rng)  # (4)
        return torch.where(evidence.known, x, drawn)

    def _revealed(self, cells: Tensor, known: Tensor, c: Tensor | None, walk: Walk, rng: Rng) -> Tensor:
        drawn = revealed(self.conjecture, cells, known, self.conjecture.context(c), walk, rng=rng)  # (3)
        return self.conjecture.whole(drawn, rng=rng)
