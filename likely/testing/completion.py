r"""The law of completion: unknown cells are drawn as the model's own rows have them, and as the truth does.

    x ~ p_theta,  x^1 .. x^L ~ complete(x_K)   =>  the rank of t(x) among t(x^1) .. t(x^L) is uniform                (1)
    x ~ p,  a ~ complete(x_K),  b ~ p(. | x_K)   =>  (x_K, a) and (x_K, b) have one law, where p_theta = p           (2)
    E = 2 E|a - b| - E|a - a'| - E|b - b'|                                                                           (3)

(1) holds for any model, however badly it has learned: it is about completion alone. Its t are columns, and how near a
row is to others of the model: only that sees a cell drawn without a look at the rest. (2) is about both. In (3)
numbers are over their spread and a choice is a corner of a simplex; what E is by chance is seen by exchanging a and b.
Simulation-Based Calibration Checking: The Choice of Test Quantities Shapes Sensitivity (Modrak et al., 2023); Energy
Statistics (Szekely & Rizzo, 2013)
"""

# pandas' own types are unions that no check narrows
# pyright: reportArgumentType=false

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import pandas as pd

from likely.contracts import Completes, Fills
from likely.diffusion import Descends
from likely.fitted import Fitted
from likely.metrics.ranks import Uniformity, ranks, uniformity
from likely.testing.clusters import Clusters
from likely.testing.law import demand

Array = np.ndarray[Any, Any]
Completing = Callable[[pd.DataFrame, int], tuple[pd.DataFrame, str, float | None]]
EXCHANGES = 400  # of rows' two completions, that tell what is chance
NEAREST = 5  # rows of the model, by whose distance it is told how rare a row is
WHOLE = "whole row"
SURE = 1e-3  # a law that holds is called broken as often as this
ROOM = {"exact": 0.0, "model-exact": 0.08, "asymptotic": 0.08}  # how far from uniform ranks may be, beside chance
SLACK = 3.0  # completions may be so many times as far from the truth as the model's own rows are


@final
@dataclass(frozen=True)
class Apart:
    """(3), and what it is by chance."""

    energy: float
    chance: float  # 95 in 100 pairs of one law stay below
    p: float


@final
@dataclass(frozen=True)
class Proof:
    """What was seen of one model's completion."""

    way: str
    share: float | None
    own: dict[str, Uniformity]  # (1), by column
    truth: Apart  # (2)
    rows: Apart  # the model's own rows from the truth's: what it has not learned
    said: str = ""

    @property
    def worst(self) -> tuple[str, Uniformity]:
        """The column whose ranks are farthest from uniform."""
        return max(self.own.items(), key=lambda each: each[1].distance)

    @property
    def p(self) -> float:
        """Of ranks so far from uniform in any column, by chance."""
        return min(1.0, len(self.own) * min(each.p for each in self.own.values()))


def completing(fitted: Fitted[Any], **how: Any) -> Completing:
    """A fitted model's way of completing rows."""

    def completed(rows: pd.DataFrame, seed: int) -> tuple[pd.DataFrame, str, float | None]:
        found = fitted.complete(rows, seed=seed, **how)
        return found.rows, found.way, found.share

    return completed


def can_complete(fitted: Fitted[Any]) -> bool:
    """Whether a model promises completion in any way."""
    return isinstance(fitted.model, Completes | Fills | Descends)


def proof(
    fitted: Fitted[Any],
    truth: Clusters,
    *,
    by: Completing | None = None,
    rows: int = 300,
    draws: int = 9,
    seed: int = 1,
) -> Proof:
    """(1) and (2), on rows of which each lacks some cells or other."""
    by, patterns = by or completing(fitted), patterns_of(truth.names)
    mine = fitted.sample(rows, seed=seed)[truth.names].reset_index(drop=True)
    others = fitted.sample(rows, seed=seed + 50)[truth.names]
    own = own_ranks(by, mine, others, patterns, draws, seed + 100)  # other noise than that of the rows themselves
    real = truth.draw(rows, seed=seed)
    partial = holed(real, patterns)
    completed, way, share = by(partial, seed + 1)
    told = apart(completed[truth.names], truth.completed(partial, seed=seed + 2), seed=seed)
    return Proof(way, share, own, told, apart(mine, truth.draw(rows, seed=seed + 3), seed=seed))


