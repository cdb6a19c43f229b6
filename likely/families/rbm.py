r"""Restricted Boltzmann machine: columns pushed by hidden spins, which are pushed by columns.

    p(x, h) = e^{-E(x, h)} / Z,   each side independent given the other                         (1) objectives/boltzmann
    F(x) = -log sum_h e^{-E(x, h)},   log p(x) = -F(x) - log Z                                (2) free energy
    grad -log p(x) = grad F(x) - E_p grad F                                                   (3) objectives/contrast
    log Z: listed where either side has few states, else annealed                             (4) particles/annealing

Where it is listed the machine is a density, and its draws are exact; else log p is an estimate, on average too high,
and draws are chains of block Gibbs moves, which go on from those that it learned by, or come from independent columns.

Training restricted Boltzmann machines using approximations to the likelihood gradient (Tieleman, 2008), ICML
"""

from dataclasses import dataclass
from typing import ClassVar, final

import torch
from torch import Tensor

from likely.contracts import (
    Completes,
    Concludes,
    Density,
    Estimate,
    Estimated,
    Evidence,
    Family,
    Filled,
    Fills,
    Latent,
    Prepared,
    Space,
    Trained,
)
from likely.distributions.remembered import Remembered, alike
from likely.distributions.state import classes_told
from likely.errors import FieldError
from likely.objectives import Contrast, Contrastive, Persistent
from likely.objectives.boltzmann import Boltzmann, Held, Moved, Weakened
from likely.objectives.machine import Machine
from likely.particles.annealing import Between, Grouped, Normalisers, backward, between, check_annealing, forward
from likely.particles.tempered import tempered
from likely.rng import Rng

LISTED, EACH = 2**18, 2**10  # states that are listed: once for all rows (or for all classes), or for every condition
MOVED, ANNEALED, PICKED, DRAWN, BACK, WHOLE = 0xB0, 0xB1, 0xB2, 0xB3, 0xB4, 0xB5  # forks of the noise
MOST = 100  # classes whose normalisers are kept
FEWER = 8  # a condition that is no class has a normaliser of its own, by so many times fewer chains and temperatures


@dataclass(frozen=True, kw_only=True)
class RBM(Family["RBMModel | ListedRBMModel"]):
    """Visible columns of any kind (choices, counts by bins, reals, levels) and hidden spins."""

    hidden: int = 64  # spins: more tell finer patterns; up to 18 (or as few visible states) make an exact density
    bins: int = 20  # of a count, or of levels where there are more: more follow it closer and need more rows
    learning: Contrast = Persistent(moves=2, chains=512, fresh=0.0)  # where the rows come from that it unlearns
    moves: int = 200  # Gibbs moves of a drawn row, where draws are not exact: more are slower and nearer to the law
    chains: int = 100  # of the estimate of log Z, where it is not exact: more are slower and surer
    temperatures: int = 1000  # of each of them: more are slower, and less biased
    rate: float = 3e-3  # the optimizer's step
    decay: float = 0.0  # weight decay: more keeps the two sides more independent

    def __post_init__(self) -> None:
        check_annealing("RBM", hidden=self.hidden, bins=self.bins, moves=self.moves)
        check_annealing("RBM", chains=self.chains, temperatures=self.temperatures)
        if not isinstance(self.learning, Contrastive | Persistent):
            raise FieldError(f"an RBM cannot learn by {type(self.learning).__name__}: its columns have no slopes",
                             expected="learning=Persistent() or learning=Contrastive()")  # fmt: skip

    def build(self, space: Space, condition: Space | None = None) -> "RBMModel | ListedRBMModel":
        machine = Boltzmann(space, condition, hidden=self.hidden, bins=self.bins)
        classes = classes_told(condition, MOST, "RBM")
        states = machine.listed * (1 if classes is None else classes.K)
        kind = ListedRBMModel if states <= (EACH if classes is None else LISTED) else RBMModel
        return kind(self, machine, space, condition)


# Where one side can be listed ----------------------------------------------------------------------------------------


