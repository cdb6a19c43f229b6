"""Simulation-based calibration: is a model as sure of what it tells as it is right, on rows it has not seen?

Of a simulator, rows are pairs (theta, y), and a model of theta given y tells p(theta | y): the rank of each row's theta
among draws given its y is uniform where that posterior is right on average over the prior. The same holds for any
columns given any others. It is necessary, and not sufficient: a model that tells the prior whatever y is passes, too.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from likely.apps.measure import source_of
from likely.codecs import TableCodec
from likely.contracts import Completes, Fills
from likely.data import Rows, read
from likely.diffusion import Descends
from likely.drawing import drawn
from likely.errors import CannotAnswer, EmptyData, FieldError
from likely.filling import Filling, filled
from likely.fitted import Fitted
from likely.metrics.ranks import LEVELS, Uniformity, ranks, uniformity
from likely.promises import promised
from likely.suggestion import meant, shown

DRAWS, MOST = 99, 1000  # of each row; rows
FEWEST = 20  # rows below which nothing can be told
LIMIT = 0.05  # of a probability by chance, shared out among the columns


@dataclass(frozen=True)
class Calibration:
    """Ranks of what is true among what was drawn, by column."""

    source: str
    family: str
    given: tuple[str, ...]
    columns: dict[str, Uniformity]
    draws: int
    way: str  # how the draws were made: a model's own are exact

    @property
    def rows(self) -> int:
        return max(len(each.ranks) for each in self.columns.values())

    @property
    def passed(self) -> bool:
        """No column's ranks are farther from uniform than chance, all of them looked at together."""
        return all(each.p * len(self.columns) > LIMIT for each in self.columns.values())

    def __str__(self) -> str:
        rows = [header_of(self), *rows_of(self)]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
        return "\n".join([*lines, "", *conclusions(self)])


def calibrated(
    fitted: Fitted[Any], data: Any, targets: Sequence[str] = (), *, draws: int = DRAWS, rows: int = MOST, seed: int = 0
) -> Calibration:
    """The columns that a model draws given others, held against rows that it has not seen.

    A model with a condition is held to all that it models; one without to the `targets`, completed from the rest.
    """
    if draws < 1:
        raise FieldError(f"{draws} draws of each row were asked for", expected="at least 1")
    codec, known = _table(fitted), _some(read(data), rows, seed)
    names = _targets(fitted, codec, targets)
    x, _, c = fitted.cells(known)
    if len(x) < FEWEST:
        raise EmptyData(
            f"{len(x)} rows tell nothing of calibration", expected=f"{FEWEST} or more, some hundreds at best"
        )
    asked = torch.tensor([name in names for name in codec.names])
    told, way = _drawn(fitted, x, asked, c, draws, seed)
    found = {name: _ranked(x[:, at], told[:, :, at], seed + at) for at, name in enumerate(codec.names) if name in names}
    given = (*fitted.card.condition, *(name for name in codec.names if name not in names))
    return Calibration(source_of(data), fitted.name, given, found, draws, way)


def _table(fitted: Fitted[Any]) -> TableCodec:
    if not isinstance(fitted.codec, TableCodec):
        raise CannotAnswer(f"{fitted.codec.reads.word} have no columns to rank", expected="a model of tables",
                           remedy="likely measure, which judges samples")  # fmt: skip
    return fitted.codec


def _some(rows: Rows, most: int, seed: int) -> Rows:
    """So many of the rows, chosen by chance."""
    order = torch.randperm(len(rows), generator=torch.Generator().manual_seed(seed))[:most]
    return rows.take(order.sort().values.numpy())


def _targets(fitted: Fitted[Any], codec: TableCodec, targets: Sequence[str]) -> tuple[str, ...]:
    """The columns that are told."""
    if unknown := [name for name in targets if name not in codec.names]:
        raise FieldError(f"{shown(unknown)} is not modelled", expected=f"some of {list(codec.names)}",
                         remedy=meant(unknown[0], codec.names))  # fmt: skip
    if not targets and not fitted.card.condition:
        raise FieldError("this model is given nothing, so that it was not said what it is to tell",
                         expected=f"some of {list(codec.names)}", remedy="--target COLUMN")  # fmt: skip
    return tuple(targets) or codec.names


def _drawn(
    fitted: Fitted[Any], x: Tensor, asked: Tensor, c: Tensor | None, draws: int, seed: int
) -> tuple[Tensor, str]:
    """Cells (draws, B, D) in which what is asked was drawn, and how."""
    many = None if c is None else c.repeat(draws, *[1] * (c.dim() - 1))
    if asked.all():
        cells, way = drawn(fitted.model, fitted.lift, draws * len(x), many, seed), "exact"
    else:
        model, how = promised(fitted.model, fitted.name, Completes, Fills, Descends), Filling(seed=seed)
        known = (~asked & ~x.isnan()).repeat(draws, 1)
        cells, way = filled(model, fitted.lift, x.repeat(draws, 1), known, many, how)[0], how.word(model)
    return cells.view(draws, *x.shape), way


def _ranked(truth: Tensor, told: Tensor, seed: int) -> Uniformity:
    """Over the rows that have the column."""
    here = ~truth.isnan()
    return uniformity(ranks(truth[here].double().numpy(), told[:, here].T.double().numpy(), seed=seed))


# In words and rows ---------------------------------------------------------------------------------------------------


def header_of(found: Calibration) -> tuple[str, ...]:
    """What is told of each column."""
    return ("", "distance", "by chance", "p", *(f"inside {100 * level:g} %" for level in LEVELS), "")


def rows_of(found: Calibration) -> list[tuple[str, ...]]:
    """Each column."""
    return [
        (name, f"{each.distance:.3f}", f"< {each.band:.3f}", f"{each.p:.2g}",
         *(f"{100 * m.value:.1f} % [{100 * m.low:.1f}, {100 * m.high:.1f}]" for m in map(each.coverage, LEVELS)),
         each.verdict)
        for name, each in found.columns.items()
    ]  # fmt: skip


def conclusions(found: Calibration) -> list[str]:
    """What can be said of the whole."""
    given = shown(list(found.given)) if found.given else "nothing"
    held = f"{found.rows:,} rows, each against {found.draws} draws ({found.way}) given {given}"
    if found.passed:
        return [f"No sign of miscalibration: {held}.", "A model that told the same of every row could pass as well."]
    off = [name for name, each in found.columns.items() if each.p * len(found.columns) <= LIMIT]
    told = "; ".join(f"of '{name}' {found.columns[name].verdict}" for name in off)
    return [f"Not calibrated: {told}. {held[0].upper()}{held[1:]}."]
