"""Whatever is missing in a table, drawn several times: `likely.impute(rows)`, with nothing to choose.

Some known cells are hidden; each way to draw unknown cells learns from what is left and draws the hidden ones too.
Ways are weighed by how well their mixture tells these (`likely.apps.stacking`), those that count learn again from all
that is known, and each completion is drawn by one of them, whole rows together, as often as it weighs.
"""

# pandas' own types are unions that no check narrows
# pyright: reportArgumentType=false, reportReturnType=false

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import pandas as pd
import torch

from likely import frames
from likely.apps.chained import Chained
from likely.apps.stacking import Hidden, Stacked
from likely.codecs import TableCodec
from likely.codecs.reader import LevelReader
from likely.contracts import Family
from likely.data import Table, read
from likely.data.declaration import Declaration
from likely.errors import FieldError, LikelyError, WrongRows
from likely.families.bayes_net import BayesNet
from likely.families.circuit import Circuit
from likely.families.gaussian_mixture import GaussianMixture
from likely.fitting import described_family, fit
from likely.imputing import Imputations
from likely.spaces import Category

Way = Family[Any] | Chained
WAYS: tuple[Way, ...] = (
    Chained(),
    GaussianMixture(components=8, passes=50),
    Circuit(bins=16),
    BayesNet(),
)
HIDDEN = 0.1  # of the known cells, to weigh by
DRAWS = 20  # of each hidden cell
LEAST = 0.05  # ways that weigh less are left out
APART = 77003  # so that the cells hidden here have nothing to do with those that somebody hid by the same seed


@final
@dataclass(frozen=True)
class Member:
    """One way, and what came of it."""

    way: Way
    score: float | None  # the energy score of its draws of hidden cells, 1 where the columns' own laws would do as well
    weight: float = 0.0
    refusal: str | None = None  # why it could not draw

    @property
    def name(self) -> str:
        """As one writes it, but for what is as ever."""
        told = {name: value for name, value in vars(self.way).items() if value != getattr(type(self.way)(), name)}
        return f"{type(self.way).__name__}({', '.join(f'{name}={value}' for name, value in told.items())})"


@final
@dataclass(frozen=True)
class Imputed:
    """A table completed several times, and by whom."""

    imputations: Imputations  # points that sum the completions up, Rubin's pooling
    members: tuple[Member, ...]
    score: float | None  # of the mixture, as a member's; None where no cell could be hidden

    @property
    def rows(self) -> pd.DataFrame:
        """One completion: the first."""
        return self.imputations[0]

    def __str__(self) -> str:
        if not self.members:
            return "nothing was missing"
        by = " + ".join(f"{each.weight:.2f} {each.name}" for each in self.members if each.weight)
        if self.score is None:
            return f"by {by}; there was no cell to hide, so that nothing chose among ways"
        return f"by {by}; hidden cells: {self.score:.3f} of the score of columns alone"


def impute(
    data: Any, n: int = 20, *, by: Sequence[Way | str] = WAYS, budget: str | int | None = None, seed: int = 0,
    schema: Any = None,
) -> Imputed:  # fmt: skip
    """The rows with every missing cell drawn, n times; known cells come back as they were.

    Which cells are missing is taken to say nothing beyond what is known of their rows (missing at random). `by` are
    families that complete, and `Chained` trees; `budget` is that of each family that learns by steps.
    """
    if n < 1:
        raise FieldError(f"{n} completions were asked for", expected="at least 1")
    table = _table(data, schema)
    if not by:
        raise FieldError("no way to draw was named", expected="families that complete, or Chained()")
    ways = [each if isinstance(each, Chained) else described_family(each) for each in by]
    room = _Room(table, TableCodec.fit(table), budget, seed)
    index = frames.index_of(data)
    labels = pd.RangeIndex(len(table)) if index is None else index
    unknown = room.unknown().set_axis(labels)
    readers = room.codec.layout.readers
    if not unknown.any(axis=None):
        return Imputed(Imputations((table.frame.set_axis(labels),) * n, unknown, readers, "exact"), (), None)
    members, score = room.weighed(ways)
    turns = _turns([each.weight for each in members], n)
    drawn = {m: iter(room.drawn(members[m].way, table, turns.count(m), seed)) for m in set(turns)}
    draws = tuple(next(drawn[m]).set_axis(labels) for m in turns)
    return Imputed(Imputations(draws, unknown, readers, "heuristic"), members, score)