@final
class ListedRBMModel(Machine, Density, Latent, Completes, Trained, Prepared):
    """Z is a sum, log p is exact, and so are draws, given anything."""

    def __init__(self, family: RBM, machine: Boltzmann, space: Space, condition: Space | None) -> None:
        super().__init__(family, machine, space, condition)
        self.remembered = Remembered()

    def log_prob(self, x: Tensor, c: Tensor | None = None) -> Tensor:
        log_z = x.new_zeros(len(x), dtype=torch.float64)
        for rows, given in alike(c, len(x)):
            log_z[rows] = self._log_masses(given).logsumexp(0).double()
        return (self.mass(x, c) - log_z).to(self.machine.weight.dtype)  # (2)

    def sample(self, n: int, c: Tensor | None = None, *, rng: Rng) -> Tensor:
        level = rng.uniform((n,), like=torch.empty(0, dtype=torch.float64, device=self.machine.weight.device))
        at = torch.zeros(n, dtype=torch.int64, device=level.device)
        for rows, given in alike(c, n):
            laid = self._log_masses(given).double().softmax(0).cumsum(0)
            at[rows] = torch.searchsorted(laid, level[rows] * laid[-1], right=True).clamp_(max=len(laid) - 1)
        drawn = self.machine.of_states(at, self.machine.moved(c), rng=rng)
        return self.machine.visible.whole(drawn, rng=rng)

    def log_evidence(self, x: Tensor, evidence: Evidence, c: Tensor | None = None) -> Tensor:
        known, told = self.known(evidence), x.new_zeros(len(x), dtype=torch.float64)
        for at, given in alike(c, len(x)):
            held = self._held(x[at], known[at], given, present=False)
            told[at] = held.logsumexp(1) - self._log_masses(given).double().logsumexp(0)
        return (told + self.machine.visible.log_within_known(x, evidence.known)).to(self.machine.weight.dtype)

    def complete(self, x: Tensor, evidence: Evidence, c: Tensor | None = None, *, rng: Rng) -> Tensor:
        known, visible = self.known(evidence), self.machine.visible
        at, level = torch.zeros(len(x), dtype=torch.int64, device=x.device), rng.uniform((len(x), 1), like=x.double())
        for rows, given in alike(c, len(x)):
            laid = self._held(x[rows], known[rows], given, present=True).softmax(1).cumsum(1)
            at[rows] = (laid <= level[rows] * laid[:, -1:]).sum(1).clamp_(max=laid.shape[1] - 1)
        drawn = self.machine.of_states(at, self.machine.moved(c), rng=rng, present=True)
        return torch.where(evidence.known, x, visible.whole(drawn, rng=rng.fork(WHOLE)).to(x.dtype))

    def _held(self, x: Tensor, known: Tensor, given: Tensor | None, *, present: bool) -> Tensor:
        rows = self.machine.visible.held(x, known.view(x.shape))
        return self.machine.log_masses_held(self.machine.moved(given), rows, known, present=present).double()

    def _log_masses(self, given: Tensor | None) -> Tensor:
        """log p* of every state of the smaller side, worked out once for these weights."""
        key = b"" if given is None else given.cpu().numpy().tobytes()
        work = lambda: self.machine.log_masses(self.machine.moved(given))  # noqa: E731
        return self.remembered.of(self.machine, key, work)


# Where neither can ---------------------------------------------------------------------------------------------------


