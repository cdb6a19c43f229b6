"""The score of cells, with its kind: what a model promises, composed with what its lift adds.

Every promise becomes log-weights: a density is one exact weight, a stochastic lift or an importance-weighted bound
gives many, whose logmeanexp rises to log p(x) with their number. Noise is keyed by a row's own content, so that a score
does not depend on the row's company.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import torch
from torch import Tensor

from likely.codecs import Cells, Lift
from likely.contracts import (
    Bound,
    Density,
    Elbo,
    Estimated,
    Model,
    Reconstructs,
    Scores,
    Units,
    Used,
    Weighted,
    log_mean_exp,
)
from likely.rng import Keyed

BATCH = 1024  # rows through the model at a time
USED = 128  # rows whose codes are drawn several times
LIFT_DRAWS = 8  # draws of a stochastic lift, where nothing else is asked
FEW = 32  # rows that tell how sure a normaliser is
ESTIMATES = 4  # draws of a stochastic lift under an estimate, which is slow
WEIGHT_DRAWS = 64  # importance samples, where nothing else is asked


SCORED = (Density, Bound, Estimated)  # the promises from which a score is made


def scored(
    model: Model, lift: Lift, cells: Cells, c: Tensor | None, *, draws: int | None = None, seed: int, measure: str = ""
) -> Scores:
    """log p of rows in the data's own units; the kind is composed: exact only where the model and its lift are."""
    value, stderr, error = score_cells(model, lift, cells.x, c, draws=draws, seed=seed)
    if not isinstance(model, Estimated) or not model.unnormalised:
        return Scores(value + cells.ladj, isinstance(model, Bound) or not lift.exact, stderr, measure, error)
    shared = _shared(model, lift, cells.x[:FEW], None if c is None else c[:FEW], seed)
    return Scores(value + cells.ladj, False, stderr, measure, error, above=lift.exact, shared=shared)  # a lift lowers


@torch.no_grad()
def _shared(model: Estimated, lift: Lift, x: Tensor, c: Tensor | None, seed: int) -> float:
    """The standard error of the normaliser, the mean of a few rows'."""
    rng = Keyed(seed, rows=content_keys(x))
    u, _ = lift.up(placed(x, model), rng=rng)
    return float(model.log_prob_estimate(u, placed(c, model), rng=rng).stderr.mean()) if len(x) else 0.0


STRANGE = (*SCORED, Reconstructs)  # the promises by which a row can be strange


def strangeness(model: Model, lift: Lift, cells: Cells, c: Tensor | None, *, seed: int) -> Tensor:
    """How strange each row is (float64): minus its log p, of whatever kind, or how badly its code tells it."""
    if not isinstance(model, Reconstructs) or isinstance(model, SCORED):
        return -scored(model, lift, cells, c, seed=seed).nats
    parts = []
    with torch.no_grad():
        for part, given in batches(cells.x, c):
            u, _ = lift.up(placed(part, model), rng=Keyed(seed, rows=content_keys(part)))
            parts.append(model.misfit(u, placed(given, model)).double().cpu())
    return torch.cat(parts)


class Number(NamedTuple):
    """log p of rows (float64, one a row), its standard error where it is Monte Carlo, and its error beside chance."""

    value: Tensor
    stderr: Tensor | None = None
    error: Tensor | None = None


def score_cells(model: Model, lift: Lift, x: Tensor, c: Tensor | None, *, draws: int | None, seed: int) -> Number:
    """log p of the cells, by what the model promises."""
    parts = []
    with torch.no_grad():
        for part, given in batches(x, c):
            rng = Keyed(seed, rows=content_keys(part))
            parts.append(_number(model, lift, placed(part, model), placed(given, model), draws, rng))
    value, *errors = zip(*parts)
    return Number(torch.cat(value), *(None if each[0] is None else torch.cat(each) for each in errors))


def _number(model: Model, lift: Lift, x: Tensor, c: Tensor | None, draws: int | None, rng: Keyed) -> Number:
    match model:
        case Density() if lift.exact:
            return Number(model.log_prob(lift.up(x, rng=rng)[0], c).double().cpu())
        case Estimated():
            return _estimated(model, lift, x, c, 1 if lift.exact else max(draws or ESTIMATES, 2), rng)
        case Density():
            return importance_weighted(_density_weights(model, lift, x, c, draws or LIFT_DRAWS, rng))
        case Weighted():
            return importance_weighted(_posterior_weights(model, lift, x, c, draws or WEIGHT_DRAWS, rng))
        case Bound(drawn=False) if lift.exact:
            return Number(model.elbo(lift.up(x, rng=rng)[0], c, rng=rng).value.double().cpu())
        case Bound():
            return averaged(_elbo_draws(model, lift, x, c, draws or LIFT_DRAWS, rng))
    raise TypeError(f"{type(model).__name__} has no number to give")


