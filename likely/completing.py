"""Rows of which something is known, with the rest drawn: what `complete` and `sample(given=...)` do with any model."""

# pandas' own types are unions that no check narrows
# pyright: reportArgumentType=false

from typing import Any

import pandas as pd
from torch import Tensor

from likely import frames, terms
from likely.card import Completion
from likely.codecs import ImageCodec
from likely.contracts import AnyOrder, Completes, Fills
from likely.data import Rows, holed
from likely.diffusion import Descends
from likely.filling import Filling, completed, disagreement, inpainted
from likely.promises import promised
from likely.terms import Subject


def whole_rows(fitted: Subject, partial: pd.DataFrame, free: list[str], c: Tensor | None, seed: int) -> Rows:
    """Rows that have what is given of these free columns, drawn given a condition."""
    way = f"{fitted.name} fitted with condition={free} (--condition {' --condition '.join(free)}), or one of those"
    filler = promised(fitted.model, fitted.name, Completes, Fills, Descends, remedy=way)
    rows, _ = completed(filler, fitted.lift, fitted.codec, partial[free], c, Filling(seed=seed))
    return rows


def completion(fitted: Subject, data: Any, hole: Any, given: Any, how: Filling) -> Completion:
    """Rows or pictures with all that is missing filled in, in the form that the person's data had."""
    model = promised(fitted.model, fitted.name, Completes, Fills, Descends)
    way = how.word(model)
    if isinstance(fitted.codec, ImageCodec):
        images, unknown = holed(data, hole, levels=fitted.codec.levels, channels=fitted.codec.space.channels)
        said = terms.partial_of(fitted, frames.said(images, fitted.card.condition, given), len(images))
        c = terms.condition(fitted, said, how.seed)
        made, share = inpainted(model, fitted.lift, fitted.codec, images, unknown, c, how)
        return Completion(frames.returned(made, fitted.card.returns), way, share)
    partial = terms.partial_of(fitted, data, None)
    c = terms.condition(fitted, partial, how.seed, filled=True)
    free = [name for name in partial.columns if name not in fitted.card.condition]
    rows, share = completed(model, fitted.lift, fitted.codec, partial[free], c, how)
    returned = frames.returned(terms.joined(fitted, rows, c), fitted.card.returns)
    if isinstance(returned, pd.DataFrame) and isinstance(data, pd.DataFrame):
        returned.index = data.index
    return Completion(returned, way, share, apart(fitted, rows, c, how.seed))


def apart(fitted: Subject, rows: Rows, c: Tensor | None, seed: int) -> float | None:
    """How far the orders of a model that answers in any disagree on these rows; None of other models."""
    if not isinstance(fitted.model, AnyOrder):
        return None
    return disagreement(fitted.model, fitted.codec.encode(rows).x, c, seed=seed)