@final
class RBMModel(Machine, Estimated, Latent, Fills, Trained, Prepared, Concludes):
    """log Z is annealed; draws are the ends of chains."""

    particles = 32
    unnormalised: ClassVar[bool] = True

    def __init__(self, family: RBM, machine: Boltzmann, space: Space, condition: Space | None) -> None:
        super().__init__(family, machine, space, condition)
        self.classes = classes_told(condition, MOST, "RBM")
        self.normalisers = Normalisers(0 if self.classes is None else self.classes.K)

    def sample(self, n: int, c: Tensor | None = None, *, rng: Rng) -> Tensor:
        moved, half = self.machine.moved(c), max(1, self.family.moves // 2)
        rows, noise = self._begun(n, c, moved, half, rng), rng.fork(DRAWN)
        for _ in range(half):
            rows = self.machine.move(rows, moved, rng=noise)
        return self.machine.visible.whole(rows, rng=noise)

    def _begun(self, n: int, c: Tensor | None, moved: Moved, steps: int, rng: Rng) -> Tensor:
        """From the chains that it learned by, where any was given this; else from independent columns."""
        if self.kept is None:
            return forward(Weakened(self.machine, moved, n), steps, rng=rng.fork(ANNEALED)).rows
        rows, found = self.kept.picked(n, None if c is None else self.kept.fitting(c), rng=rng.fork(PICKED))
        if found.all():
            return rows
        anew = forward(Weakened(self.machine, moved, n), steps, rng=rng.fork(ANNEALED)).rows
        return torch.where(found[:, None], rows, anew)

    def fill(self, x: Tensor, evidence: Evidence, c: Tensor | None = None, *, particles: int, rng: Rng) -> Filled:
        known, visible = self.known(evidence), self.machine.visible
        rows = visible.held(x, evidence.known).repeat_interleave(particles, 0)
        way = Held(self.machine, self.machine.moved(c).repeated(particles), rows, known.repeat_interleave(particles, 0))
        found = tempered(way, len(x), particles, rng=rng, device=x.device)
        told = way.log_normaliser[::particles] + found.log_evidence + visible.log_within_known(x, evidence.known)
        drawn = torch.where(evidence.known, x, visible.whole(found.rows, rng=rng.fork(WHOLE)).to(x.dtype))
        return Filled(drawn, found.share, told - self._log_z(len(x), c, rng.fork(ANNEALED)).value)

    def log_prob_estimate(self, x: Tensor, c: Tensor | None = None, *, rng: Rng) -> Estimate:
        mass, log_z = self.mass(x, c), self._log_z(len(x), c, rng)
        return Estimate(mass - log_z.value, log_z.stderr, (log_z.above - log_z.value).clamp(min=0))

    def _log_z(self, n: int, c: Tensor | None, rng: Rng) -> Between:
        """log Z of each row: kept, where its condition is a class; else estimated for this row alone."""
        if self.classes is not None:
            k = self.classes.index(c, n)
            if bool((k >= 0).all()) and bool(self.normalisers.value.isfinite().all()):
                return Between(*(part[k] for part in self.normalisers.of()))
        chains, steps = max(2, self.family.chains // FEWER), max(2, self.family.temperatures // FEWER)
        return self._annealed(self.machine.moved(c), n, chains, steps, None, Grouped(rng.fork(ANNEALED), chains))

    def _annealed(self, moved: Moved, n: int, chains: int, steps: int, ends: Tensor | None, rng: Rng) -> Between:
        """log Z of n conditions."""
        way = Weakened(self.machine, moved.repeated(chains), n * chains)
        ahead = forward(way, steps, rng=rng)
        back = backward(way, ahead.rows if ends is None else ends, steps, rng=rng.fork(BACK))
        found = between(*(each.log_weights.view(n, chains) for each in (ahead, back)))
        known = way.log_normaliser.view(n, chains)[:, 0]
        return Between(found.value + known, found.stderr, found.above + known)

    @torch.no_grad()
    def conclude(self, x: Tensor, c: Tensor | None = None, *, rng: Rng) -> None:
        """log Z, of each class; the way back is walked from rows of the data, moved to where the machine has them."""
        if self.classes is None:
            return
        family, each = self.family, self.classes.digits.to(self.machine.weight)
        moved = self.machine.moved(None if c is None else each)
        ends = self._ends(x, c, moved.repeated(family.chains), rng)
        self.normalisers.keep(
            self._annealed(moved, self.classes.K, family.chains, family.temperatures, ends, rng.fork(ANNEALED))
        )

    def _ends(self, x: Tensor, c: Tensor | None, moved: Moved, rng: Rng) -> Tensor:
        assert self.classes is not None
        known, noise = self.classes.index(c, len(x)), rng.fork(DRAWN)
        rows = self.machine.visible.rows(x)
        mine = [(known == k).nonzero()[:, 0] for k in range(self.classes.K)]
        count = torch.arange(self.family.chains, device=x.device)
        rows = torch.cat([rows[at[count % len(at)]] if len(at) else rows[count % len(rows)] for at in mine])
        for _ in range(self.family.moves):
            rows = self.machine.move(rows, moved, rng=noise)
        return rows
