"""Series and sounds that go on from where they end: a model's own continuations, some for each beginning."""

# pandas' own types are unions that no check narrows
# pyright: reportArgumentType=false

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, final

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from likely.codecs import SeriesCodec, SoundCodec
from likely.contracts import Continues, Sharpness
from likely.data import Panel, Rows, Sounds, Table, read, windowed
from likely.distributions import PLAIN
from likely.errors import CannotAnswer, WrongRows
from likely.fitted import Fitted
from likely.promises import promised
from likely.rng import Keyed
from likely.scoring import BATCH, placed

Waves = Panel | Sounds
Array = np.ndarray[Any, Any]
APART = 1 << 32  # rows of noise between one draw of a series and the next
LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)  # of quantiles


@final
@dataclass(frozen=True)
class Forecast:
    """Draws of what follows some series, (N, draws, steps, D)."""

    values: Array
    channels: tuple[str, ...]
    levels: int | None  # of whole numbers; quantiles stay among them
    after: Array  # (N,) moments of each series that were given
    times: pd.Series | None = None  # of the moments, where the given ones had evenly spaced times

    def rows(self) -> pd.DataFrame:
        """A line for each moment of each draw."""
        return self._frame("draw", np.arange(1, self.values.shape[1] + 1), self.values)

    def quantiles(self, levels: Sequence[float] = LEVELS) -> pd.DataFrame:
        """A line for each moment of each quantile over the draws, channel by channel."""
        way = "linear" if self.levels is None else "inverted_cdf"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # a moment at which every draw has ended
            told = np.nanquantile(self.values, levels, axis=1, method=way)
        return self._frame("quantile", np.array(levels), told.swapaxes(0, 1))

    def _frame(self, kind: str, names: Array, values: Array) -> pd.DataFrame:
        """Series, draw or quantile, moment (its time, where known), channels."""
        count, several, steps, width = values.shape
        series, name, step = (each.ravel() for each in np.indices((count, several, steps)))
        frame = pd.DataFrame({"series": series + 1, kind: names[name], "moment": self.after[series] + step})
        if self.times is not None:
            frame = frame.assign(**{str(self.times.name): self.times.to_numpy()[step]})
        told = pd.DataFrame(values.reshape(-1, width), columns=pd.Index(self.channels))
        whole = self.levels is not None and not told.isna().any(axis=None)
        return pd.concat([frame, told.astype(int) if whole else told], axis=1)


