"""Series as rows: several channels over time, of equal or unequal lengths; or windows cut from one long record."""

# pandas' own types are unions that no check narrows
# pyright: reportArgumentType=false

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar, final

import numpy as np
import pandas as pd

from likely.data.array import about_of
from likely.data.describe import SeriesSummary, Summary
from likely.data.hashing import piece_hashes, share_of_copies
from likely.data.rows import Array, Pieces, Places, Table
from likely.data.windows import Relative, Window, Windows
from likely.data.write_series import write_series
from likely.errors import EmptyData, WrongRows
from likely.suggestion import shown

MOST_LEVELS = 256  # of whole numbers 0, 1, ...: beyond, they are taken for reals
TIMES = ("time", "date", "datetime", "timestamp", "moment", "index", "t")


@final
@dataclass(frozen=True)
class Panel(Pieces):
    """Series, one a row: float64 (N, T, D), NaN in a gap and past a series' end, and what is said about each."""

    values: Array
    channels: tuple[str, ...]
    levels: int | None = None  # values are whole numbers 0 .. levels - 1
    windows: bool = False  # cut one after another from one record
    about: Table | None = None
    names: tuple[str, ...] = field(default=())
    relative: Relative = Relative.NOT  # to what comes before: a model then learns what changes
    before: Array | None = None  # (N, K, D): the moments before each window, where they are relative to them
    word: ClassVar[str] = "series"
    suffix: ClassVar[str] = ".ts"

    @property
    def consecutive(self) -> bool:
        return self.windows

    @property
    def dimensions(self) -> int:
        return max(1, round(float((~np.isnan(self.values)).sum() / max(len(self), 1))))

    @property
    def lengths(self) -> Array:
        """(N,): up to the last moment at which anything was seen."""
        seen: Array = np.isnan(self.values).sum(2) < self.values.shape[2]
        return np.where(seen.any(1), self.values.shape[1] - seen[:, ::-1].argmax(1), 0)

    @property
    def memory(self) -> int:
        """How many changes before each window say how wide its own are thought to be."""
        return 0 if self.before is None else self.before.shape[1] - 1

    def __len__(self) -> int:
        return len(self.values)

    def each(self) -> list[Array]:
        """Every series to its end, (length, D)."""
        return [series[:length] for series, length in zip(self.values, self.lengths, strict=True)]

    def take(self, rows: Places) -> "Panel":
        kept = np.asarray(rows)
        about = None if self.about is None else self.about.take(kept)
        names = tuple(self.names[i] for i in kept) if self.names else ()
        before = None if self.before is None else self.before[kept]
        return replace(self, values=self.values[kept], about=about, names=names, before=before)

    @property
    def told(self) -> Array:
        """What a model learns of: the values, or their changes."""
        return self.values if self.before is None else self.relative.told(self.values, self.before[:, -1:])

    def hashes(self) -> Array:
        return piece_hashes(_plain(series).tobytes() for series in self.each())

    def heading(self) -> bytes:
        return repr((self.channels, self.levels)).encode()

    def with_about(self, about: Table | None) -> "Panel":
        return replace(self, about=about)

    def _alike(self, other: "Panel") -> "Panel":
        (_, length, width), (_, longer, wide) = self.values.shape, other.values.shape
        if width != wide or longer > length:
            what = f"series of {longer} moments in {wide} channels beside {length} in {width}"
            raise WrongRows(what, expected="as many channels, and no longer ones")
        if self.relative is not other.relative or self.memory != other.memory:
            raise WrongRows(f"{other.relative.value} beside {self.relative.value}", expected="both told in one way")
        return replace(other, values=_filled(other.values, length), levels=self.levels)

    def mixed(self, rng: np.random.Generator) -> "Panel":
        drawn = rng.permuted(self.told, axis=0)
        whole = drawn if self.before is None else self.relative.levels(drawn, self.before)
        return Panel(whole, self.channels, self.levels, relative=self.relative, before=self.before)

    def points(self) -> Array:
        """The values (or their changes), 0 where there is none, and the length."""
        flat = np.nan_to_num(self.told).reshape(len(self), -1)
        return np.concatenate([flat, self.lengths[:, None]], 1)

    def array(self) -> Array:
        return self.values

    def described(self) -> Summary:
        lengths = self.lengths
        spread = (int(lengths.min()), round(float(lengths.mean())), int(lengths.max())) if len(self) else (0, 0, 0)
        inside = np.arange(self.values.shape[1]) < lengths[:, None]
        gaps = float(np.isnan(self.values)[inside].mean()) if inside.any() else 0.0
        about, copies = None if self.about is None else self.about.described(), share_of_copies(self.hashes())
        return SeriesSummary(
            len(self), spread, self.channels, self.levels, gaps, self.windows, 0.0 if self.windows else copies, about
        )

    def written(self, path: Path, told: str | None) -> list[Path]:
        return write_series(self, path, told)


