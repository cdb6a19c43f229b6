"""Odd rows, explained: which columns make each so, and the nearest plausible row, as words and as plain values."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import pandas as pd

from likely import frames
from likely.apps.contributions import Contributions, contributions
from likely.apps.plausible import Plausible, plausible
from likely.codecs import TableCodec
from likely.contracts import Completes, Estimated, Fills
from likely.data import Table
from likely.diffusion import Descends
from likely.fitted import Fitted

NOTEWORTHY = 0.5  # nats by which a cell must be less likely than usual to be told of


@final
@dataclass(frozen=True)
class Odd:
    """What is told of some rows."""

    rows: pd.DataFrame  # as they are
    why: Contributions | None
    nearest: Plausible | None

    @property
    def header(self) -> tuple[str, ...]:
        """The columns of a table of them."""
        return (*["odd cells (nats)"] * (self.why is not None), *["nearest plausible row"] * (self.nearest is not None))

    @property
    def way(self) -> str | None:
        """How it was found why."""
        return None if self.why is None else self.why.way

    @property
    def note(self) -> str:
        """What the numbers are."""
        told = f"odd cells: by how many nats less likely than usual ({self.way}; a row's add up with the rest)"
        return told if self.why is not None else ""

    def cells(self, at: int, most: int) -> tuple[str, ...]:
        """Of one row: its oddest cells, and what the nearest plausible row has otherwise."""
        odd = [] if self.why is None else self._odd(self.why, at)[:most]
        said = "; ".join(f"{name} {shown(self.rows[name].iloc[at])} ({nats:+.3g})" for name, nats in odd) or "-"
        changes = "; ".join(f"{name} {shown(a)} → {shown(b)}" for name, (a, b) in self.changes(at).items())
        none = "-" if self.nearest is None or not self.nearest.freed[at] else "as it is"
        return (*[said] * (self.why is not None), *[changes or none] * (self.nearest is not None))

    def _odd(self, why: Contributions, at: int) -> list[tuple[str, float]]:
        excess = why.excess.iloc[at].sort_values(ascending=False)
        return [(str(name), float(nats)) for name, nats in excess.items() if nats >= NOTEWORTHY]

    def changes(self, at: int) -> dict[str, tuple[Any, Any]]:
        """The cells that the nearest plausible row has otherwise: what it was, what it is there."""
        if self.nearest is None:
            return {}
        there, here = self.nearest.rows, self.rows
        pairs = {name: (here[name].iloc[at], there[name].iloc[at]) for name in self.nearest.freed[at]}
        return {name: (a, b) for name, (a, b) in pairs.items() if not (a == b or (pd.isna(a) and pd.isna(b)))}

    def plain(self, at: int) -> dict[str, Any]:
        """Of one row, for programs: `nats` and `rest` add up to its log p."""
        told: dict[str, Any] = {}
        if (why := self.why) is not None:
            each = zip(why.nats.iloc[at].items(), why.usual, why.excess.iloc[at])
            told["why"] = [{"column": name, "value": self.rows[name].iloc[at], "nats": nats, "usual": usual,
                            "excess": excess} for (name, nats), usual, excess in each]  # fmt: skip
            told["rest"] = float(why.rest[at])
        if self.nearest is not None:
            changed = {name: {"from": a, "to": b} for name, (a, b) in self.changes(at).items()}
            told["nearest"] = {"changes": changed, "p_value": float(self.nearest.p_value[at])}
        return told


def explained(
    fitted: Fitted[Any], data: Any, places: Sequence[int], calibration: Any = None, *, seed: int = 0
) -> Odd | None:
    """Of these rows of a table why each is odd, and what would not be; None where rows have no columns.

    A model whose density is slow to estimate says no why, and one that completes nothing no nearest row.
    """
    if not isinstance(fitted.codec, TableCodec) or not len(places):
        return None
    whole = frames.read_like(data, fitted.codec, fitted.condition_codec, fitted.card.order)
    assert isinstance(whole, Table)
    rows = whole.take(np.asarray(places))
    slow = isinstance(fitted.model, Estimated) and not isinstance(fitted.model, Completes)
    fills = isinstance(fitted.model, Completes | Fills | Descends)
    why = None if slow else contributions(fitted, rows, seed=seed)
    return Odd(rows.frame, why, plausible(fitted, rows, calibration, seed=seed) if fills else None)


def shown(value: Any) -> str:
    """A cell in few letters."""
    return f"{value:.4g}" if isinstance(value, float | np.floating) else str(value)
