"""Series <-> cells (N, C, T): reals standardised channel by channel, levels as they are; NaN in gaps and past the end.

x = (u - m_c) / s_c,   log|det| = log|du/dv| - sum over the values that are there of log s_c                   (1)

u is v, or what changed since the moment before (`data.windows`), maybe over the spread of what changed before
(`codecs.volatility`). A score is then of windows given the moments before each, and what is drawn begins where one of
the fitted windows began.
"""

from typing import Any, final

import numpy as np
import torch
from torch import Tensor

from likely.codecs.codec import Cells, Codec
from likely.codecs.parts import Part
from likely.codecs.volatility import Volatility
from likely.data.series import Panel
from likely.data.windows import Relative
from likely.errors import EmptyData, WrongRows
from likely.spaces import Series

LARGEST = 2**28  # cells in one series: a hostile file cannot ask for more
FINEST = 6  # decimals looked for
CHANGING = {each.value: each for each in (Relative.CHANGES, Relative.GROWTH)}
Array = np.ndarray[Any, Any]


@final
class SeriesCodec(Codec[Panel]):
    """Series of at most one length. Where some of those fitted have gaps or end early, a score says which cells do."""

    reads = Panel
    space: Series

    def __init__(
        self,
        space: Series,
        channels: tuple[str, ...],
        shift: tuple[float, ...],
        scale: tuple[float, ...],
        decimals: tuple[int, ...],  # of each channel's values; -1: as many as it takes
        relative: Relative = Relative.NOT,
        origin: tuple[float, ...] = (),  # the moments from which draws begin, where they are relative to some
        volatility: Volatility | None = None,
    ) -> None:
        self.space, self.channels, self.decimals = space, channels, decimals
        self.shift, self.scale = shift, scale
        self.relative, self.origin, self.volatility = relative, origin, volatility
        given = "moment before" if self.lead == 1 else f"{self.lead} moments before"
        self.measure = _measure(space) + (f", given the {given}" if origin else "")

    @property
    def lead(self) -> int:
        """Moments before a window that it is told given."""
        return len(self.origin) // self.space.channels

    @property
    def memory(self) -> int:
        """How many changes before each say how wide it is thought to be."""
        return 0 if self.volatility is None else self.volatility.memory

    @classmethod
    def fit(cls, rows: Panel) -> "SeriesCodec":
        """Each channel's mean and standard deviation, and how its values are written."""
        there = ~np.isnan(rows.values)
        if not len(rows) or not there.any((0, 1)).all():
            raise EmptyData("there are no series to learn from", expected="some values in every channel")
        length, width = rows.values.shape[1:]
        space = Series(width, length, rows.levels, missing=not there.all())
        if rows.levels is not None:
            return cls(space, rows.channels, (0.0,) * width, (1.0,) * width, (0,) * width)
        decimals = tuple(_decimals(rows.values[..., place][there[..., place]]) for place in range(width))
        columns = [rows.told[..., place][there[..., place]] for place in range(width)]
        scale = tuple(float(std) if (std := column.std()) > 0 else 1.0 for column in columns)
        shift = tuple(float(column.mean()) for column in columns)
        if rows.before is None:
            return cls(space, rows.channels, shift, scale, decimals)
        origin = tuple(map(float, rows.before[len(rows) // 2].ravel()))
        path = (rows.relative.told(rows.values, rows.before) - np.array(shift)) / np.array(scale)
        volatility = Volatility.fit(path, rows.memory) if rows.memory else None
        return cls(space, rows.channels, shift, scale, decimals, rows.relative, origin, volatility)

    def encode(self, rows: Panel) -> Cells:
        values = self._fitting(rows)
        there = ~np.isnan(values)
        ladj = -(there * np.log(self.scale)).sum((1, 2))
        if self.relative is Relative.NOT:
            return Cells(_cells(self._scaled(values)), torch.from_numpy(ladj))  # (1)
        if rows.before is None or rows.before.shape[1] != self.lead:
            raise WrongRows(f"series whose moment before is not known cannot be told as {self.relative.value}",
                            expected="a record: a table of moments")  # fmt: skip
        told, bent = self._changed(values, rows.before)
        return Cells(_cells(told), torch.from_numpy(ladj + self.relative.log_det(values) + bent))  # (1)

    def beginning(self, rows: Panel) -> Tensor:
        """Cells (N, C, k) of series of one length, that are begun and not whole; of changes there are less."""
        if rows.values.shape[2] != self.space.channels:
            what = f"the beginnings have {rows.values.shape[2]} channels"
            raise WrongRows(what, expected=f"{self.space.channels}, as those fitted")
        values = rows.values[:, : int(rows.lengths.max(initial=0))]
        if not self.space.missing and np.isnan(values).any():
            raise WrongRows("a beginning has a gap", expected="whole ones, as all series that were fitted")
        self._check_levels(values)
        return self.after(values[:, self.lead :], values[:, : self.lead])

    def partial(self, values: Array) -> Tensor:
        """Cells (N, C, T) of windows of levels (N, T, C) of which some are unknown, NaN there."""
        self._check_levels(values)
        return self.after(values, values[:, :0])

    def after(self, values: Array, before: Array) -> Tensor:
        """Cells (N, C, k) of moments (N, k, C) that follow some (N, K, C); NaN where nothing is known."""
        return _cells(self._changed(values, before)[0])

    def _changed(self, values: Array, before: Array) -> tuple[Array, Array]:
        """Moments as they are told, and the log-determinant of the last step, (N,)."""
        told = self._scaled(self.relative.told(values, before))
        return (told, np.zeros(len(told))) if self.volatility is None else self.volatility.forward(told)

    def _scaled(self, values: Array) -> Array:
        return (values - np.array(self.shift)) / np.array(self.scale)  # (1)

    def decode(self, x: Tensor, before: Array | None = None) -> Panel:
        """Series from the moments `before` (N, K, C) on, where changes are told."""
        told = x.detach().double().cpu().numpy().transpose(0, 2, 1)
        if self.origin and before is None:
            before = np.tile(np.reshape(self.origin, (1, self.lead, -1)), (len(told), 1, 1))
        if self.volatility is not None and before is not None:
            told = self.volatility.inverse(told, self._scaled(self.relative.told(before[:, 1:], before[:, :1])))
        values = told * np.array(self.scale) + np.array(self.shift)
        if self.origin and before is not None:
            values = self.relative.levels(values, before)
        if self.space.levels is not None:
            values = values.round().clip(0, self.space.levels - 1)
        for place, decimals in enumerate(self.decimals):
            values[..., place] = values[..., place].round(decimals) if decimals >= 0 else values[..., place]
        whole, before = np.ascontiguousarray(values), before if self.origin else None
        return Panel(whole, self.channels, self.space.levels, relative=self.relative, before=before)

    def parts(self) -> dict[str, Any]:
        space = {"length": self.space.length, "levels": self.space.levels, "missing": self.space.missing}
        lists = {"channels": self.channels, "shift": self.shift, "scale": self.scale, "decimals": self.decimals}
        told: dict[str, Any] = {"relative": self.relative.value, "origin": list(self.origin)} if self.origin else {}
        if self.volatility is not None:
            told |= {"volatility": self.volatility.parts()}
        return {"is": "SeriesCodec", **space, **{name: list(each) for name, each in lists.items()}} | told

    @classmethod
    def from_parts(cls, parts: dict[str, Any]) -> "SeriesCodec":
        part, told = Part(parts), ("relative", "origin") if "relative" in parts else ()
        told += ("volatility",) if told and "volatility" in parts else ()
        part.only("is", "length", "levels", "missing", "channels", "shift", "scale", "decimals", *told)
        channels, length = part.texts("channels"), part.integer("length", 1, LARGEST)
        if not channels or len(channels) * length > LARGEST:
            part.refuse("channels x length", f"1 to {LARGEST} cells")
        levels = None if parts["levels"] is None else part.integer("levels", 2, 256)
        shift, scale = part.numbers("shift"), part.numbers("scale")
        decimals = tuple(int(each) for each in part.numbers("decimals"))
        if not len(channels) == len(shift) == len(scale) == len(decimals) or min(scale) <= 0:
            part.refuse("scale", "one positive number a channel")
        space = Series(len(channels), length, levels, part.flag("missing"))
        if not told:
            return cls(space, channels, shift, scale, decimals)
        relative, origin = part.choice("relative", CHANGING), part.numbers("origin")
        volatility = Volatility.from_parts(part.part("volatility"), len(channels)) if "volatility" in told else None
        lead = 1 if volatility is None else 1 + volatility.memory
        if len(origin) != lead * len(channels) or (relative is Relative.GROWTH and min(origin) <= 0):
            part.refuse("origin", "a moment that changes can be told from")
        return cls(space, channels, shift, scale, decimals, relative, origin, volatility)

    def _fitting(self, rows: Panel) -> Array:
        """The values, filled up to the fitted length."""
        self.check_length(rows)
        filling = ((0, 0), (0, max(0, self.space.length - rows.values.shape[1])), (0, 0))
        values = np.pad(rows.values, filling, constant_values=np.nan)[:, : self.space.length]
        self._check_gaps(values)
        self._check_levels(values)
        return values

    def check_length(self, rows: Panel) -> None:
        """As many channels as those fitted, and no more moments."""
        width = rows.values.shape[2]
        if width != self.space.channels:
            raise WrongRows(f"the series have {width} channels", expected=f"{self.space.channels}, as those fitted")
        lengths = rows.lengths
        if len(rows) and int(lengths.max()) > self.space.length:
            place = int(lengths.argmax())
            raise WrongRows(f"series {place + 1} has {lengths[place]} moments", expected=f"at most {self.space.length}",
                            remedy="cut it into windows, or shorten it")  # fmt: skip

    def _check_gaps(self, values: Array) -> None:
        gaps = np.isnan(values).any((1, 2))
        if not self.space.missing and gaps.any():
            raise WrongRows(
                f"series {int(gaps.argmax()) + 1} has a gap, or fewer than {self.space.length} moments",
                expected="whole series, as all that were fitted",
                remedy="fill the gap, or fit again with such series",
            )

    def _check_levels(self, values: Array) -> None:
        top = self.space.levels
        if top is None:
            return
        odd = ((values < 0) | (values >= top) | (values != np.floor(values))) & ~np.isnan(values)
        if odd.any():
            place = int(odd.any((1, 2)).argmax())
            raise WrongRows(f"series {place + 1} has a value of {values[place][odd[place]][0]:g}",
                            expected=f"whole numbers from 0 to {top - 1}, as those fitted")  # fmt: skip


def _cells(told: Array) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(told.transpose(0, 2, 1), dtype=np.float32))


def _measure(space: Series) -> str:
    """The base measure, in words."""
    shape = f"{space.length} moments in {space.channels} channel{'s' * (space.channels != 1)}"
    kind = "density of" if space.levels is None else "mass of"
    levels = "" if space.levels is None else f" of {space.levels} levels"
    return f"{kind} {shape}{levels}" + (", and which are missing" if space.missing else "")


def _decimals(column: Array) -> int:
    """How many decimals the values are written to; -1 where they have more than a few."""
    head = column[:1000]
    for decimals in range(FINEST + 1):
        if np.array_equal(head.round(decimals), head) and np.array_equal(column.round(decimals), column):
            return decimals
    return -1
