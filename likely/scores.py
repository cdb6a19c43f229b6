"""A number carries its kind: log-likelihoods that say whether they are exact, bounds or estimates, and over what;
and what the numbers of a code are used for."""

from dataclasses import dataclass
from math import hypot

import torch
from torch import Tensor

ACTIVE = 0.01  # variance over rows beyond which a number of a code is in use


@dataclass(frozen=True)
class Scores:
    """Log-likelihoods, one a row, with what they are: two facts (bound? estimate?) and a base measure."""

    nats: Tensor  # (B,) float64, in the data's own units
    bound: bool  # True: log p(x) is at least this
    stderr: Tensor | None = None  # (B,) where the number is Monte Carlo
    measure: str = ""  # the base measure, in words; numbers over different measures are never ranked
    error: Tensor | None = None  # (B,) what is known of its error beside chance (a solver's)
    above: bool = False  # True: on average log p(x) is at most this (an estimated normaliser is on average too small)
    shared: float = 0.0  # the part of the standard error that all rows have in common, which no number of rows lowers

    @property
    def kind(self) -> str:
        """'=' exact, '≥' lower and '≤' upper bound (this one on average), '≈' estimate, '≥ ≈' an estimated bound."""
        signs = ["≥"] * self.bound + ["≤"] * self.above + ["≈"] * (self.stderr is not None)
        return " ".join(signs) or "="

    @property
    def mean(self) -> float:
        return float(self.nats.mean())

    @property
    def mean_stderr(self) -> float:
        """Standard error of the mean: the spread over rows, which holds a row's own Monte Carlo error, and `shared`."""
        if len(self.nats) < 2:
            return float("nan")
        return hypot(float(self.nats.std() / len(self.nats) ** 0.5), self.shared)

    def __str__(self) -> str:
        spread = f" ± {float(f'{self.mean_stderr:.2g}'):g}" if len(self.nats) > 1 else ""  # one row tells no spread
        return f"{self.kind} {self.mean:.4g}{spread} nats/row{self._own}"

    @property
    def _own(self) -> str:
        """A row's own errors, of a number that has one beside chance; or those of the normaliser of all rows."""
        if self.error is None or self.stderr is None:
            return ""
        if self.shared > 0:
            return f" (log Z: ± {self.shared:.2g} by chance, {float(self.error.mean()):.2g} between its two estimates)"
        return f" (a row: ± {float(self.stderr.mean()):.2g} by chance, {float(self.error.mean()):.2g} by its solver)"


@dataclass(frozen=True)
class Used:
    """What each number of a code is used for, row by row: (B, D) all. Numbers of a level above come last."""

    mean: Tensor  # of the number's posterior
    noise: Tensor  # variance of `mean` that is Monte Carlo's; 0 where it is exact
    rate: Tensor  # nats that saying the number costs
    free: float = 0.0  # nats that each number may cost unasked: a rate up to that shows no use

    @property
    def active(self) -> Tensor:
        """(D,): the posterior's mean varies over the rows by more than 0.01 (Burda et al., 2016)."""
        return self.mean.var(0, correction=0) - self.noise.mean(0) > ACTIVE


def log_mean_exp(log_weights: Tensor) -> Tensor:
    """Over the last dimension: the importance-weighted bound from its log-weights."""
    return torch.logsumexp(log_weights, -1) - torch.log(torch.tensor(float(log_weights.shape[-1])))
