r"""What every restricted Boltzmann machine is, be its normaliser a sum or an estimate: codes, and how it learns.

F(x) = -log sum_h e^{-E(x, h)}                                                            (1) free energy
grad -log p(x) = grad F(x) - E_p grad F                                                   (2) objectives/contrast
"""

from collections.abc import Iterator
from typing import Protocol

import torch
from torch import Tensor

from likely.contracts import Evidence, Latent, Player, Prepared, Space, Trained, Turn
from likely.distributions.asked import values_known
from likely.distributions.bins import Middle
from likely.objectives.boltzmann import Boltzmann, Weakened
from likely.objectives.contrast import Chains, Contrast, Contrastive, Persistent, Taken
from likely.rng import Rng
from likely.spaces import reals

MOVED = 0xB0  # a fork of the noise


class Machines(Protocol):
    """The fields of a family of machines."""

    @property
    def hidden(self) -> int: ...
    @property
    def learning(self) -> Contrast: ...
    @property
    def rate(self) -> float: ...
    @property
    def decay(self) -> float: ...
    @property
    def moves(self) -> int: ...
    @property
    def chains(self) -> int: ...
    @property
    def temperatures(self) -> int: ...


class Machine(Latent, Trained, Prepared):
    """What both models are: how rows are read, and how the machine learns."""

    def __init__(self, family: Machines, machine: Boltzmann, space: Space, condition: Space | None) -> None:
        super().__init__(space, condition)
        self.family, self.machine, self.codes = family, machine, reals(family.hidden)
        learning, visible = family.learning, machine.visible
        width = len(visible.bins.sizes) + len(visible.reals)
        self.kept = Chains(learning.chains, (width,), condition) if isinstance(learning, Persistent) else None

    def mass(self, x: Tensor, c: Tensor | None) -> Tensor:
        """-F(x) (1), float64."""
        rows, moved = self.machine.visible.rows(x), self.machine.moved(c)
        return self.machine.log_mass(rows, moved).double() + self.machine.visible.within(x)

    def known(self, evidence: Evidence) -> Tensor:
        """(B, D): which columns' values are given."""
        return values_known(evidence, "RBM").flatten(1)

    def encode(self, x: Tensor, c: Tensor | None = None) -> Tensor:
        """p(h = 1 | x) of every spin."""
        phi = self.machine.visible.features(self.machine.visible.rows(x))
        return torch.sigmoid(self.machine.up(phi, self.machine.moved(c)))

    def decode(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        rows = self.machine.visible.likely(self.machine.down(z.to(self.machine.weight) - 0.5, self.machine.moved(c)))
        return self.machine.visible.whole(rows, rng=Middle())

    # How it learns ---------------------------------------------------------------------------------------------------

    @torch.no_grad()
    def prepare(self, x: Tensor, c: Tensor | None = None, *, rng: Rng) -> None:
        """Columns that are independent, and chains that start there."""
        self.machine.visible.prepare(x)
        if self.kept is not None:
            given = None if c is None else c[torch.arange(len(self.kept), device=c.device) % len(c)]
            self.kept.begin(Weakened(self.machine, self.machine.moved(given), len(self.kept)).start(rng=rng), given)

    def players(self) -> dict[str, Player]:
        family = self.family
        return {"machine": Player(self.machine, rate=family.rate, decay=family.decay, averaged=True)}

    def turns(self, x: Tensor, c: Tensor | None = None, *, rng: Rng) -> Iterator[Turn]:
        rows, unlearned = self.machine.visible.rows(x), []

        def loss() -> Tensor:
            taken = self._unlearned(rows, c, rng)
            unlearned[:] = [taken]
            raised = self.machine.log_mass(taken.rows, self.machine.moved(taken.c)).mean()
            return raised - self.machine.log_mass(rows, self.machine.moved(c)).mean()  # (2)

        yield Turn("machine", loss, lambda: self.kept.put(unlearned[0]) if self.kept is not None else None)

    @torch.no_grad()
    def _unlearned(self, rows: Tensor, c: Tensor | None, rng: Rng) -> Taken:
        taken, learning = Taken(torch.arange(len(rows), device=rows.device), rows, c), self.family.learning
        if self.kept is not None and isinstance(learning, Persistent):
            begun = Weakened(self.machine, self.machine.moved(c), len(rows))
            taken = self.kept.taken(len(rows), c, lambda noise: begun.start(rng=noise), learning.fresh, rng=rng)
        moved, wandering, noise = self.machine.moved(taken.c), taken.rows, rng.fork(MOVED)
        for _ in range(learning.moves if isinstance(learning, Contrastive | Persistent) else 1):
            wandering = self.machine.move(wandering, moved, rng=noise)
        return taken._replace(rows=wandering)