def patterns_of(names: Sequence[str]) -> Array:
    """Which cells are unknown: each column alone, and each alone known."""
    alone = np.eye(len(names), dtype=bool)
    return np.concatenate([alone, ~alone])


def holed(rows: pd.DataFrame, patterns: Array) -> pd.DataFrame:
    """The rows, each without the cells of the next pattern."""
    return rows.mask(patterns[np.arange(len(rows)) % len(patterns)])


def own_ranks(
    by: Completing, rows: pd.DataFrame, others: pd.DataFrame, patterns: Array, draws: int, seed: int
) -> dict[str, Uniformity]:
    """(1): of every column, over the rows that lack it, and of how near a row is to other rows of the model."""
    gone = patterns[np.arange(len(rows)) % len(patterns)]
    drawn = by(pd.concat([holed(rows, patterns)] * draws, ignore_index=True), seed)[0][list(rows)]
    found = {}
    for place, name in enumerate(rows):
        true, told = _coded(rows[name], drawn[name])
        lacks = gone[:, place]
        found[str(name)] = uniformity(ranks(true[lacks], told.reshape(draws, -1).T[lacks], seed=seed + place))
    points = _points(pd.concat([others, rows, drawn], ignore_index=True))
    near = _nearness(points[len(others) :], points[: len(others)])
    told = near[len(rows) :].reshape(draws, -1).T
    return found | {WHOLE: uniformity(ranks(near[: len(rows)], told, seed=seed + len(found)))}


def _coded(one: pd.Series, other: pd.Series) -> tuple[Array, Array]:
    """Two columns as numbers: of choices their places."""
    if not pd.api.types.is_numeric_dtype(one):
        levels = {level: place for place, level in enumerate(sorted({*one, *other}))}
        one, other = one.map(levels), other.map(levels)
    return one.to_numpy(float), other.to_numpy(float)


def _nearness(points: Array, others: Array) -> Array:
    """Minus the distance to the nearest few of the others: low where rows are rare."""
    gaps = ((points[:, None] - others) ** 2).sum(-1)
    return -np.partition(gaps, NEAREST, axis=1)[:, :NEAREST].mean(1)


def apart(a: pd.DataFrame, b: pd.DataFrame, *, seed: int = 0) -> Apart:
    """(3) of rows in pairs, and of their exchanges."""
    points = _points(pd.concat([a, b], ignore_index=True))
    gaps = np.sqrt(np.maximum(((points[:, None] - points) ** 2).sum(-1), 0.0))
    size = len(a)
    across = gaps[:size, :size] + gaps[size:, size:] - gaps[:size, size:] - gaps[size:, :size]
    signs = np.where(np.random.default_rng(seed).random((EXCHANGES, size)) < 0.5, -1.0, 1.0)
    chance = -np.einsum("ei,ij,ej->e", signs, across, signs, optimize=True) / size**2
    energy = -float(across.sum()) / size**2
    p = (1 + int((chance >= energy).sum())) / (1 + EXCHANGES)
    return Apart(energy, float(np.quantile(chance, 0.95)), p)


def _points(rows: pd.DataFrame) -> Array:
    """Numbers over their spread, choices as corners of a simplex whose sides are 1."""
    corners = pd.get_dummies(rows.select_dtypes(exclude="number")).to_numpy(float) * 0.5**0.5
    numbers = rows.select_dtypes("number").to_numpy(float)
    return np.concatenate([numbers / np.maximum(numbers.std(0), 1e-9), corners], 1)


def upheld(found: Proof) -> None:
    """Broken, where the way that is told promises more than was seen; a heuristic promises nothing."""
    if found.way not in ROOM:
        return
    name, worst = found.worst
    gap = worst.distance - worst.band
    fine = found.p > SURE or gap < ROOM[found.way]
    demand(fine, f"{found.way} draws of '{name}' are not the model's: {worst.verdict} (D {worst.distance:.3f})")
    room = max(SLACK * max(found.rows.energy, found.rows.chance), found.truth.chance)
    seen = f"completions are {found.truth.energy:.4f} from the truth, the model's rows {found.rows.energy:.4f}"
    demand(found.truth.p > SURE or found.truth.energy < room, seen)