def _table(data: Any, schema: Any) -> Table:
    rows = read(data, schema=schema)
    if not isinstance(rows, Table):
        raise WrongRows(f"these rows are {rows.word}", expected="a table with missing cells",
                        remedy="fit a family to them, then complete")  # fmt: skip
    table = rows.declared(Declaration(missing_at_random=True))
    return Table(table.frame.reset_index(drop=True), table.schema)


def _turns(weights: Sequence[float], n: int) -> list[int]:
    """Whose turn it is, n times: each as often as it weighs, also among the first few."""
    told: list[int] = []
    for k in range(1, n + 1):
        told.append(int(np.argmax([w * k - told.count(m) for m, w in enumerate(weights)])))
    return told


@final
@dataclass(frozen=True)
class _Room:
    """A table, and how ways are tried on it."""

    table: Table
    codec: TableCodec
    budget: str | int | None
    seed: int

    def unknown(self) -> pd.DataFrame:
        """(rows, columns): what is missing, of columns that a model sees."""
        gone = self.table.frame.isna()
        return gone.assign(**{name: False for name in gone.columns if name not in self.codec.layout.readers})

    def weighed(self, ways: Sequence[Way]) -> tuple[tuple[Member, ...], float | None]:
        """Every way with its weight, and the mixture's score."""
        hidden = self._hidden()
        holed = Table(self.table.frame.mask(hidden), self.table.schema)
        drawn, refused = {}, {}
        for place, way in enumerate(ways):
            try:
                drawn[place] = self.drawn(way, holed, DRAWS, self.seed)
            except LikelyError as refusal:
                refused[place] = str(refusal).splitlines()[0]
        if not drawn:
            raise WrongRows("no way could complete these rows: " + "; ".join(refused.values()),
                            expected="a table of numbers and categories")  # fmt: skip
        stacked = Stacked.of(self._columns(hidden, list(drawn.values())))
        weights = _without_little(stacked.weights())
        alone = [stacked.score(each) for each in np.eye(len(drawn))]
        told = {place: (alone[at], float(weights[at])) for at, place in enumerate(drawn)}
        members = [
            Member(way, *told[place]) if place in told else Member(way, None, 0.0, refused[place])
            for place, way in enumerate(ways)
        ]
        return tuple(members), stacked.score(weights) if hidden.any(axis=None) else None

    def _hidden(self) -> pd.DataFrame:
        """Some of the known cells; those on which other columns build stay, and one cell of every row."""
        frame, rng = self.table.frame, np.random.default_rng([self.seed, APART])
        tied = {name for rule in self.table.schema.constraints for name in rule.columns}
        free = [name in self.codec.layout.readers and name not in tied for name in frame.columns]
        known = frame.notna().to_numpy()
        hidden = known & np.asarray(free) & (rng.random(frame.shape) < HIDDEN)
        left = (known & ~hidden).sum(1, keepdims=True) > 0
        return pd.DataFrame(hidden & left, columns=frame.columns)

    def _columns(self, hidden: pd.DataFrame, drawn: list[list[pd.DataFrame]]) -> list[Hidden]:
        told = []
        for name, reader in self.codec.layout.readers.items():
            at = np.flatnonzero(hidden[name])
            draws = np.array([[reader.read(each[name].iloc[at]) for each in way] for way in drawn])
            own = reader.read(self.table.frame[name])
            told.append(Hidden(own[at], draws, own[~np.isnan(own)], isinstance(reader, LevelReader)))
        return told

    def drawn(self, way: Way, rows: Table, n: int, seed: int) -> list[pd.DataFrame]:
        """The rows completed n times by one way that learned from them."""
        if isinstance(way, Chained):
            return self._chained(way, rows, n, seed)
        fitted = fit(rows, way, budget=self.budget, seed=seed, certify=False)
        return list(fitted.imputations(rows.frame, n, seed=seed))

    def _chained(self, way: Chained, rows: Table, n: int, seed: int) -> list[pd.DataFrame]:
        cells = self.codec.encode_known(rows.frame).x.double().numpy()
        choices = np.array([isinstance(cell.column, Category) for cell in self.codec.layout.cells.values()])
        made = way.completions(cells, choices, n, rng=np.random.default_rng(seed))
        return [frames.overlaid(self.codec.decode(torch.from_numpy(x)).frame, rows.frame) for x in made]


def _without_little(weights: "np.ndarray[Any, Any]") -> "np.ndarray[Any, Any]":
    kept = np.where(weights < LEAST, 0.0, weights)
    return kept / kept.sum()
