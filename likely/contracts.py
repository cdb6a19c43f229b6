"""The contracts: what a family is, what a model promises, and how it learns.

A promise is a nominal type, never a flag: a bound and an exact log-density have the same signature, and only the
declared type tells them apart. The class line of a model is therefore its abstract:

    class VAEModel(Weighted, Latent, Trained): ...

Classes are abstract or final; nothing concrete is overridden. `x` lies in a `Space` and so does the condition `c`.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import ClassVar, Generic, TypeVar

from torch import Tensor, nn

from likely.rng import Rng
from likely.scores import Scores as Scores
from likely.scores import Used as Used
from likely.scores import log_mean_exp as log_mean_exp
from likely.sharpness import Sharpness as Sharpness


class Space(ABC):
    """What one example is, as a tensor. Concrete spaces are frozen dataclasses in `likely.spaces`."""

    @property
    @abstractmethod
    def shape(self) -> tuple[int, ...]:
        """The shape of one example's tensor, without the batch dimension."""


class Lifted(Enum):
    """How a family wants its cells: as they are, or as reals by a `Lift`."""

    NOT = "cells as they are"  # codes, counts, levels; missing cells are NaN
    DEQUANTISED = "reals with noise"  # every choice and level spread over an interval: densities are defined
    CENTRED = "reals without noise"  # for models that are never asked for a density


M = TypeVar("M", bound="Model")


class Family(ABC, Generic[M]):
    """{p_theta}: a frozen dataclass of hyperparameters; flags, forms, JSON and sklearn parameters are its fields."""

    lifted: ClassVar[Lifted] = Lifted.NOT
    pictures: ClassVar[Lifted | None] = None  # how it wants levels (of images, series, sounds), where that differs

    @abstractmethod
    def build(self, space: Space, condition: Space | None = None) -> M:
        """One member of the family, over this space and, where given, this condition."""


class Model(nn.Module, ABC):
    """One p_theta(x | c) over tensors."""

    def __init__(self, space: Space, condition: Space | None = None) -> None:
        super().__init__()
        self.space, self.condition = space, condition

    @abstractmethod
    def sample(self, n: int, c: Tensor | None = None, *, rng: Rng) -> Tensor:
        """n draws of x; with a condition, row i is drawn given c[i]."""


# What a model can answer ---------------------------------------------------------------------------------------------


class Density(Model):
    """Knows its log-density exactly."""

    @abstractmethod
    def log_prob(self, x: Tensor, c: Tensor | None = None) -> Tensor:
        """log p(x | c), one value a row, in nats; only ever exact."""


@dataclass(frozen=True)
class Elbo:
    """The two terms of a variational bound: value = fit - rate <= log p(x)."""

    fit: Tensor  # (B,) expected log-likelihood of x under the posterior's draws
    rate: Tensor  # (B,) nats spent on saying the latent

    @property
    def value(self) -> Tensor:
        return self.fit - self.rate


class Bound(Model):
    """Knows a lower bound on its log-density."""

    drawn: ClassVar[bool] = True  # False: nothing random is in it, so that one evaluation is the bound itself

    @abstractmethod
    def elbo(self, x: Tensor, c: Tensor | None = None, *, rng: Rng) -> Elbo:
        """A Monte Carlo draw of the bound's two terms, one value a row."""


class Weighted(Bound):
    """A bound that more importance samples tighten: logmeanexp of k log-weights rises to log p(x) with k."""

    @abstractmethod
    def log_weights(self, x: Tensor, c: Tensor | None = None, *, draws: int, rng: Rng) -> Tensor:
        """(B, draws): log p(x, z) - log q(z | x) at draws from q."""


@dataclass(frozen=True)
class Estimate:
    """A number that is neither exact nor a bound, with its standard error."""

    value: Tensor  # (B,)
    stderr: Tensor  # (B,)
    error: Tensor | None = None  # (B,) what is known of its error beside chance (a solver's, by step doubling)


class Estimated(Model):
    """Can estimate its log-density (ODE, annealed importance sampling), with an error."""

    unnormalised: ClassVar[bool] = False  # True: log Z is an estimate that rows share, so that log p is on average high

    @abstractmethod
    def log_prob_estimate(self, x: Tensor, c: Tensor | None = None, *, rng: Rng) -> Estimate:
        """log p(x | c) with its standard error, one a row."""


