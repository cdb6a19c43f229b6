"""Series and sounds that go on from where they end: some futures for each beginning, by a model's own way.

A forecast is a law: draws of whole futures, of which quantiles and means are told moment by moment. Where the future of
some channels is known, the others are drawn given it: what goes with it in the record, and not what would follow if
somebody set it.
"""

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

from likely.apps.ahead import Goer
from likely.codecs import SeriesCodec, SoundCodec
from likely.contracts import Continues, Sharpness
from likely.data import Panel, Rows, Sounds, Table, read, windowed
from likely.distributions import PLAIN
from likely.errors import CannotAnswer, WrongRows
from likely.filling import Filling
from likely.fitted import Fitted
from likely.promises import promised
from likely.rng import Keyed
from likely.scoring import BATCH, placed
from likely.suggestion import meant, shown

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
    history: Panel  # what was given
    way: str  # how good the draws are as the model's own: exact, model-exact, asymptotic, heuristic
    share: float | None = None  # the particles' effective share, where there are particles
    times: pd.Series | None = None  # of the moments, where the given ones had evenly spaced times

    def first(self, draws: int) -> "Forecast":
        """The first draws alone."""
        return replace(self, values=self.values[:, :draws])

    def rows(self) -> pd.DataFrame:
        """A line for each moment of each draw."""
        return self._frame("draw", np.arange(1, self.values.shape[1] + 1), self.values)

    def quantiles(self, levels: Sequence[float] = LEVELS) -> pd.DataFrame:
        """A line for each moment of each quantile over the draws, channel by channel."""
        return self._frame("quantile", np.array(levels), self.at(levels).swapaxes(0, 1))

    def at(self, levels: Sequence[float]) -> Array:
        """The same as numbers: (levels, N, steps, D)."""
        way = "linear" if self.levels is None else "inverted_cdf"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # a moment at which every draw has ended
            return np.nanquantile(self.values, levels, axis=1, method=way)

    def mean(self) -> pd.DataFrame:
        """A line for each moment: the mean of the draws, which has the least squared error."""
        return self._frame("point", np.array(["mean"]), np.nanmean(self.values, 1, keepdims=True))

    def median(self) -> pd.DataFrame:
        """A line for each moment: the median of the draws, which has the least absolute error."""
        return self._frame("point", np.array(["median"]), self.at((0.5,)).swapaxes(0, 1))

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
    fitted: Fitted[Any], history: Any, steps: int, *,
    draws: int = 1, known: pd.DataFrame | None = None, sharpness: Sharpness = PLAIN, how: Filling = Filling(),
    seed: int = 0,
) -> Forecast:  # fmt: skip
    """What may follow a record of moments, or each of some series (a file, a frame, or rows), drawn anew each time.

    A record goes on as far as is asked: a model of windows is given its last moments, and beyond a window's end the
    last half of a window. A series goes on from its own beginning, at most to the length of those that were learned.
    `known` is a frame of the moments to come with the channels whose future is known. Draw k of series i depends on
    that series, the seed, i and k alone.
    """
    codec = fitted.codec
    if not isinstance(codec, SeriesCodec):
        what = f"{fitted.name}, a model of {codec.reads.word}, does not go on from a series"
        raise CannotAnswer(what, expected="a model of series")
    most, partly = codec.space.length, known is not None
    goer = Goer.of(fitted, most, partly=partly, sharpness=sharpness, how=replace(how, seed=seed))
    if steps < 1 or draws < 1:
        raise WrongRows(f"{draws} draws of {steps} steps", expected="at least 1 of each")
    begun, times = _history(history, codec, steps)
    _check_room(begun, steps, codec)
    fixed = None if known is None else _fixed(known, codec, len(begun), steps)
    told = np.empty((len(begun), draws, steps, codec.space.channels))
    c, shares = _condition(fitted, begun), []
    for places in _alike(begun.lengths.tolist()):
        some = begun.take(places.numpy())
        start = _beginning(codec, some)[..., -most:]
        last = some.values[:, int(some.lengths[0]) - codec.lead : int(some.lengths[0])]
        each = torch.arange(draws).repeat_interleave(len(places)) * APART + places.repeat(draws)
        for numbers in each.split(BATCH):
            series = numbers % APART
            at = torch.searchsorted(places, series)
            before = last[at.numpy()]
            free = None if fixed is None else codec.after(np.broadcast_to(fixed, (len(at), *fixed.shape)), before)
            more, share = goer.ahead(start[at], free, steps, None if c is None else c[series], numbers)
            told[series.numpy(), (numbers // APART).numpy()] = codec.decode(more, before).values
            shares.append(share)
    if fixed is not None:
        told = np.where(np.isnan(fixed), told, fixed)  # to the bit
    way, share = goer.word(partly=partly), min((each for each in shares if each is not None), default=None)
    return Forecast(told, codec.channels, codec.space.levels, begun.lengths, begun, way, share, times)


def _check_room(begun: Panel, steps: int, codec: SeriesCodec) -> None:
    """A series has an end."""
    most, longest = codec.space.length, int(begun.lengths.max(initial=0))
    if not begun.windows and longest + steps > most:
        raise WrongRows(f"a series of {longest} moments and {steps} steps", expected=f"at most {most} moments together",
                        remedy="fewer steps; a table of moments goes on as far as is asked")  # fmt: skip
    if len(begun) and (least := int(begun.lengths.min())) < codec.lead:
        raise WrongRows(f"{least} moments, before which nothing could change", expected=f"at least {codec.lead}")


def _fixed(known: pd.DataFrame, codec: SeriesCodec, count: int, steps: int) -> Array:
    """What is known of the moments to come: (steps, D), NaN where nothing is."""
    if count != 1:
        raise WrongRows(f"{count} series, and one known future", expected="one record, or one series")
    names = [name for name in known.columns if name in codec.channels]
    if not names:
        remedy = meant(str(known.columns[0]), codec.channels) if len(known.columns) else ""
        raise WrongRows("the known future names no channel", expected=f"some of {shown(codec.channels)}", remedy=remedy)
    if odd := [name for name in names if not pd.api.types.is_numeric_dtype(known[name].dtype)]:
        raise WrongRows(f"the known future of {shown(odd)} is no number", expected="numbers in every channel")
    if len(known) < steps:
        raise WrongRows(f"{len(known)} known moments for {steps} steps", expected="as many, or more")
    fixed = np.full((steps, codec.space.channels), np.nan)
    for name in names:
        fixed[:, codec.channels.index(name)] = known[name].to_numpy(dtype=np.float64, na_value=np.nan)[:steps]
    gaps = np.isnan(fixed) & ~np.isnan(fixed).all(0)
    if codec.origin and gaps.any():
        raise WrongRows("the known future has gaps, at which nothing is known to change", expected="each step's value")
    return fixed


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


def forecast(fitted: Fitted[Any], begun: Waves, *, sharpness: Sharpness = PLAIN, seed: int = 0) -> Waves:
    """Each of these to the length of the model's rows; what is given stays as it was.

    A model with a condition is given what is said about each beginning. Continuation i depends on its beginning, the
    seed and i alone; several of one beginning, taken several times, show how sure the model is.
    """
    codec, model = fitted.codec, promised(fitted.model, fitted.name, Continues)
    if not isinstance(codec, SeriesCodec | SoundCodec):
        raise CannotAnswer(f"a model of {codec.reads.word} does not go on from a series", expected="series or sounds")
    if isinstance(codec, SeriesCodec) and codec.origin:
        raise CannotAnswer(f"a model of {codec.relative.value} has no whole rows", expected="`foreseen`, so many steps")
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
