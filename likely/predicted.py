"""What a discriminative model tells of a class, a column for each."""

from typing import Any

import pandas as pd
import torch
from torch import Tensor

from likely.codecs import Codec, TableCodec
from likely.contracts import Predicts
from likely.errors import CannotAnswer
from likely.scoring import placed
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
