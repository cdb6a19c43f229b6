"""New rows of cells, a batch at a time: the noise of row i is its own, whatever is drawn beside it."""

import torch
from torch import Tensor

from likely.codecs import Lift
from likely.contracts import Model, Sharpens, Sharpness
from likely.distributions import PLAIN
from likely.rng import Keyed
from likely.scoring import BATCH, placed


def drawn(model: Model, lift: Lift, n: int, c: Tensor | None, seed: int, sharpness: Sharpness = PLAIN) -> Tensor:
    """n rows; with a condition, row i is drawn given c[i]."""
    cells = []
    with torch.no_grad():
        for start in range(0, n, BATCH):
            rows = min(BATCH, n - start)
            part = placed(None if c is None else c[start : start + rows], model)
            cells.append(lift.down(_batch(model, rows, part, sharpness, Keyed(seed, rows=start))).cpu())
    return torch.cat(cells)


def _batch(model: Model, rows: int, c: Tensor | None, sharpness: Sharpness, rng: Keyed) -> Tensor:
    if sharpness == PLAIN:
        return model.sample(rows, c, rng=rng)
    assert isinstance(model, Sharpens)
    return model.sample_sharpened(rows, c, sharpness=sharpness, rng=rng)
