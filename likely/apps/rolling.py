"""Forecasts judged as time went on: from many origins of a record, each given what came before it alone.

Beside the model stands the seasonal naive forecast: the last season again, with the errors that it had before the first
origin. Scores of several channels are told in what each changes by over a season, and then averaged.
"""

from dataclasses import dataclass, replace
from typing import Any, final

import numpy as np

from likely.apps.forecast import Array, foreseen
from likely.codecs import SeriesCodec
from likely.data import Panel, Rows, Table, read, windowed
from likely.errors import CannotAnswer, WrongRows
from likely.filling import Filling
from likely.fitted import Fitted
from likely.metrics import Measure
from likely.metrics.forecast import crps, energy_score, inside, pinball, seasonal_error, seasonal_naive
from likely.metrics.measure import mean

MODEL, NAIVE = "model", "seasonal naive"
LATE = 0.2  # the share of a record, at its end, that is forecast where nobody says
MOST = 100  # origins, where nobody says
LEVELS = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95)  # whose pinball losses are averaged
INTERVALS = (0.5, 0.9)


@final
@dataclass(frozen=True)
class Rolled:
    """What was measured of a model and of the naive forecast, and what it was measured on."""

    measures: dict[str, dict[str, Measure]]  # by forecaster, by name
    origins: Array  # (N,): how many moments came before each
    truth: Array  # (N, steps, D)
    drawn: dict[str, Array]  # by forecaster: (draws, N, steps, D)
    channels: tuple[str, ...]
    season: int
    way: str  # how good the model's draws are as its own

    def __str__(self) -> str:
        names = list(self.measures[MODEL])
        rows = [
            ("", *self.measures),
            *((name, *(str(told[name]) for told in self.measures.values())) for name in names),
        ]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)


def rolled(
    fitted: Fitted[Any], record: Any, horizon: int, *, season: int = 1, origins: int | Array | None = None,
    late: float = LATE, draws: int = 100, how: Filling = Filling(), seed: int = 0,
) -> Rolled:  # fmt: skip
    """A model's forecasts of `horizon` moments from origins in the last share `late` of a record, judged.

    `origins` is how many there are, evenly spaced, or the places themselves. What the model has learned from should
    end before the first of them.
    """
    codec = fitted.codec
    if not isinstance(codec, SeriesCodec):
        raise CannotAnswer(f"{fitted.name}, a model of {codec.reads.word}, forecasts nothing", expected="one of series")
    values = whole(record, codec.channels)
    places = placed_origins(len(values), horizon, season, origins, late)
    told = foreseen(fitted, before(values, places, codec), horizon, draws=draws, how=how, seed=seed)
    naive = seasonal_naive(values, places, horizon, season, draws, np.random.default_rng(seed))
    truth = values[places[:, None] + np.arange(horizon)]
    drawn = {MODEL: told.values.swapaxes(0, 1), NAIVE: naive}
    scale = seasonal_error(values[: places.min()], season)
    measures = {name: judged(each, truth, scale, codec.channels, season) for name, each in drawn.items()}
    measures[MODEL]["skill"] = skill(drawn[MODEL], naive, truth, scale)
    measures[NAIVE]["skill"] = skill(naive, naive, truth, scale)
    return Rolled(measures, places, truth, drawn, codec.channels, season, told.way)


def whole(record: Any, channels: tuple[str, ...]) -> Array:
    """A record's moments (T, D)."""
    rows = record if isinstance(record, Rows) else read(record)
    if not isinstance(rows, Table):
        raise WrongRows(f"the record is {rows.word}", expected="a table of moments")
    values = windowed(rows, len(rows), channels).values[0]
    if np.isnan(values).any():
        raise WrongRows("the record has gaps, where a forecast cannot be judged", expected="a value in every cell")
    return values


