"""New rows of cells, a batch at a time: the noise of row i is its own, whatever is drawn beside it."""

import torch
from torch import Tensor

from likely.codecs import Lift
from likely.contracts import Model, Sharpens, Sharpness, Truncates
from likely.descent import Lead, Looks
from likely.distributions import PLAIN
from likely.errors import FieldError
from likely.rng import Keyed
from likely.scoring import BATCH, placed


def drawn(
    model: Model, lift: Lift, n: int, c: Tensor | None, seed: int,
    sharpness: Sharpness = PLAIN, truncation: float = 1.0, lead: Lead | Looks | None = None, ids: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """n rows; with a condition, row i is drawn given c[i]. The noise is that of row i, or of row `ids[i]`."""
    if not 0 < truncation <= 1:
        raise FieldError(
            f"a truncation of {truncation}", expected="above 0, at most 1, which keeps all of a code's law"
        )
    cells = []
    with torch.no_grad():
        for start in range(0, n, BATCH):
            rows = min(BATCH, n - start)
            part = placed(None if c is None else c[start : start + rows], model)
            rng = Keyed(seed, rows=start if ids is None else ids[start : start + rows])
            if lead is not None:
                u = lead.drawn(model, rows, part, start, sharpness, rng)
            else:
                u = _batch(model, rows, part, sharpness, truncation, rng)
            cells.append(lift.down(u).cpu())
    return torch.cat(cells)


def _batch(model: Model, rows: int, c: Tensor | None, sharpness: Sharpness, truncation: float, rng: Keyed) -> Tensor:
    if truncation != 1:
        assert isinstance(model, Truncates)
        return model.sample_truncated(rows, c, truncation=truncation, rng=rng)
    if sharpness == PLAIN:
        return model.sample(rows, c, rng=rng)
    assert isinstance(model, Sharpens)
    return model.sample_sharpened(rows, c, sharpness=sharpness, rng=rng)
