"""Unknown cells drawn given the known ones, a batch at a time: exactly where a model can, else by particles."""

import torch
from torch import Tensor

from likely.contracts import AnyOrder, Completes, Evidence, Fills
from likely.rng import Keyed
from likely.scoring import BATCH, batches, first_weight, placed

ORDERS = 8  # that are compared, where a model answers in any
PARTICLES = 128  # of each row, where nothing else is asked


def way_of(model: Completes | Fills) -> str:
    """How good the draws are."""
    if isinstance(model, Completes):
        return "model-exact" if isinstance(model, AnyOrder) else "exact"
    return "asymptotic"


def filled(
    model: Completes | Fills, x: Tensor, known: Tensor, c: Tensor | None, *, particles: int = PARTICLES, seed: int
) -> tuple[Tensor, float | None]:
    """The cells with what is unknown drawn; and the particles' mean share, over rows where they had something to draw.

    The noise of row i is its own.
    """
    cells, shares = [], []
    with torch.no_grad():
        for (part, given), told in zip(batches(x, c, BATCH), known.split(BATCH), strict=True):
            rng, place = Keyed(seed, rows=BATCH * len(cells)), first_weight(model).device
            drawn, share = _batch(model, placed(part, model), told.to(place), placed(given, model), particles, rng)
            cells.append(drawn.cpu())
            shares += [] if share is None else [share[~told.to(place).flatten(1).all(1)].double().cpu()]
    share = torch.cat(shares) if shares else None
    return torch.cat(cells), None if share is None else float(share.mean()) if len(share) else 1.0


def _batch(
    model: Completes | Fills, x: Tensor, known: Tensor, c: Tensor | None, particles: int, rng: Keyed
) -> tuple[Tensor, Tensor | None]:
    if isinstance(model, Completes):
        return model.complete(x, Evidence(known), c, rng=rng), None
    told = model.fill(x, Evidence(known), c, particles=particles, rng=rng)
    return told.x, told.share


def disagreement(model: AnyOrder, x: Tensor, c: Tensor | None, *, seed: int) -> float:
    """How far orders disagree on rows, those of the first batch."""
    part, given = next(batches(x, c))
    with torch.no_grad():
        return float(
            model.disagreement(placed(part, model), placed(given, model), orders=ORDERS, rng=Keyed(seed)).mean()
        )