class Decodes(Model):
    """Makes a row of a code: an encoder finds the code of a given row, or a search does (`likely.searching`)."""

    codes: Space  # numbers of order one around 0; of a choice the place of what is chosen

    @abstractmethod
    def decode(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        """The row that each code stands for (the law's mean or mode: no noise)."""


class Latent(Decodes):
    """Has codes one can look at and walk in."""

    @abstractmethod
    def encode(self, x: Tensor, c: Tensor | None = None) -> Tensor:
        """The code of each row (the posterior's mean where it is a distribution)."""


class Truncates(Decodes):
    """Can draw from the middle of its codes: less variety, each row nearer to what is common."""

    @abstractmethod
    def sample_truncated(self, n: int, c: Tensor | None = None, *, truncation: float, rng: Rng) -> Tensor:
        """Draws of normal codes that keep to the middle `truncation` of their mass; at 1 those of `sample`."""


class Reconstructs(Latent):
    """Can say how badly a row is told by its code, where it has no density to say how likely it is."""

    @abstractmethod
    def misfit(self, x: Tensor, c: Tensor | None = None) -> Tensor:
        """(B,): minus log of the law of each row given what its code decodes to; what is strange has a large one."""

    @property
    @abstractmethod
    def caveat(self) -> str:
        """What a card says of its samples."""


class Restores(Model):
    """Mends rows that were spoilt: noise, wrong and missing cells."""

    @abstractmethod
    def restore(self, x: Tensor, c: Tensor | None = None) -> Tensor:
        """The row that each spoilt one most likely was; every cell is there that can be."""


class Units(Model):
    """Says what each number of its code is used for: codes whose numbers say nothing can be seen."""

    @abstractmethod
    def used(self, x: Tensor, c: Tensor | None = None, *, rng: Rng) -> Used:
        """Of these rows."""


@dataclass(frozen=True)
class Evidence:
    """What is known of each cell: its value, an interval, or nothing."""

    known: Tensor  # (B, *shape) bool: the cell's value in x is given
    low: Tensor | None = None  # (B, *shape): free cells are at least this (-inf: no bound)
    high: Tensor | None = None  # (B, *shape): free cells are at most this


class Completes(Model):
    """Fills in what is missing exactly: draws from p(unknown | known)."""

    @abstractmethod
    def complete(self, x: Tensor, evidence: Evidence, c: Tensor | None = None, *, rng: Rng) -> Tensor:
        """x with every free cell drawn given the evidence; known cells are returned untouched."""

    @abstractmethod
    def log_evidence(self, x: Tensor, evidence: Evidence, c: Tensor | None = None) -> Tensor:
        """log p(evidence | c), one value a row."""


@dataclass(frozen=True)
class Filled:
    """Rows whose free cells were drawn by particles, and how far these can be trusted."""

    x: Tensor  # (B, *shape)
    share: Tensor  # (B,): the particles' effective number over their number; 1 where all weigh the same
    log_evidence: Tensor | None = None  # (B,): log of an unbiased estimate of p(evidence | c), where there is one


class Fills(Model):
    """Fills in what is missing by particles: the more of them, the nearer the draws to what its `word` promises."""

    word: ClassVar[str] = "asymptotic"  # to p(unknown | known); "heuristic": to something near it
    particles: ClassVar[int] = 128  # of each row, where nothing else is asked

    @abstractmethod
    def fill(self, x: Tensor, evidence: Evidence, c: Tensor | None = None, *, particles: int, rng: Rng) -> Filled:
        """x with every free cell drawn given the evidence, and that it is there; known cells are left untouched."""


class AnyOrder(Completes):
    """Completes by a chain rule that puts what is known first: exact in that order, and orders disagree a little."""

    @abstractmethod
    def disagreement(self, x: Tensor, c: Tensor | None = None, *, orders: int, rng: Rng) -> Tensor:
        """(B,): the standard deviation of log p(x | c) over orders drawn at random."""


class Classed(Model):
    """Conditioned on a class, and quick to score a row under every class at once."""

    @abstractmethod
    def log_joint(self, x: Tensor) -> Tensor:
        """(B, K): log p(x | c = k) for every class k."""


class Classifies(Model):
    """Knows p(c | x) of a class, though of log p(x | c) it may know no more than an estimate."""

    @abstractmethod
    def log_posterior(self, x: Tensor, among: Tensor) -> Tensor:
        """(B, K): log p(c = among[k] | x, c is one of these), for conditions `among` (K, ...)."""


@dataclass(frozen=True)
class Edge:
    """One column tells of another, both by their places."""

    parent: int
    child: int
    nats: float  # what it tells, in nats a row


class Drawable(Model):
    """Is a graph that one can read: which column depends on which."""

    @abstractmethod
    def graphs(self) -> tuple[tuple[Edge, ...], ...]:
        """One graph, or one for each class where they differ."""


class Sharpens(Model):
    """Draws cell by cell, so that every choice can be sharpened."""

    @abstractmethod
    def sample_sharpened(self, n: int, c: Tensor | None = None, *, sharpness: Sharpness, rng: Rng) -> Tensor:
        """Draws as `sample` gives them, every choice sharpened; at `Sharpness()` they are those of `sample`."""


class Continues(Sharpens):
    """Draws through time: what came first can be given, and what follows appears as it is drawn."""

    @abstractmethod
    def continued(self, start: Tensor, c: Tensor | None = None, *, sharpness: Sharpness, rng: Rng) -> Iterator[Tensor]:
        """What follows the first moments `start` (B, ..., k), one moment (B, ...) after another, to the rows' end."""


class Spells(Model):
    """Draws tokens, the first of which can be confined: a start may have been cut in the middle of one."""

    @abstractmethod
    def continued_among(
        self, start: Tensor, among: Tensor, c: Tensor | None = None, *, sharpness: Sharpness, rng: Rng
    ) -> Iterator[Tensor]:
        """What follows the first tokens `start` (B, k); the next is one of those that `among` (B, V) says."""


class Denoises(Model):
    """Knows E[x | x + sigma * noise], which gives score, guidance and particles."""

    @abstractmethod
    def denoise(self, x_t: Tensor, sigma: Tensor, c: Tensor | None = None) -> Tensor:
        """The posterior mean of the clean x, row by row; sigma is (B,)."""


class Guides(Model):
    """Says how well a condition goes with noised rows, and so leads a denoiser that was told nothing."""

    @abstractmethod
    def agreement(self, x_t: Tensor, sigma: Tensor, c: Tensor) -> Tensor:
        """log p(c | x_t), one a row, but for a term in c alone; 0 where c says nothing; sigma is (B,)."""


class Judges(Model):
    """Learns from a critic of its own, whose scores tell rows that it takes for real from others."""

    @abstractmethod
    def judge(self, x: Tensor, c: Tensor | None = None, *, rng: Rng) -> Tensor:
        """The critic's scores, higher for what looks real: one a row, or one a pack (what fills none is left out)."""


class Predicts(Model):
    """Discriminative: a law of a label, or of numbers, given all the rest; other columns are refused by name."""

    @abstractmethod
    def predict(self, c: Tensor | None, rows: int) -> Tensor:
        """E[x | c]: the probability of each class (B, K), or the mean of each number (B, D)."""


# How a model learns --------------------------------------------------------------------------------------------------


class Counted(Model):
    """Learns from additive statistics: chunks in any order, files larger than memory."""

    @abstractmethod
    def observe(self, x: Tensor, c: Tensor | None = None, weight: Tensor | None = None) -> None:
        """Add these rows to the statistics (buffers)."""

    @abstractmethod
    def finish(self) -> bool:
        """End a pass (M-step, bandwidth); True asks for another pass over the data."""


@dataclass(frozen=True)
class Player:
    """One set of weights with one optimizer, in one game."""

    module: nn.Module
    rate: float = 1e-3
    betas: tuple[float, float] = (0.9, 0.999)
    decay: float = 0.0  # AdamW's decoupled weight decay
    anneal: bool = True  # cosine to zero over the budget, after a short warm-up
    until: float = 1.0  # the share of the budget by which it has come to zero, and stays there
    averaged: bool = False  # keep the moving average even where no validation number can choose (implicit models)
    follows: bool = (
        False  # learns from what another one moves: a judgement may fall back on its way, so none stops early
    )


@dataclass(frozen=True)
class Turn:
    """One step of one player. The loss is called by the engine, which decides how it is evaluated."""

    player: str
    loss: Callable[[], Tensor]  # a scalar, the mean over the batch's rows
    after: Callable[[], None] | None = None  # e.g. clip a critic's weights


class Trained(Model):
    """Learns by gradient steps."""

    dear: float = 0.0  # what a row costs that is drawn, in rows of a round: none where it takes no more than a pass

    @abstractmethod
    def players(self) -> dict[str, Player]:
        """Who moves: the optimizers that must exist before the first batch and on resume."""

    @abstractmethod
    def turns(self, x: Tensor, c: Tensor | None = None, *, rng: Rng) -> Iterator[Turn]:
        """One round on one batch. A generator, so that a later turn sees the weights an earlier one left."""


class Prepared(Model):
    """Looks at a sample of the data before it learns (k-means start, Chow-Liu tree, actnorm)."""

    @abstractmethod
    def prepare(self, x: Tensor, c: Tensor | None = None, *, rng: Rng) -> None:
        """Called once, before the first round or observation."""


class Concludes(Model):
    """Looks at rows once more after it has learned (a law of its codes, which stand still only then)."""

    @abstractmethod
    def conclude(self, x: Tensor, c: Tensor | None = None, *, rng: Rng) -> None:
        """Called once, on the weights that are kept; called again, it gives the same whatever it gave before."""


class Paced(Model):
    """Learns in another way early than late: is told before every round how far the training is."""

    @abstractmethod
    def pace(self, done: float) -> None:
        """The share of the rounds that have been played: 0 before the first."""
