r"""How well rows go with what is said of them, as a model that guides has learned it.

    a_i = f(x_i, c_i) at the lowest level that it learned                                (1)
    found_i = share of the other conditions among the rows that go less well with x_i    (2) 1: its own is the best

(1) is log p(c | x) of a classifier, log p(c | x) / p(c) of a joint embedding, but for a constant. (2) needs no units,
and is 1/2 for what goes with a row by chance.
"""

from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from likely import frames
from likely.contracts import Guides
from likely.diffusion.guiding import Guiding
from likely.errors import CannotAnswer
from likely.fitted import Fitted
from likely.promises import promised
from likely.rng import Keyed
from likely.scoring import batches, content_keys, placed

MOST = 512  # distinct conditions that each row is compared with
Array = np.ndarray[Any, Any]


def agreement(fitted: Fitted[Any], data: Any, *, seed: int = 0) -> pd.DataFrame:
    """(1) and (2) of each row with its own condition."""
    promised(fitted.model, fitted.name, Guides)
    model = _guiding(fitted)
    x, _, c = fitted.cells(data)
    assert c is not None  # such a model is never without one
    u, _ = fitted.lift.up(x, rng=Keyed(seed, rows=content_keys(x)))  # noise by the row's own content
    others = torch.unique(c, dim=0)
    others = others[torch.randperm(len(others), generator=torch.Generator().manual_seed(seed))[:MOST]]
    with torch.no_grad():
        told = [_told(model, placed(part, model), placed(own, model), others) for part, own in _together(u, c)]
    own, found = (torch.cat(each).cpu().numpy() for each in zip(*told, strict=True))
    return pd.DataFrame({"agreement": own, "found": found}, index=frames.index_of(data))


def _told(model: Guiding, u: Tensor, c: Tensor, others: Tensor) -> tuple[Tensor, Tensor]:
    """(1) and (2) of some rows."""
    sigma = u.new_full((len(u),), model.learned.low)
    own, less, compared = model.agreement(u, sigma, c), torch.zeros(len(u)), torch.zeros(len(u))
    for other in others:
        given = placed(other, model).expand(len(u), *other.shape)
        apart = (given != c).flatten(1).any(1)
        beaten = model.agreement(u, sigma, given) < own
        less, compared = less + (apart & beaten).cpu(), compared + apart.cpu()
    return own.double(), torch.where(compared > 0, less / compared.clamp(min=1), 1.0)


def _together(u: Tensor, c: Tensor) -> list[tuple[Tensor, Tensor]]:
    return [(part, own) for part, own in batches(u, c) if own is not None]


def _guiding(fitted: Fitted[Any]) -> Guiding:
    if not isinstance(fitted.model, Guiding):
        raise CannotAnswer(f"{fitted.name} has no levels at which clean rows are read")
    return fitted.model