def foreseen(
    fitted: Fitted[Any], history: Any, steps: int, *, draws: int = 1, sharpness: Sharpness = PLAIN, seed: int = 0
) -> Forecast:
    """What may follow a record of moments, or each of some series (a file, a frame, or rows), drawn anew each time.

    A record goes on as far as is asked: a model of windows is given its last moments, and beyond a window's end the
    last half of a window. A series goes on from its own beginning, at most to the length of those that were learned.
    Draw k of series i depends on that series, the seed, i and k alone.
    """
    codec, model = fitted.codec, promised(fitted.model, fitted.name, Continues)
    if not isinstance(codec, SeriesCodec):
        raise CannotAnswer(f"a model of {codec.reads.word} does not go on from a series", expected="a model of series")
    if steps < 1 or draws < 1:
        raise WrongRows(f"{draws} draws of {steps} steps", expected="at least 1 of each")
    begun, times = _history(history, codec, steps)
    lengths, c = begun.lengths, _condition(fitted, begun)
    most = codec.space.length
    if not begun.windows and len(begun) and (longest := int(lengths.max())) + steps > most:
        raise WrongRows(f"a series of {longest} moments and {steps} steps", expected=f"at most {most} moments together",
                        remedy="fewer steps; a table of moments goes on as far as is asked")  # fmt: skip
    told = np.empty((len(begun), draws, steps, codec.space.channels))
    for places in _alike(lengths.tolist()):
        start = _beginning(codec, begun.take(places.numpy()))
        each = torch.arange(draws).repeat_interleave(len(places)) * APART + places.repeat(draws)
        for rows in each.split(BATCH):
            series = rows % APART
            given = None if c is None else placed(c[series], model)
            first = placed(start[torch.searchsorted(places, series)], model)
            more = torch.stack([*_ahead(model, most, first, given, steps, sharpness, Keyed(seed, rows=rows))], -1)
            told[series.numpy(), (rows // APART).numpy()] = codec.decode(more.cpu()).values
    return Forecast(told, codec.channels, codec.space.levels, lengths, times)


def _history(source: Any, codec: SeriesCodec, steps: int) -> tuple[Panel, "pd.Series | None"]:
    """What is given as series, and the times that follow a record."""
    rows = source if isinstance(source, Rows) else read(source)
    if isinstance(rows, Table):
        return windowed(rows, len(rows), codec.channels), _times(rows, steps)
    if not isinstance(rows, Panel):
        raise WrongRows(f"the history is {rows.word}", expected="a table of moments, or series")
    return rows, None


def _times(table: Table, steps: int) -> "pd.Series | None":
    """The next of a first column of evenly spaced times."""
    column = table.schema.columns[0]
    told = table.frame[column.name]
    if column.kind != "date":
        return None
    written = column.date_format
    when = pd.to_datetime(told.astype(str) if written else told, format=written or None)
    apart = when.diff().iloc[1:]
    if apart.nunique(dropna=False) != 1:
        return None
    ahead = when.iloc[-1] + apart.iloc[0] * pd.Series(range(1, steps + 1))
    return (ahead.dt.strftime(written) if written else ahead).rename(column.name)


def _ahead(
    model: Continues, most: int, start: Tensor, c: Tensor | None, steps: int, sharpness: Sharpness, rng: Keyed
) -> Iterator[Tensor]:
    """Moments (B, D) that follow starts (B, D, k), from window to window of `most`."""
    known, window, left = start, 0, steps
    while left:
        known = known[..., max(0, known.shape[-1] - max(most - left, most // 2)) :]
        drawn = []
        for moment in model.continued(known, c, sharpness=sharpness, rng=rng.fork(window) if window else rng):
            drawn.append(moment)
            yield moment
            if (left := left - 1) == 0:
                return
        known, window = torch.cat([known, torch.stack(drawn, -1)], -1), window + 1


def forecast(fitted: Fitted[Any], begun: Waves, *, sharpness: Sharpness = PLAIN, seed: int = 0) -> Waves:
    """Each of these to the length of the model's rows; what is given stays as it was.

    A model with a condition is given what is said about each beginning. Continuation i depends on its beginning, the
    seed and i alone; several of one beginning, taken several times, show how sure the model is.
    """
    codec, model = fitted.codec, promised(fitted.model, fitted.name, Continues)
    if not isinstance(codec, SeriesCodec | SoundCodec):
        raise CannotAnswer(f"a model of {codec.reads.word} does not go on from a series", expected="series or sounds")
    lengths = begun.lengths
    if len(begun) and int(lengths.max()) >= (most := codec.space.length):
        raise WrongRows(f"a beginning has {int(lengths.max())} moments", expected=f"fewer than {most}",
                        remedy="its last moments, where rows are windows of a record")  # fmt: skip
    c = _condition(fitted, begun)
    whole = torch.empty(len(begun), *codec.space.shape)
    for places in _alike(lengths.tolist()):
        start = _beginning(codec, begun.take(places.numpy()))
        rng = Keyed(seed, rows=places)
        given = None if c is None else placed(c[places], model)
        more = [moment.cpu() for moment in model.continued(placed(start, model), given, sharpness=sharpness, rng=rng)]
        whole[places] = torch.cat([start, torch.stack(more, -1)], -1).to(whole.dtype)
    return _kept(codec.decode(whole), begun)


def _beginning(codec: SeriesCodec | SoundCodec, rows: Waves) -> Tensor:
    """Cells of beginnings of one length."""
    match codec, rows:
        case SeriesCodec(), Panel():
            return codec.beginning(rows)
        case SoundCodec(), Sounds():
            return codec.beginning(rows)
    raise WrongRows(f"the beginnings are {rows.word}", expected=codec.reads.word)


def _condition(fitted: Fitted[Any], begun: Waves) -> Tensor | None:
    if fitted.condition_codec is None:
        return None
    return fitted.condition_codec.encode(begun.naming(fitted.card.condition, "to go on by")).x


def _alike(lengths: list[int]) -> Iterator[Tensor]:
    """The places of beginnings of one length."""
    for length in sorted(set(lengths)):
        yield torch.tensor([place for place, each in enumerate(lengths) if each == length])


def _kept(drawn: Waves, begun: Waves) -> Waves:
    """The given moments as they were, and what is said about each."""
    if isinstance(drawn, Panel) and isinstance(begun, Panel):
        for row, length in enumerate(begun.lengths):
            drawn.values[row, :length] = begun.values[row, :length]
        return replace(drawn, about=begun.about)
    assert isinstance(drawn, Sounds)
    assert isinstance(begun, Sounds)
    parts = tuple(_over(sound, given) for sound, given in zip(drawn.samples, begun.samples, strict=True))
    return replace(drawn, samples=parts, about=begun.about)


def _over(sound: Any, given: Any) -> Any:
    """A sound that begins with another, to the bit."""
    return np.concatenate([given, sound[len(given) :]])