def placed_origins(moments: int, horizon: int, season: int, origins: int | Array | None, late: float) -> Array:
    """Where forecasts begin."""
    if horizon < 1 or season < 1 or not 0 < late < 1:
        raise WrongRows(f"{horizon} steps, a season of {season}, the last {late:g} of a record",
                        expected="at least 1 step, a season of at least 1, a share between 0 and 1")  # fmt: skip
    if isinstance(origins, np.ndarray):
        if not len(origins) or origins.min() < season + horizon or origins.max() + horizon > moments:
            expected = f"places from {season + horizon} to {moments - horizon}"
            raise WrongRows(f"origins that leave nothing before or behind them in {moments} moments", expected=expected)
        return origins
    first, last = max(season + horizon, round(moments * (1 - late))), moments - horizon
    if first > last:
        raise WrongRows(f"a record of {moments} moments has no room for {horizon} steps after a season of {season}",
                        expected="a longer record, or fewer steps")  # fmt: skip
    many = origins or min(MOST, max(1, (last - first) // horizon + 1))
    return np.unique(np.linspace(first, last, many).round().astype(int))


def before(values: Array, places: Array, codec: SeriesCodec) -> Panel:
    """What each forecast is given: as many moments as the model can use."""
    length = min(codec.space.length + codec.lead, int(places.min()))
    return Panel(values[places[:, None] + np.arange(-length, 0)], codec.channels, codec.space.levels, windows=True)


def judged(draws: Array, truth: Array, scale: Array, channels: tuple[str, ...], season: int) -> dict[str, Measure]:
    """Measures of draws (m, N, steps, D) of what came (N, steps, D)."""
    sizes, unit = (len(truth), len(draws)), f"in mean changes over a season of {season}"

    def told(name: str, loss: Array, ideal: float, note: str, units: Array | float = 1.0) -> Measure:
        parts = {channel: float(each) for channel, each in zip(channels, (loss * units).mean((0, 1)), strict=True)}
        return replace(mean(name, loss.mean((1, 2)), sizes, ideal, note), parts=parts if len(channels) > 1 else {})

    quantiles = np.quantile(draws, LEVELS, axis=0)
    middle, centre = quantiles[LEVELS.index(0.5)], draws.mean(0)
    each = crps(draws, truth) / scale
    found = [told("CRPS", each, 0.0, f"{unit}; of channels in their own", scale)]
    if len(channels) > 1:
        moment = energy_score(draws / scale, truth / scale)
        found.append(mean("energy score", moment.mean(1), sizes, 0.0, f"of whole moments, {unit}"))
    found.append(told("pinball", pinball(quantiles, LEVELS, truth).mean(0) / scale, 0.0, "mean over 7 levels", scale))
    for level in INTERVALS:
        hit = inside(draws, truth, level).astype(float)
        found.append(told(f"coverage {level:.0%}", hit, level, f"truth within the central {level:.0%} of the draws"))
    found.append(told("MASE", np.abs(truth - middle) / scale, 0.0, f"of the median, {unit}"))
    found.append(_rmse(truth - centre, channels, sizes, scale))
    return {measure.name: measure for measure in found}


def _rmse(error: Array, channels: tuple[str, ...], sizes: tuple[int, int], scale: Array) -> Measure:
    """Of the mean of the draws; its interval from that of the mean square."""
    square = mean("RMSE", ((error / scale) ** 2).mean((1, 2)), sizes, 0.0)
    value, low, high = (max(0.0, end) ** 0.5 for end in (square.value, square.low, square.high))
    parts = dict(zip(channels, (error**2).mean((0, 1)) ** 0.5, strict=True)) if len(channels) > 1 else {}
    own = {name: float(each) for name, each in parts.items()}
    note = "of the mean, in the same; of channels in their own units"
    return replace(square, value=value, low=low, high=high, note=note, parts=own)


def skill(draws: Array, naive: Array, truth: Array, scale: Array) -> Measure:
    """1 - CRPS / CRPS of the naive forecast, over the same origins; its interval by linearisation."""
    ours, theirs = ((crps(each, truth) / scale).mean((1, 2)) for each in (draws, naive))
    ratio = float(ours.mean() / theirs.mean())
    spread = mean("", (ours - ratio * theirs) / theirs.mean(), (len(truth), len(draws)), 0.0)
    half = spread.high - spread.value
    note = "the share of the seasonal naive forecast's CRPS that is saved"
    return Measure("skill", 1 - ratio, 1 - ratio - half, 1 - ratio + half, (len(truth), len(draws)), 1.0, note)