def _estimated(model: Estimated, lift: Lift, x: Tensor, c: Tensor | None, draws: int, rng: Keyed) -> Number:
    """An estimate a draw of the lift; their mean, whose error over them holds each estimate's own."""
    lifted = [lift.up(x, rng=rng) for _ in range(draws)]
    estimates = [model.log_prob_estimate(u, c, rng=rng) for u, _ in lifted]
    values = torch.stack([one.value.double() + ladj for one, (_, ladj) in zip(estimates, lifted)], 1)
    known = [one.error.double() for one in estimates if one.error is not None]
    value, stderr, _ = averaged(values) if draws > 1 else Number(values[:, 0].cpu(), estimates[0].stderr.double().cpu())
    return Number(value, stderr, torch.stack(known, 1).mean(1).cpu() if known else None)


def _density_weights(model: Density, lift: Lift, x: Tensor, c: Tensor | None, draws: int, rng: Keyed) -> Tensor:
    lifted = (lift.up(x, rng=rng) for _ in range(max(draws, 2)))
    return torch.stack([model.log_prob(u, c).double() + ladj for u, ladj in lifted], 1)


def _posterior_weights(model: Weighted, lift: Lift, x: Tensor, c: Tensor | None, draws: int, rng: Keyed) -> Tensor:
    """(B, draws): the importance samples are shared out over a few draws of the lift."""
    lifts = 1 if lift.exact else min(draws, LIFT_DRAWS)
    lifted = (lift.up(x, rng=rng) for _ in range(lifts))
    each = max(draws // lifts, 2)
    weights = [model.log_weights(u, c, draws=each, rng=rng).double() + ladj[:, None] for u, ladj in lifted]
    return torch.cat(weights, 1)


def _elbo_draws(model: Bound, lift: Lift, x: Tensor, c: Tensor | None, draws: int, rng: Keyed) -> Tensor:
    lifted = (lift.up(x, rng=rng) for _ in range(max(draws, 2)))
    return torch.stack([model.elbo(u, c, rng=rng).value.double() + ladj for u, ladj in lifted], 1)


@torch.no_grad()
def terms(model: Bound, lift: Lift, cells: Cells, c: Tensor | None, *, seed: int) -> Elbo:
    """The two terms of the bound, the fit in the data's own units: float64, one draw a row."""
    fits, rates = [], []
    for part, given in batches(cells.x, c):
        rng = Keyed(seed, rows=content_keys(part))
        u, ladj = lift.up(placed(part, model), rng=rng)
        elbo = model.elbo(u, placed(given, model), rng=rng)
        fits.append((elbo.fit.double() + ladj).cpu())
        rates.append(elbo.rate.double().cpu())
    return Elbo(fit=torch.cat(fits) + cells.ladj, rate=torch.cat(rates))


@torch.no_grad()
def used(model: Units, lift: Lift, x: Tensor, c: Tensor | None, *, seed: int) -> Used:
    """What each number of the code is used for on these rows."""
    parts = []
    for part, given in batches(x, c, size=USED):
        rng = Keyed(seed, rows=content_keys(part))
        u, _ = lift.up(placed(part, model), rng=rng)
        parts.append(model.used(u, placed(given, model), rng=rng))
    whole = [torch.cat([getattr(part, name) for part in parts]).double().cpu() for name in ("mean", "noise", "rate")]
    return Used(*whole, free=parts[0].free)


def importance_weighted(log_weights: Tensor) -> Number:
    """logmeanexp over draws, and its standard error by the delta method: se(log w) = se(w) / w."""
    value = log_mean_exp(log_weights)
    relative = (log_weights - value[:, None]).exp()
    return Number(value.cpu(), (relative.std(1) / log_weights.shape[1] ** 0.5).cpu())


def averaged(draws: Tensor) -> Number:
    """The mean over draws and its standard error."""
    return Number(draws.mean(1).cpu(), (draws.std(1) / draws.shape[1] ** 0.5).cpu())


def content_keys(x: Tensor) -> Tensor:
    """A 64-bit key per row from its cells alone."""
    cells = x.detach().cpu().reshape(len(x), -1).contiguous()
    cells = (
        cells.long() if cells.dtype == torch.uint8 else cells
    )  # a mapped page has the key of the same page in memory
    bits = cells.view(torch.int32) if cells.dtype == torch.float32 else cells.view(torch.int64)
    places = torch.arange(bits.shape[1], dtype=torch.int64)
    return (bits.long() * ((places * 0x9E3779B97F4A7C1 + 0x632BE59BD9B4E01) | 1)).sum(1)


def batches(x: Tensor, c: Tensor | None, size: int | None = None) -> Iterator[tuple[Tensor, Tensor | None]]:
    """Rows and their conditions, a batch at a time."""
    size = size or BATCH
    for start in range(0, len(x), size):
        yield x[start : start + size], None if c is None else c[start : start + size]


def placed(cells: Any, model: Model) -> Any:
    """Cells (or no condition) where the model's weights live, and as precise."""
    if cells is None:
        return None
    like = first_weight(model)
    return cells.to(like.device, like.dtype) if cells.is_floating_point() else cells.to(like.device)


def first_weight(model: Model) -> Tensor:
    """A tensor with the model's device and precision."""
    tensors = (*model.parameters(), *model.buffers())
    return next((tensor for tensor in tensors if tensor.is_floating_point()), torch.empty(0))
