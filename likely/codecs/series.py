"""Series <-> cells (N, C, T): reals standardised channel by channel, levels as they are; NaN in gaps and past the end.

x = (u - m_c) / s_c,   log|det| = log|du/dv| - sum over the values that are there of log s_c                   (1)

u is v, or what changed since the moment before (`data.windows`). A score is then of windows given the moment before
each, and what is drawn begins where one of the fitted windows began.
"""

from typing import Any, final

import numpy as np
import torch
from torch import Tensor

from likely.codecs.codec import Cells, Codec
from likely.codecs.parts import Part
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
        origin: tuple[float, ...] = (),  # the moment from which draws begin, where they are relative to one
    ) -> None:
        self.space, self.channels, self.decimals = space, channels, decimals
        self.shift, self.scale = shift, scale
        self.relative, self.origin = relative, origin
        self.measure = _measure(space) + (", given the moment before" if origin else "")

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
        origin = () if rows.before is None else tuple(map(float, rows.before[len(rows) // 2]))
        return cls(space, rows.channels, shift, scale, decimals, rows.relative, origin)

    def encode(self, rows: Panel) -> Cells:
        values = self._fitting(rows)
        there = ~np.isnan(values)
        ladj = -(there * np.log(self.scale)).sum((1, 2))
        if self.relative is Relative.NOT:
            return Cells(self._scaled(values), torch.from_numpy(ladj))  # (1)
        if rows.before is None:
            raise WrongRows(f"series whose moment before is not known cannot be told as {self.relative.value}",
                            expected="a record: a table of moments")  # fmt: skip
        told = self.relative.told(values, rows.before)
        return Cells(self._scaled(told), torch.from_numpy(ladj + self.relative.log_det(values)))  # (1)

    def beginning(self, rows: Panel) -> Tensor:
        """Cells (N, C, k) of series of one length, that are begun and not whole; of changes there is one less."""
        if rows.values.shape[2] != self.space.channels:
            what = f"the beginnings have {rows.values.shape[2]} channels"
            raise WrongRows(what, expected=f"{self.space.channels}, as those fitted")
        values = rows.values[:, : int(rows.lengths.max(initial=0))]
        if not self.space.missing and np.isnan(values).any():
            raise WrongRows("a beginning has a gap", expected="whole ones, as all series that were fitted")
        self._check_levels(values)
        return self.after(values[:, 1:], values[:, 0]) if self.origin else self._scaled(values)

    def after(self, values: Array, before: Array) -> Tensor:
        """Cells (N, C, k) of moments (N, k, C) that follow a moment (N, C); NaN where nothing is known."""
        return self._scaled(self.relative.told(values, before))

    def _scaled(self, values: Array) -> Tensor:
        scaled = (values - np.array(self.shift)) / np.array(self.scale)  # (1)
        return torch.from_numpy(np.ascontiguousarray(scaled.transpose(0, 2, 1), dtype=np.float32))

    def decode(self, x: Tensor, before: Array | None = None) -> Panel:
        """Series from the moment `before` (N, C) on, where changes are told."""
        values = x.detach().double().cpu().numpy().transpose(0, 2, 1) * np.array(self.scale) + np.array(self.shift)
        if self.origin:
            before = np.tile(self.origin, (len(values), 1)) if before is None else before
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
        told = {"relative": self.relative.value, "origin": list(self.origin)} if self.origin else {}
        return {"is": "SeriesCodec", **space, **{name: list(each) for name, each in lists.items()}} | told

    @classmethod
    def from_parts(cls, parts: dict[str, Any]) -> "SeriesCodec":
        part, told = Part(parts), ("relative", "origin") if "relative" in parts else ()
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
        if len(origin) != len(channels) or (relative is Relative.GROWTH and min(origin) <= 0):
            part.refuse("origin", "a moment that changes can be told from")
        return cls(space, channels, shift, scale, decimals, relative, origin)

    def _fitting(self, rows: Panel) -> Array:
        """The values, filled up to the fitted length."""
        _, length, width = rows.values.shape
        if width != self.space.channels:
            raise WrongRows(f"the series have {width} channels", expected=f"{self.space.channels}, as those fitted")
        lengths = rows.lengths
        if len(rows) and int(lengths.max()) > self.space.length:
            place = int(lengths.argmax())
            raise WrongRows(f"series {place + 1} has {lengths[place]} moments", expected=f"at most {self.space.length}",
                            remedy="cut it into windows, or shorten it")  # fmt: skip
        filling = ((0, 0), (0, max(0, self.space.length - length)), (0, 0))
        values = np.pad(rows.values, filling, constant_values=np.nan)[:, : self.space.length]
        self._check_gaps(values)
        self._check_levels(values)
        return values

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
