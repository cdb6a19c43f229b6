r"""A bound against its own importance weights.

    ELBO = E log w <= E log (1/k) sum_i w_i <= log p(x)                                      (1)

An ELBO above the middle is no bound, and an ELBO that is not the mean of log w is another bound than its weights'.
"""

import torch
from torch import Tensor

from likely.certificates.certificate import Beside, Seen
from likely.certificates.clock import Clock, OutOfTime
from likely.certificates.subject import Subject
from likely.contracts import Bound, Weighted, log_mean_exp

ROWS, DRAWS, ELBOS = 48, 64, 16


def tightens(subject: Subject, clock: Clock) -> Seen:
    """(1) on some rows."""
    model = subject.precise
    if not isinstance(model, Weighted):
        raise Beside("the bound has no importance weights to be set against")
    at = torch.arange(min(len(subject.x), ROWS))
    parts = [
        _weighed(subject, model, at[part]) for part in clock.slices(len(at), first=1)
    ]  # a row alone may take seconds
    if not parts:
        raise OutOfTime
    return tightening(torch.cat([weights for weights, _ in parts]), torch.cat([elbos for _, elbos in parts]))


def _weighed(subject: Subject, model: Weighted, at: Tensor) -> tuple[Tensor, Tensor]:
    """(rows, DRAWS) log-weights and (rows, ELBOS) draws of the bound."""
    (u, c), rng = subject.lifted(at, model), subject.rng
    with torch.no_grad():
        weights = model.log_weights(u, c, draws=DRAWS, rng=rng.fork(4).at(at))
        return weights.double(), elbos(model, u, c, [rng.fork(5 + k).at(at) for k in range(ELBOS)])


def elbos(model: Bound, u: Tensor, c: Tensor | None, rngs: list) -> Tensor:
    """(rows, draws) values of the bound."""
    return torch.stack([model.elbo(u, c, rng=rng).value.double() for rng in rngs], 1)


def tightening(log_weights: Tensor, elbos: Tensor) -> Seen:
    """How far the ELBO is from the mean of log w: never farther than chance, and never above log mean w."""
    one, many, elbo = log_weights.mean(), log_mean_exp(log_weights).mean(), elbos.mean()
    error = torch.hypot(_error(log_weights), _error(elbos))
    tolerance = 6 * float(error) + 1e-3 * (1 + abs(float(one)))
    value = max(abs(float(elbo - one)), float(elbo - many))
    said = f"ELBO {float(elbo):.3f}, one weight {float(one):.3f}, {log_weights.shape[1]} weights {float(many):.3f}"
    return Seen(value if torch.isfinite(error) else torch.nan, tolerance, said)


def _error(draws: Tensor) -> Tensor:
    """Standard error of the mean over rows and draws, the rows being given."""
    return (draws.var(1).mean() / draws.numel()).sqrt()
