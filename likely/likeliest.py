"""The most probable way to fill in what is unknown of a row, exactly: every way is weighed, where there are few.

    argmax over u of p(x_o, x_u = u)                                                              (1)

u runs over the unknown choices of a row together, at most `narrowing.MOST` of them.
"""

# pandas' own types are unions that no check narrows
# pyright: reportArgumentType=false

from typing import Any

import numpy as np
import pandas as pd
import torch

from likely import frames, terms
from likely.card import Completion
from likely.codecs import TableCodec
from likely.codecs.reader import LevelReader
from likely.contracts import AnyOrder, Completes
from likely.data import Table
from likely.errors import CannotAnswer, ConditionError
from likely.frames import Known, overlaid
from likely.narrowing import MOST, Narrowing, Values
from likely.promises import promised
from likely.ranges import Among
from likely.rng import Keyed
from likely.scoring import batches, placed
from likely.suggestion import shown
from likely.terms import Subject


@torch.no_grad()
def likeliest(fitted: Subject, data: Any) -> Completion:
    """The rows with their unknown choices as they are most probable together (1)."""
    model, codec = promised(fitted.model, fitted.name, Completes), fitted.codec
    if not isinstance(codec, TableCodec):
        raise CannotAnswer(f"{codec.reads.word} cannot be listed", expected="a model of tables")
    known = terms.known_of(fitted, data, None)
    whole = set(known.values.columns[known.values.notna().all().to_numpy()])
    if lacking := [name for name in fitted.card.condition if name not in whole]:
        raise ConditionError(f"the rows do not say {shown(lacking)}", expected="the condition the model is given")
    c = terms.condition(fitted, known, Keyed(0)).c
    own = known.of_columns(fitted.card.condition, others=True)
    given = codec.encode_known(own.values)
    there = ~torch.isnan(given.x)
    listed = Narrowing.of(Values(), codec, _listed(codec, own, there), there)
    if listed.beside:
        raise CannotAnswer(f"what is unknown of a row can be filled in in more than {MOST} ways",
                           expected="few unknown choices in a row", remedy="imputations(data).mode()")  # fmt: skip
    parts, size = [], listed.together
    for place, (x, told) in enumerate(batches(given.x, c, size)):
        rows = slice(place * size, place * size + len(x))
        joint = listed.take(rows).log_joint(model, placed(x, model), placed(there[rows], model), placed(told, model))
        low = listed.take(rows).boxes(x)[0][torch.arange(len(x)), joint.argmax(1).cpu()]
        parts.append(torch.where(torch.isinf(low) | there[rows], x, low.to(x.dtype)))  # (1)
    frame = overlaid(codec.decode(torch.cat(parts)).frame, own.values)
    rows = terms.joined(fitted, Table(frame, codec.schema), c)
    returned = frames.returned(rows, fitted.card.returns)
    if isinstance(returned, pd.DataFrame) and isinstance(data, pd.DataFrame):
        returned.index = data.index
    return Completion(returned, "model-exact" if isinstance(model, AnyOrder) else "exact")


def _listed(codec: TableCodec, own: Known, there: torch.Tensor) -> Known:
    """Every unknown choice may be any of its levels; a number cannot be listed."""
    ranges = {}
    for name, gone in zip(codec.names, (~there).any(0).tolist(), strict=True):
        reader = codec.layout.readers[name]
        if gone and not isinstance(reader, LevelReader):
            raise CannotAnswer(f"'{name}' is a number, whose values cannot be listed", expected="unknown choices alone",
                               remedy="imputations(data).mode(), a mode of each cell alone")  # fmt: skip
        if gone:
            ranges[name] = np.full(len(own), None, dtype=object)
            ranges[name][:] = Among(reader.column.levels)
    return Known(own.values, ranges)
