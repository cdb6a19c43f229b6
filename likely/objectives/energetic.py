r"""What every energy-based model of reals is: how heights learn, how chains draw, what log p is thought to be.

    loss = E_y f(y) - E_x f(x) + a E (f(x)^2 + f(y)^2) + b E -log p(c | x),   y the ends of chains                  (1)
    loss = E |s grad log p(x + s eps) + eps|^2 / 2 + b E -log p(c | x),   s in standard deviations of each cell     (2)
    log p(x | c) = log r(x) + f(x, c) - log Z(c),   log Z of classes S = logsumexp_{y in S} log Z_y                  (3)

Given classes the chains are of all of them together, and b prices what a classifier would: the two together are the
likelihood of rows with their classes. A row drawn given one goes on from a chain picked by p(c | chain), which makes it
a draw given c as far as the chains are draws. Any other condition is told to the heights, and chains keep theirs.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import ClassVar, Protocol

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from likely.backbones import Network
from likely.contracts import (
    Concludes,
    Estimate,
    Estimated,
    Evidence,
    Filled,
    Fills,
    Player,
    Prepared,
    Space,
    Trained,
    Turn,
)
from likely.distributions.state import classes_told
from likely.objectives.contrast import Chains, Contrast, Contrastive, Persistent, ScoreMatching, Taken
from likely.objectives.landscape import Landscape, Reference
from likely.particles.annealing import Between, Grouped, Normalisers, backward, between, forward
from likely.particles.clamped import Laws, clamped
from likely.particles.metropolis import Tilted, Wandering, first_step, followed, walked
from likely.rng import Rng

MOST = 100  # classes that have heights, and normalisers, of their own
MOVED, BLURRED, ANNEALED, PICKED, DRAWN, BACK = 0xE0, 0xE1, 0xE2, 0xE3, 0xE4, 0xE5  # forks of the noise
FEWER = 8  # a condition that is no class has a normaliser of its own, by so many times fewer chains and temperatures
SETTLED = 200  # moves in which the step for draws is found
SURE = 0.05  # nats that log Z may be unsure of after so many times fewer temperatures
PASSES = 3  # of a row in a round, beside its chain's moves


class Energies(Protocol):
    """The fields of a family of energies."""

    @property
    def learning(self) -> Contrast: ...
    @property
    def reference(self) -> Reference: ...
    @property
    def network(self) -> Network | None: ...
    @property
    def width(self) -> int: ...
    @property
    def waves(self) -> int: ...
    @property
    def adjusted(self) -> bool: ...
    @property
    def moves(self) -> int: ...
    @property
    def regularisation(self) -> float: ...
    @property
    def naming(self) -> float: ...
    @property
    def chains(self) -> int: ...
    @property
    def temperatures(self) -> int: ...
    @property
    def rate(self) -> float: ...


def tells_classes(condition: Space | None) -> bool:
    """Whether rows are given one of a few classes."""
    return condition is not None and classes_told(condition, MOST, "Energy") is not None


class Energetic(Estimated, Fills, Trained, Prepared, Concludes):
    """Heights over a reference, and the chains that know them."""

    particles = 32
    unnormalised: ClassVar[bool] = True
    step: Tensor  # of the chains that it learns by
    stride: Tensor  # of the chains that draw, once it has learned

    def __init__(self, family: Energies, space: Space, condition: Space | None) -> None:
        super().__init__(space, condition)
        self.family, self.ground = family, family.reference.over(space)
        self.classes = classes_told(condition, MOST, "Energy")
        outputs, told = (1, condition) if self.classes is None else (self.classes.K, None)
        self.landscape = Landscape(
            space, told, family.network, width=family.width, waves=family.waves, outputs=outputs
        )  # fmt: skip
        learning = family.learning
        self.kept = Chains(learning.chains, space.shape, told) if isinstance(learning, Persistent) else None
        self.normalisers = Normalisers(0 if self.classes is None else outputs)
        self.register_buffer("step", torch.tensor(first_step(self.ground.low.numel())))
        self.register_buffer("stride", torch.tensor(float("nan")))
        self.laws = Laws()
        moves = learning.moves if isinstance(learning, Contrastive | Persistent) else 1
        self.dear = family.moves * (0.5 if self.kept is not None else 1.0) / (moves + PASSES)  # chains go on, or begin

    # Heights ---------------------------------------------------------------------------------------------------------

    def heights(self, x: Tensor, c: Tensor | None) -> Tensor:
        """f(x, c): (B,)."""
        found = self.landscape(x, c)
        return found[:, 0] if found.shape[1] == 1 else (found + self._fits(c, len(x))).logsumexp(1)

    def _fits(self, c: Tensor | None, n: int) -> Tensor:
        """(B, K): 0 where a class fits what is said of it, else -inf."""
        assert self.classes is not None
        law = self.classes.log_law(c, n, self.landscape.head.weight.new_zeros(self.classes.K))
        return torch.where(law > -torch.inf, 0.0, law)

    def among(self, heights: Tensor, conditions: Tensor) -> Tensor:
        """Heights (B, K) of the conditions (J, ...): (B, J)."""
        return (heights[:, None] + self._fits(conditions, len(conditions))).logsumexp(2)

    def _chain(self, c: Tensor | None, like: Tensor, step: float) -> Tilted:
        """The chains given c, over normal numbers."""
        return Tilted(lambda z: self.heights(self.ground(z), c), like, step=step, adjusted=self.family.adjusted)

    def log_density(self, x: Tensor, c: Tensor | None) -> Tensor:
        """log r(x) + f(x, c): log p but for a constant."""
        return self.ground.log_prob(x) + self.heights(x, c)

    # How it learns ---------------------------------------------------------------------------------------------------

    @torch.no_grad()
    def prepare(self, x: Tensor, c: Tensor | None = None, *, rng: Rng) -> None:
        self.ground.prepare(x)
        if self.kept is not None:
            given = None if c is None else c[torch.arange(len(self.kept), device=c.device) % len(c)]
            self.kept.begin(rng.normal(self.kept.rows.shape, like=self.kept.rows), given)

    def players(self) -> dict[str, Player]:
        blind = not isinstance(self.family.learning, ScoreMatching)  # a loss by chains tells nothing of the rows
        return {"landscape": Player(self.landscape, rate=self.family.rate, betas=(0.0, 0.99), averaged=blind)}

    def turns(self, x: Tensor, c: Tensor | None = None, *, rng: Rng) -> Iterator[Turn]:
        learning = self.family.learning
        if isinstance(learning, ScoreMatching):
            yield Turn("landscape", lambda: self._matched(x, c, learning.noise, rng) + self._named(x, c))
            return
        ends: list[tuple[Taken, float]] = []

        def loss() -> Tensor:
            ends[:] = [self._unlearned(x, c, rng)]
            taken = ends[0][0]
            low, high = self.heights(self.ground(taken.rows), taken.c), self.heights(x, self._told(c))
            calm = self.family.regularisation * (low.square().mean() + high.square().mean())
            return low.mean() - high.mean() + calm + self._named(x, c)  # (1)

        yield Turn("landscape", loss, lambda: self._went(*ends[0]))

    def _told(self, c: Tensor | None) -> Tensor | None:
        """What chains are told: of classes nothing, they are of all of them."""
        return None if self.classes is not None else c

    @torch.no_grad()
    def _unlearned(self, x: Tensor, c: Tensor | None, rng: Rng) -> tuple[Taken, float]:
        """Where chains come to, from the rows or from where they were; and the share of moves that was kept."""
        learning, told = self.family.learning, self._told(c)
        taken = Taken(torch.arange(len(x), device=x.device), self.ground.back(x), told)
        if self.kept is not None and isinstance(learning, Persistent):
            begun: Callable[[Rng], Tensor] = lambda noise: noise.normal(x.shape, like=x)  # noqa: E731
            taken = self.kept.taken(len(x), told, begun, learning.fresh, rng=rng)
        way, moves = (
            self._chain(taken.c, taken.rows, float(self.step)),
            learning.moves if isinstance(learning, Contrastive | Persistent) else 1,
        )
        rows, share = walked(way, way.at(taken.rows), moves, rng=rng.fork(MOVED))
        return taken._replace(rows=rows.z), share

    def _went(self, taken: Taken, share: float) -> None:
        if self.kept is not None:
            self.kept.put(taken)
        if self.family.adjusted:
            self.step.fill_(followed(float(self.step), share))

    def _matched(self, x: Tensor, c: Tensor | None, noise: float, rng: Rng) -> Tensor:
        eps, scale = rng.fork(BLURRED).normal(x.shape, like=x), noise * self.ground.spread
        with torch.enable_grad():
            blurred = (x + scale * eps).requires_grad_()
            density = self.log_density(blurred, self._told(c)).sum()
            (slope,) = torch.autograd.grad(density, blurred, create_graph=True)
        return 0.5 * (scale * slope + eps).square().flatten(1).sum(1).mean()  # (2)

    def _named(self, x: Tensor, c: Tensor | None) -> Tensor:
        """b E -log p(c | x), of rows whose class is known."""
        if self.classes is None or self.classes.K == 1 or self.family.naming == 0:
            return x.new_zeros(())
        k = self.classes.index(c, len(x))
        lost = cross_entropy(self.landscape(x), k, ignore_index=-1, reduction="sum")
        return self.family.naming * lost / (k >= 0).sum().clamp(min=1)

    # How it draws ----------------------------------------------------------------------------------------------------

    def sample(self, n: int, c: Tensor | None = None, *, rng: Rng) -> Tensor:
        like = self.ground.low.new_empty(n, *self.ground.low.shape)
        stride, half = self.stride if self.stride.isfinite() else self.step, max(1, self.family.moves // 2)
        way = self._chain(c, like, float(stride))
        rows, _ = walked(way, self._begun(way, c, half, rng), half, rng=rng.fork(DRAWN))
        return self.ground(rows.z)

    def _begun(self, way: Tilted, c: Tensor | None, steps: int, rng: Rng) -> Wandering:
        """From the chains that it learned by, where they fit; else from the reference, by tempered laws."""
        n = len(way.like)
        if self.kept is None:
            return forward(way, steps, rng=rng.fork(ANNEALED)).rows
        z, found = self.kept.picked(n, self._weights(c, n), rng=rng.fork(PICKED))
        if found.all():
            return way.at(z)
        anew = forward(way, steps, rng=rng.fork(ANNEALED)).rows
        return way.at(torch.where(found.view(-1, *(1,) * (z.dim() - 1)), z, anew.z))

    def _weights(self, c: Tensor | None, n: int) -> Tensor | None:
        """(n, chains): log p(c | chain) where c is a class; else which chains have just this condition."""
        assert self.kept is not None
        if self.classes is None:
            return None if c is None else self.kept.fitting(c)
        if self.classes.K == 1 or c is None:
            return None
        told = torch.cat([self.landscape(self.ground(part)) for part in self.kept.rows.split(1024)]).softmax(1)
        return (self._fits(c, n).exp() @ told.T).log()

    def fill(self, x: Tensor, evidence: Evidence, c: Tensor | None = None, *, particles: int, rng: Rng) -> Filled:
        density = lambda u, rows: self.log_density(u, None if c is None else c[rows])  # noqa: E731
        told = clamped(density, *self.laws.of(self, len(x), c), x, evidence, particles=particles, rng=rng)
        evidence_of = None if told.log_evidence is None else told.log_evidence - self._log_z(len(x), c, rng).value
        return replace(told, log_evidence=evidence_of)

    # What log p is thought to be -------------------------------------------------------------------------------------

    def log_prob_estimate(self, x: Tensor, c: Tensor | None = None, *, rng: Rng) -> Estimate:
        log_z = self._log_z(len(x), c, rng)
        value = self.log_density(x, c).double() - log_z.value  # (3)
        return Estimate(value, log_z.stderr, (log_z.above - log_z.value).clamp(min=0))

    def _log_z(self, n: int, c: Tensor | None, rng: Rng) -> Between:
        """log Z of each row."""
        if self.classes is not None and bool(self.normalisers.value.isfinite().all()):
            known, fits = self.normalisers.of(), self._fits(c, n).double()
            each = known.value + fits
            value = each.logsumexp(1)
            stderr = ((each - value[:, None]).exp() * known.stderr).square().sum(1).sqrt()
            return Between(value, stderr, (known.above + fits).logsumexp(1))  # (3)
        chains, steps = max(2, self.family.chains // FEWER), max(2, self.family.temperatures // FEWER)
        given = None if c is None else c.repeat_interleave(chains, 0)
        return self._annealed(given, n, chains, steps, None, Grouped(rng.fork(ANNEALED), chains))

    def _annealed(self, c: Tensor | None, n: int, chains: int, steps: int, ends: Tensor | None, rng: Rng) -> Between:
        """log Z of n conditions, each of them there so many times."""
        stride = float(self.stride) if bool(self.stride.isfinite()) else float(self.step)
        way = Tilted(
            lambda z: self.heights(self.ground(z), c),
            self.ground.low.new_empty(n * chains, *self.ground.low.shape),
            step=stride,
        )
        ahead = forward(way, steps, rng=rng)
        back = backward(way, ahead.rows if ends is None else way.at(ends), steps, rng=rng.fork(BACK))
        return between(*(each.log_weights.view(n, chains) for each in (ahead, back)))

    @torch.no_grad()
    def conclude(self, x: Tensor, c: Tensor | None = None, *, rng: Rng) -> None:
        """The step of chains that draw; and log Z of every class, the way back being walked from rows of the data."""
        family, count = self.family, torch.arange(self.family.chains, device=x.device)
        z, given = self.ground.back(x[count % len(x)]), self._told(None if c is None else c[count % len(c)])
        self.stride.fill_(self._best_step(z, given, rng.fork(MOVED)))
        if self.classes is None:
            return
        told = None if c is None else self.classes.digits.to(x).repeat_interleave(family.chains, 0)
        ends = self._ends(x, c, told, rng)
        for steps in (max(2, family.temperatures // FEWER), family.temperatures):
            found = self._annealed(told, self.classes.K, family.chains, steps, ends, rng.fork(ANNEALED))
            self.normalisers.keep(found)
            if bool(((found.above - found.value).abs() + found.stderr <= SURE).all()):
                return  # heights that are nearly level need no more

    def _best_step(self, z: Tensor, c: Tensor | None, rng: Rng) -> float:
        if not self.family.adjusted:
            return float(self.step)
        step, rows = first_step(z[0].numel()), z
        for _ in range(SETTLED):
            way = self._chain(c, rows, step)
            there, share = walked(way, way.at(rows), 1, rng=rng)
            rows, step = there.z, followed(step, share)
        return step

    def _ends(self, x: Tensor, c: Tensor | None, told: Tensor | None, rng: Rng) -> Tensor:
        """Rows of each class, moved to where the model has them."""
        assert self.classes is not None
        known, count = self.classes.index(c, len(x)), torch.arange(self.family.chains, device=x.device)
        mine = [(known == k).nonzero()[:, 0] for k in range(self.classes.K)]
        z = self.ground.back(torch.cat([x[at[count % len(at)]] if len(at) else x[count % len(x)] for at in mine]))
        way = self._chain(told, z, float(self.stride))
        return walked(way, way.at(z), self.family.moves, rng=rng.fork(DRAWN))[0].z
