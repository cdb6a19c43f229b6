"""The classes of a column that a model of whole rows has: p(column | the rest) by completion."""

# pandas' own types are unions that no check narrows
# pyright: reportArgumentType=false

from typing import Any

import pandas as pd
import torch
from torch import Tensor

from likely import terms
from likely.codecs import TableCodec
from likely.contracts import Completes, Evidence, Fills
from likely.diffusion import Descends
from likely.errors import CannotAnswer, ConditionError, WrongRows
from likely.filling import Filling, filled
from likely.frames import Known, index_of
from likely.promises import promised
from likely.rng import Keyed
from likely.scoring import batches, first_weight, placed
from likely.spaces import Category, Vector
from likely.suggestion import meant, shown
from likely.terms import Subject

DRAWS = 100  # of each row, where classes are counted


def classes_of(fitted: Subject, data: Any, column: str, *, draws: int | None, seed: int) -> tuple[pd.DataFrame, str]:
    """p(class | the rest), a column for each class, and the way: exact or model-exact where a model knows what a known
    part of a row weighs, else by counting completions. What the rows say of the column is not looked at."""
    model, (codec, place, k) = promised(fitted.model, fitted.name, Completes, Fills, Descends), _column(fitted, column)
    rows = terms.known_of(fitted, data, None).values.drop(columns=[column], errors="ignore")
    if lacking := [name for name in fitted.card.condition if name not in rows or bool(rows[name].isna().any())]:
        raise ConditionError(f"rows do not say {shown(lacking)}", expected="rows with the condition the model is given")
    c = terms.condition(fitted, Known(rows), Keyed(seed)).c
    x, known = codec.encode_partial(rows.drop(columns=list(fitted.card.condition), errors="ignore"))
    known[:, place] = True
    if isinstance(model, Completes):
        p = torch.stack([_weighed(model, x, known, place, code, c) for code in range(k)], 1).softmax(1)
    else:
        p = _counted(fitted, x, known, place, k, c, draws or DRAWS, seed)
    labels = pd.Index(list(codec.schema[column].levels))
    return pd.DataFrame(p.numpy(), columns=labels, index=index_of(data)), Filling(seed=seed).word(model)


def _column(fitted: Subject, column: str) -> tuple[TableCodec, int, int]:
    """Where the column's cell is, and its classes."""
    codec = fitted.codec
    if not isinstance(codec, TableCodec):
        raise CannotAnswer(f"{codec.reads.word} have no column to tell", expected="a model of tables")
    kinds = dict(zip(codec.names, codec.space.columns, strict=True)) if isinstance(codec.space, Vector) else {}
    choices = [name for name, kind in kinds.items() if isinstance(kind, Category)]
    if column not in kinds:
        raise WrongRows(f"there is no column '{column}'", expected=f"one of {choices}", remedy=meant(column, choices))
    kind = kinds[column]
    if not isinstance(kind, Category):
        raise CannotAnswer(
            f"'{column}' is no class", expected=f"one of {choices}", remedy="regress, which tells numbers"
        )
    return codec, codec.names.index(column), kind.k


def _weighed(model: Completes, x: Tensor, known: Tensor, place: int, code: int, c: Tensor | None) -> Tensor:
    """log p(known cells and this class), one a row: up to what all classes share, log p(class | known cells)."""
    x = x.clone()
    x[:, place] = code
    return log_evidence(model, x, known, c)


@torch.no_grad()
def log_evidence(model: Completes, x: Tensor, known: Tensor, c: Tensor | None) -> Tensor:
    """log p(known cells | c), one a row, in batches."""
    parts, start, device = [], 0, first_weight(model).device
    for part, given in batches(x, c):
        told = Evidence(known[start : start + len(part)].to(device))
        parts.append(model.log_evidence(placed(part, model), told, placed(given, model)).double().cpu())
        start += len(part)
    return torch.cat(parts)


def _counted(
    fitted: Subject, x: Tensor, known: Tensor, place: int, k: int, c: Tensor | None, draws: int, seed: int
) -> Tensor:
    """How often each class was drawn, one more of all of them together: none is impossible after so many draws."""
    model, known = promised(fitted.model, fitted.name, Fills, Descends), known.clone()
    known[:, place] = False
    many = None if c is None else c.repeat(draws, *[1] * (c.dim() - 1))
    cells, _ = filled(model, fitted.lift, x.repeat(draws, 1), known.repeat(draws, 1), many, Filling(seed=seed))
    codes = cells[:, place].view(draws, len(x))
    seen = torch.stack([(codes == code).double().sum(0) for code in range(k)], 1)
    return (seen + 1 / k) / (draws + 1)
