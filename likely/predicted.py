"""What a discriminative model tells of a class, a column for each."""

from typing import Any

import pandas as pd
import torch
from torch import Tensor

from likely.codecs import Cells, Codec, Lift, TableCodec, TextCodec
from likely.conditions import Conditions
from likely.contracts import Classifies, Density, Estimated, Model, Predicts, log_mean_exp
from likely.errors import CannotAnswer
from likely.rng import Keyed
from likely.scoring import LIFT_DRAWS, batches, content_keys, placed
from likely.spaces import Category, Vector


def told_classes(
    model: Predicts, codec: Codec[Any], c: Tensor | None, rows: int, name: str, index: pd.Index | None
) -> pd.DataFrame:
    """p(class | the rest) of each row, as the model has learned it."""
    column = codec.space.columns[0] if isinstance(codec.space, Vector) else None
    if not isinstance(column, Category) or not isinstance(codec, TableCodec):
        raise CannotAnswer(f"{name} tells numbers, not classes", expected="a category as what is modelled")
    with torch.no_grad():
        p = model.predict(placed(c, model), rows)[:, : column.k].cpu()
    codes = torch.arange(column.k, dtype=torch.float32)[:, None]
    labels = codec.decode(codes).frame[codec.names[0]].tolist()
    return pd.DataFrame((p / p.sum(1, keepdim=True)).numpy(), columns=pd.Index(labels), index=index)


@torch.no_grad()
def posteriors(model: Classifies, lift: Lift, cells: Cells, law: Conditions, *, seed: int) -> Tensor:
    """(B, K) float64: log p(condition | cells), the mean over a few draws of a stochastic lift."""
    times, parts = 1 if lift.exact else LIFT_DRAWS, []
    for part, _ in batches(cells.x, None):
        rng, among = Keyed(seed, rows=content_keys(part)), placed(law.cells, model)
        lifted = (lift.up(placed(part, model), rng=rng)[0] for _ in range(times))
        parts.append(log_mean_exp(torch.stack([model.log_posterior(u, among).double() for u in lifted], -1)).cpu())
    return torch.cat(parts)


def told_frame(
    joint: Tensor, codec: TableCodec | TextCodec | None, law: Conditions | None, index: pd.Index | None
) -> pd.DataFrame:
    """p(condition | cells) from log p(condition, cells), a column for each by its label, or by its labels."""
    assert codec is not None
    assert law is not None
    names = codec.decode(law.cells).frame
    labels = names.iloc[:, 0].tolist() if names.shape[1] == 1 else [tuple(row) for row in names.to_numpy().tolist()]
    return pd.DataFrame(joint.softmax(1).numpy(), columns=pd.Index(labels), index=index)


WORDS = {
    "learned": "p(class | row) as the model has learned it",
    "exact": "Bayes' rule over exact densities",
    "estimated": "Bayes' rule over estimates of log p(row | class), whose errors it inherits",
    "bound-based": "Bayes' rule over lower bounds of log p(row | class), wrong by as much as their gaps differ from "
    "class to class: calibrate on rows that the model has not seen",
}


def resting_on(model: Model, lift: Lift) -> str:
    """What p(class | row), or of a number, rests on: a word of `WORDS`."""
    if isinstance(model, Predicts | Classifies):
        return "learned"
    if isinstance(model, Estimated):
        return "estimated"
    return "exact" if isinstance(model, Density) and lift.exact else "bound-based"
