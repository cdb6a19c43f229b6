"""The condition of a row of which something is known: as it was given, else drawn from

p(c | known) ∝ p(c) p(known cells of the row | c)   over the law's conditions that agree with what is given of c.  (1)
"""

# pandas' own types are unions that no check narrows
# pyright: reportArgumentType=false

from collections.abc import Sequence
from typing import Any

import pandas as pd
import torch
from torch import Tensor

from likely.codecs import Codec, TableCodec, TextCodec
from likely.conditions import Conditions
from likely.contracts import Completes, Evidence, Model
from likely.data import Table
from likely.frames import overlaid
from likely.rng import Keyed
from likely.scoring import BATCH, first_weight, placed


def condition_of(
    partial: pd.DataFrame, names: Sequence[str], codec: TableCodec | TextCodec, law: Conditions,
    model: Model, cells: Codec[Any], rng: Keyed, *, filled: bool = False,
) -> Tensor:  # fmt: skip
    """The cells of each row's condition, the columns `names`; a missing one is the null condition unless `filled`."""
    given = partial[[name for name in names if name in partial.columns]]
    if given.shape[1] == len(names) and not (filled and given.isna().any(axis=None)):
        return codec.encode(Table(given, codec.schema)).x
    told = _told(given, partial.drop(columns=given.columns), codec, law, model, cells)
    drawn = codec.decode(law.draw(len(partial), rng, told)).frame.reset_index(drop=True)
    said = overlaid(drawn, given) if filled else drawn.assign(**{name: given[name] for name in given.columns})
    return codec.encode(Table(said, codec.schema)).x


def _told(
    given: pd.DataFrame, known: pd.DataFrame,
    codec: TableCodec | TextCodec, law: Conditions, model: Model, cells: Codec[Any],
) -> Tensor | None:  # fmt: skip
    """(rows, K): what is known of each row says of each condition, as in (1); None where nothing says anything."""
    agree, evidence = _agreeing(given, codec, law), _evidence(known, cells, model, law)
    if agree is None or evidence is None:
        return agree if evidence is None else evidence
    both = agree + evidence
    return torch.where(both.isneginf().all(1, keepdim=True), agree, both)


def _agreeing(given: pd.DataFrame, codec: TableCodec | TextCodec, law: Conditions) -> Tensor | None:
    """(rows, K): 0 where a condition of the law has what is given of it, else -inf; 0 in rows that none agrees with."""
    if not given.notna().any(axis=None):
        return None
    agree, seen = torch.ones(len(given), len(law.cells), dtype=torch.bool), codec.decode(law.cells).frame
    for name in given.columns:
        cells, told = _plain(given[name])[:, None], _plain(seen[name])
        agree &= torch.from_numpy((cells == told).astype(bool) | pd.isna(cells))
    agree |= ~agree.any(1, keepdim=True)
    return torch.zeros(agree.shape, dtype=torch.float64).masked_fill(~agree, -torch.inf)


def _plain(column: pd.Series) -> Any:
    """Values that can be compared; None for whatever says that one is missing."""
    return column.astype(object).where(column.notna(), None).to_numpy(object)


def _evidence(partial: pd.DataFrame, cells: Codec[Any], model: Model, law: Conditions) -> Tensor | None:
    """(rows, K): log p(known cells | each condition of the law); None where nothing is known, or nobody can tell."""
    if not isinstance(model, Completes) or not isinstance(cells, TableCodec) or not partial.notna().any(axis=None):
        return None
    x, known = cells.encode_partial(partial)
    each = torch.stack([_log_evidence(x, known, c, model) for c in law.cells], 1)
    return torch.where(each.isneginf().all(1, keepdim=True), 0.0, each)  # impossible under all: the law alone decides


def _log_evidence(x: Tensor, known: Tensor, c: Tensor, model: Completes) -> Tensor:
    """log p(known cells | c), the same c for every row, in batches."""
    place, found = first_weight(model).device, []
    with torch.no_grad():
        for part, told in zip(x.split(BATCH), known.split(BATCH), strict=True):
            given = placed(c.expand(len(part), *c.shape), model)
            found.append(model.log_evidence(placed(part, model), Evidence(told.to(place)), given).double().cpu())
    return torch.cat(found)
