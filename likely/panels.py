"""Series with gaps, and records of moments, with what is missing drawn given what is known.

A series no longer than a window is one row of the model. A longer record is gone through by windows that overlap by
half, and of each the middle is kept: a gap is drawn given the moments on both sides of it, as far as a window sees.
Where one window does not see all, that is a heuristic.
"""

# pandas' own types are unions that no check narrows
# pyright: reportArgumentType=false

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from torch import Tensor

from likely import frames
from likely.codecs import SeriesCodec
from likely.contracts import Completes, Fills
from likely.data import Panel, Rows, Table, read
from likely.diffusion import Descends
from likely.errors import CannotAnswer, WrongRows
from likely.filling import Filler, Filling, filled
from likely.promises import promised
from likely.rng import Keyed
from likely.suggestion import shown
from likely.terms import Subject

Array = np.ndarray[Any, Any]


class Span(NamedTuple):
    """A window, and up to which moment what is drawn of it is kept."""

    start: int
    end: int
    until: int


class Gapped(NamedTuple):
    """Series of which cells are unknown, and the rows they were read from."""

    rows: Rows
    values: Array  # (N, T, C), NaN where unknown, and past a series' end
    inside: Array  # (N, T): before its end

    def at_once(self, codec: SeriesCodec) -> bool:
        """Whether one window sees all of it."""
        return self.values.shape[1] <= codec.space.length


def gapped(fitted: Subject, codec: SeriesCodec, data: Any) -> Gapped:
    """A record, or series; nothing unknown is an error."""
    if codec.origin:
        told = f"this model tells moments as {codec.relative.value}, and beside a gap nothing is known to change"
        raise CannotAnswer(told, expected="a model of windows of levels", remedy="fit again without --relative")
    array = frames.form_of(data) == "array" and data.ndim == 3
    rows = frames.read_like(data, codec, fitted.condition_codec, fitted.card.order) if array else read(data)
    if isinstance(rows, Panel):
        held = Gapped(rows, rows.values, np.arange(rows.values.shape[1]) < rows.lengths[:, None])
        codec.check_length(rows)
    elif isinstance(rows, Table):
        values = _record(rows, codec)[None]
        held = Gapped(rows, values, np.ones(values.shape[:2], dtype=bool))
    else:
        raise WrongRows(f"these rows are {rows.word}", expected="series, or a record of moments")
    if not (np.isnan(held.values) & held.inside[..., None]).any():
        raise WrongRows("nothing of these series is unknown", expected="gaps: empty cells, or NaN in an array",
                        remedy="likely forecast draws what follows them")  # fmt: skip
    return held


def _record(table: Table, codec: SeriesCodec) -> Array:
    """(T, C): the columns that are the model's channels."""
    if lacking := [name for name in codec.channels if name not in table.frame.columns]:
        raise WrongRows(f"there is no channel {shown(lacking)}", expected=f"the columns {shown(codec.channels)}")
    try:
        return table.frame[list(codec.channels)].to_numpy(dtype=np.float64, na_value=np.nan)
    except (TypeError, ValueError) as error:
        raise WrongRows(f"a channel holds more than numbers: {error}", expected="numbers and gaps") from error


def mended(
    fitted: Subject, codec: SeriesCodec, held: Gapped, c: Tensor | None, how: Filling
) -> tuple[Rows, float | None]:
    """The same rows without gaps, and the particles' share."""
    model = promised(fitted.model, fitted.name, Completes, Fills, Descends)
    values, gaps, shares = held.values.copy(), np.isnan(held.values) & held.inside[..., None], []
    for start, end, until in spans(values.shape[1], codec.space.length):
        some = gaps[:, start:until].any((1, 2)) & np.isnan(values[:, start:until]).any((1, 2))
        if not some.any():
            continue
        told = replace(how, seed=Keyed(how.seed).fork(start).seed if start else how.seed)
        drawn, share = _window(model, fitted, codec, values[some, start:end], c if c is None else c[some], told)
        here = drawn[:, : until - start]
        values[some, start:until] = np.where(gaps[some, start:until], here, values[some, start:until])
        shares.append(share)
    known = [share for share in shares if share is not None]
    return _laid(held.rows, values, codec), min(known) if known else None


def _window(
    model: Filler, fitted: Subject, codec: SeriesCodec, values: Array, c: Tensor | None, how: Filling
) -> tuple[Array, float | None]:
    """Windows (N, T, C) filled in; what is shorter than a window goes on unknown."""
    short = codec.space.length - values.shape[1]
    x = codec.partial(np.pad(values, ((0, 0), (0, short), (0, 0)), constant_values=np.nan))
    cells, share = filled(model, fitted.lift, x, ~x.isnan(), c, how)
    return codec.decode(cells).values, share


def spans(moments: int, length: int) -> Iterator[Span]:
    """Windows that overlap by half; of each what is up to a quarter from where the next one ends is kept."""
    starts = [0, *range(math.ceil(length / 2), moments - length, math.ceil(length / 2)), max(0, moments - length)]
    starts = sorted(set(starts))
    for start, after in zip(starts, [*starts[1:], None], strict=True):
        end = min(start + length, moments)
        yield Span(start, end, moments if after is None else min(end, after + length // 4))


def _laid(rows: Rows, values: Array, codec: SeriesCodec) -> Rows:
    if isinstance(rows, Panel):
        return replace(rows, values=values)
    assert isinstance(rows, Table)
    frame = rows.frame.copy()
    for place, name in enumerate(codec.channels):
        gone = frame[name].isna().to_numpy()
        frame[name] = frame[name].where(~gone, values[0, :, place])
    return Table(frame, rows.schema)
