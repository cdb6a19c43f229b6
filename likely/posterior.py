"""The condition of a row of which something is known: as it was given, else drawn from

p(c | known) ∝ p(c) p(known cells of the row | c)   over the law's conditions that agree with what is given of c.  (1)
"""

# pandas' own types are unions that no check narrows
# pyright: reportArgumentType=false

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from likely.codecs import Codec, TableCodec, TextCodec
from likely.conditions import Conditions
from likely.contracts import Completes, Model
from likely.data import Table
from likely.errors import CannotAnswer, Hopeless
from likely.frames import Known, overlaid
from likely.narrowing import Narrowing, Told, log_evidence
from likely.rng import Keyed


class Conditioned(NamedTuple):
    """The cells of each row's condition, and how good the draws of what was not given are."""

    c: Tensor | None
    way: str = "exact"


def condition_of(
    known: Known, names: Sequence[str], codec: TableCodec | TextCodec, law: Conditions,
    model: Model, cells: Codec[Any], rng: Keyed, told: Told, *, filled: bool = False,
) -> Conditioned:  # fmt: skip
    """The columns `names` of each row; a missing one is the null condition unless `filled`, or given as a range."""
    given = known.of_columns(names)
    if len(given.values.columns) == len(names) and not given.ranges and not (filled and _gaps(given.values)):
        return Conditioned(codec.encode(Table(given.values, codec.schema)).x)
    says, way = _told(given, known.of_columns(names, others=True), codec, law, model, cells, told)
    drawn = codec.decode(law.draw(len(known), rng, says)).frame.reset_index(drop=True)
    said, values = overlaid(drawn, given.values), given.values.reset_index(drop=True)
    kept = [name for name in values.columns if not filled and name not in given.ranges]
    return Conditioned(codec.encode(Table(said.assign(**{name: values[name] for name in kept}), codec.schema)).x, way)


def _gaps(values: pd.DataFrame) -> bool:
    return bool(values.isna().any(axis=None))


def _told(
    given: Known, known: Known, codec: TableCodec | TextCodec, law: Conditions,
    model: Model, cells: Codec[Any], told: Told,
) -> tuple[Tensor | None, str]:  # fmt: skip
    """(rows, K): what is known of each row says of each condition, as in (1); and how good that makes draws."""
    agree, way = _agreeing(given, codec, law), "exact" if law.complete else "asymptotic"
    nothing = not known.values.notna().any(axis=None)
    if not isinstance(model, Completes) or not isinstance(cells, TableCodec):  # ranges are looked for, conditions too
        return agree, way if nothing else "heuristic"  # what is known of the row says nothing of its condition
    if nothing and not known.ranges:
        return agree, way
    evidence = _evidence(known, cells, model, law, told)
    if agree is None:
        return evidence, way
    both = agree + evidence
    return torch.where(both.isneginf().all(1, keepdim=True), agree, both), way


def _agreeing(given: Known, codec: TableCodec | TextCodec, law: Conditions) -> Tensor | None:
    """(rows, K): 0 where a condition of the law has what is given of it, else -inf; 0 in rows that none agrees with."""
    if not given.ranges and not given.values.notna().any(axis=None):
        return None
    agree, seen = torch.ones(len(given), len(law.cells), dtype=torch.bool), codec.decode(law.cells).frame
    for name in given.values.columns:
        cells, told = _plain(given.values[name])[:, None], _plain(seen[name])
        agree &= torch.from_numpy((cells == told).astype(bool) | pd.isna(cells))
    agree |= ~agree.any(1, keepdim=True)
    for name, said in given.ranges.items():
        agree &= torch.from_numpy(_within(name, said, codec, seen[name]))
    if not agree.any(1).all():
        raise Hopeless(f"no condition that was seen has {_words(given.ranges)}", expected="a wider range")
    return torch.zeros(agree.shape, dtype=torch.float64).masked_fill(~agree, -torch.inf)


def _within(name: str, said: Any, codec: TableCodec | TextCodec, seen: pd.Series) -> "np.ndarray[Any, Any]":
    """(rows, K): which of the conditions seen lie in each row's range."""
    if not isinstance(codec, TableCodec):
        raise CannotAnswer(f"'{name}' is a text: no range of it can be given", expected="a text")
    ranges = {id(each): each for each in said if each is not None}
    table = {key: codec.holds(name, each, seen) for key, each in ranges.items()}
    return np.stack([np.ones(len(seen), dtype=bool) if each is None else table[id(each)] for each in said])


def _words(ranges: Any) -> str:
    first = {name: next(each for each in said if each is not None) for name, said in ranges.items()}
    return " and ".join(f"'{name}' in {each}" for name, each in first.items())


def _plain(column: pd.Series) -> Any:
    """Values that can be compared; None for whatever says that one is missing."""
    return column.astype(object).where(column.notna(), None).to_numpy(object)


def _evidence(known: Known, cells: TableCodec, model: Completes, law: Conditions, told: Told) -> Tensor:
    """(rows, K): log p(known cells, ranges | each condition of the law)."""
    x, there = cells.encode_partial(known.values)
    narrowing = Narrowing.of(told, cells, known, there)
    each = torch.stack([log_evidence(model, narrowing, x, there, c) for c in law.cells], 1)
    return torch.where(each.isneginf().all(1, keepdim=True), 0.0, each)  # impossible under all: the law alone decides