def series_of(
    values: Any,
    *,
    labels: Sequence[Any] | None = None,
    channels: Sequence[str] = (),
    levels: int | None = None,
) -> Panel:
    """Series that a person holds: an array (N, T) or (N, T, D), or a list of (T,) or (T, D) of unequal lengths.

    Whole numbers 0, 1, ... below 256 are levels, each with a mass; others are reals. NaN is a gap. `labels` is one
    class a series, and may be a frame with several columns.
    """
    stack = _stack(values)
    if not stack.size:
        raise EmptyData(f"there are no series: the array's shape is {stack.shape}", expected="(N, T, D)")
    if np.isinf(stack).any():
        raise WrongRows("some values are infinite", expected="numbers, and NaN where a value is missing")
    named = tuple(channels) or tuple(f"channel_{place + 1}" for place in range(stack.shape[2]))
    if len(named) != stack.shape[2]:
        raise WrongRows(f"{len(named)} names for {stack.shape[2]} channels", expected="one name a channel")
    about = None if labels is None else said_of(labels, len(stack))
    return Panel(stack, named, levels or levels_in(stack), about=about)


def said_of(labels: Any, rows: int) -> Table:
    """Labels, one a row, as a table; whole numbers among them are classes."""
    frame = labels if isinstance(labels, pd.DataFrame) else pd.DataFrame({"label": list(labels)})
    if len(frame) != rows:
        raise WrongRows(f"{len(frame)} labels for {rows} rows", expected="one label a row")
    return about_of(frame.reset_index(drop=True))


def windowed(table: Table, window: Window, channels: Sequence[str] = ()) -> Panel:
    """A table of moments as windows of one length; moments that fill no window are left out.

    A column of times says when each window starts, columns of one value and ids are left out, all others are channels.
    """
    cut, names = Windows.of(window), list(channels) or _channels(table)
    if lacking := [name for name in names if name not in table.frame.columns]:
        raise WrongRows(f"there is no channel {shown(lacking)}", expected=f"the columns {shown(names)}")
    _check_numbers(table, names)
    values = table.frame[names].to_numpy(dtype=np.float64, na_value=np.nan)
    starts = cut.starts(len(values))
    if not len(starts):
        raise EmptyData(f"{len(values)} moments fill no window of {cut.length}", remedy="a shorter window")
    stack = values[starts[:, None] + np.arange(cut.length)]
    told = Panel(stack, tuple(names), windows=True, names=_starts(table, starts))
    if cut.relative is Relative.NOT:
        return replace(told, levels=levels_in(stack))
    if np.isnan(values).any():
        raise WrongRows("the record has gaps, at which nothing is known to change",
                        expected=f"a value in every cell, where moments are told as {cut.relative.value}",
                        remedy="fill the gaps (likely complete), or windows of levels")  # fmt: skip
    return replace(told, relative=cut.relative, before=values[starts[:, None] + np.arange(-cut.lead, 0)])


def _channels(table: Table) -> list[str]:
    """Columns that may be channels."""
    left = {column.name for column in table.schema.columns if column.kind in ("id", "constant", "date")}
    left |= {name for name in table.schema.names[:1] if name.lower() in TIMES}
    rest = [column for column in table.schema.columns if column.name not in left]
    if not rest:
        raise EmptyData("the table has no column of numbers for a channel", expected="at least one beside the times")
    return [column.name for column in rest]


def _check_numbers(table: Table, names: Sequence[str]) -> None:
    if odd := [name for name in names if not pd.api.types.is_numeric_dtype(table.frame[name].dtype)]:
        what = f"column '{odd[0]}' ({table.schema[odd[0]].kind}) is no channel of a series"
        raise WrongRows(what, expected="numbers in every column but that of times", remedy="leave the column out")


def _starts(table: Table, starts: Array) -> tuple[str, ...]:
    """When each window starts, where the first column is one of times."""
    first = table.schema.columns[0]
    if first.kind != "date" and first.name.lower() not in TIMES:
        return ()
    return tuple(str(each) for each in table.frame[first.name].iloc[starts])


def levels_in(values: Array) -> int | None:
    """How many levels there are where all values are whole numbers 0, 1, ... of a moderate size."""
    there = values[~np.isnan(values)]
    if not len(there) or there.min() < 0 or there.max() >= MOST_LEVELS or (there != np.floor(there)).any():
        return None
    return max(int(there.max()) + 1, 2)


def _stack(values: Any) -> Array:
    """(N, T, D) float64, NaN past the end of shorter series."""
    if hasattr(values, "detach"):
        values = values.detach().cpu().numpy()
    try:
        parts = [np.asarray(each, dtype=np.float64) for each in values]
    except (TypeError, ValueError) as error:
        raise WrongRows(f"these are not series of numbers: {error}", expected="an array (N, T, D)") from error
    parts = [part[:, None] if part.ndim == 1 else part for part in parts]
    if not parts or any(part.ndim != 2 or part.shape[1] != parts[0].shape[1] for part in parts):
        shapes = sorted({part.shape for part in parts})[:3]
        raise WrongRows(f"series of shapes {shapes}", expected="(T,) or (T, D) each, with one D")
    longest = max(len(part) for part in parts)
    return np.stack([_filled(part[None], longest)[0] for part in parts])


def _filled(values: Array, length: int) -> Array:
    """NaN up to this length."""
    return np.pad(values, ((0, 0), (0, length - values.shape[1]), (0, 0)), constant_values=np.nan)


def _plain(series: Array) -> Array:
    """One zero and one NaN, whatever their bits were."""
    return np.where(np.isnan(series), np.nan, series + 0.0)
