r"""A flow over reals under a stochastic step: a model of cells that are choices, counts, levels or missing.

    x = s(u),   u = f^{-1}(z; c),   z_i ~ p0                                                (1)
    log p(x | c) >= E_q[log p(u | c) - log q(u | x)]                                        (2)
    log w = log p(u | c) - log q(u | x),   u ~ q(u | x): log mean of k of them rises to log p(x | c) with k          (3)

q may be learned beside the flow, by (2). SurVAE Flows: Surjections to Bridge the Gap between VAEs and Flows
(Nielsen et al., 2020), arXiv:2007.02731
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import replace
from typing import ClassVar, final

import torch
from torch import Tensor

from likely.bijections.bijection import Surjection
from likely.bijections.flow import Flow
from likely.contracts import (
    Elbo,
    Evidence,
    Family,
    Filled,
    Fills,
    Latent,
    Lifted,
    Player,
    Prepared,
    Space,
    Trained,
    Turn,
    Weighted,
)
from likely.distributions.asked import values_known
from likely.rng import Rng


@final
class SurjectiveFlow(Weighted, Latent, Fills, Trained, Prepared):
    """(1): a bound, since its first step is not a bijection."""

    particles = Flow.particles

    def __init__(self, step: Surjection, flow: Flow, space: Space, condition: Space | None = None) -> None:
        super().__init__(space, condition)
        self.step, self.flow, self.codes = step, flow, flow.codes

    # What it can answer

    def elbo(self, x: Tensor, c: Tensor | None = None, *, rng: Rng) -> Elbo:
        u, ladj = self.step(x, rng=rng)
        return Elbo(fit=self.flow.log_prob(u, c), rate=-ladj)  # (2)

    def log_weights(self, x: Tensor, c: Tensor | None = None, *, draws: int, rng: Rng) -> Tensor:
        return torch.stack([self.elbo(x, c, rng=rng).value for _ in range(draws)], 1)  # (3)

    def fill(self, x: Tensor, evidence: Evidence, c: Tensor | None = None, *, particles: int, rng: Rng) -> Filled:
        known = values_known(evidence, "a flow that learns its noise")
        low, high, near = self.step.bounds(x, known)
        told = self.flow.fill(near, Evidence(low == high, low, high), c, particles=particles, rng=rng)
        return replace(told, x=torch.where(known, x, self.step.settled(told.x, known, high)))

    def encode(self, x: Tensor, c: Tensor | None = None) -> Tensor:
        return self.flow.encode(self.step.centre(x), c)

    def decode(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        return self.step.inverse(self.flow.decode(z, c))  # (1)

    # How it learns

    def prepare(self, x: Tensor, c: Tensor | None = None, *, rng: Rng) -> None:
        with torch.no_grad():
            self.flow.prepare(self.step(x, rng=rng)[0], c, rng=rng)

    def players(self) -> dict[str, Player]:
        return {"flow": Player(self, rate=self.flow.rate)}

    def turns(self, x: Tensor, c: Tensor | None = None, *, rng: Rng) -> Iterator[Turn]:
        yield Turn("flow", lambda: -self.elbo(x, c, rng=rng).value.mean())

    # How it samples

    def sample(self, n: int, c: Tensor | None = None, *, rng: Rng) -> Tensor:
        return self.step.inverse(self.flow.sample(n, c, rng=rng))  # (1)


class Dequantisation(ABC):
    """The description of a stochastic step, without its space: a frozen dataclass that a family takes as a field."""

    @abstractmethod
    def over(self, space: Space) -> Surjection | None:
        """The step from the cells of this space to reals; none where they are reals already."""


class FlowFamily(Family[Flow | SurjectiveFlow]):
    """A family of flows over reals. Choices are spread by noise outside the model, or by a stochastic step inside.

    The kind of its model is computed: a `Flow`, whose density is exact, where every step is a bijection; a
    `SurjectiveFlow`, which is a bound, where one is not.
    """

    lifted: ClassVar[Lifted] = Lifted.DEQUANTISED
    dequantisation: Dequantisation | None

    @abstractmethod
    def flow(self, space: Space, condition: Space | None = None) -> Flow:
        """The flow over a space of reals."""

    @final
    def build(self, space: Space, condition: Space | None = None) -> Flow | SurjectiveFlow:
        step = None if self.dequantisation is None else self.dequantisation.over(space)
        if step is None:
            return self.flow(space, condition)
        return SurjectiveFlow(step, self.flow(step.space, condition), space, condition)
