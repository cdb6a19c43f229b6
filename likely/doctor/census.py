r"""A census of modes: which kinds of real rows hardly any generated row belongs to.

A mode is a category of a column that is modelled, a label of the nearest real row where labels are only given, or a
cluster: half of the real rows say where clusters are (k-means), the other half and the generated rows are counted there
(Richardson & Weiss, 2018, arXiv:1805.12462). With r of m real and g of n generated rows in a mode, it is missing where
chance would have so few of them even if it had a quarter of its share:

    P(Binomial(g + r, n / (n + 4 m)) <= g)  <=  alpha / (number of modes)                                            (1)
"""

# pandas' and scikit-learn's hints are narrower than what they take
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import pandas as pd

from likely.data import Rows, Table
from likely.doctor.finding import Finding
from likely.doctor.health import ALPHA, Health, Reading
from likely.doctor.portrait import portrait
from likely.metrics.features import is_numeric, measurable
from likely.metrics.neighbours import nearest
from likely.metrics.thread import one_thread

Array = np.ndarray[Any, Any]
NAME = "missing modes"
FAINT = 4  # times fewer rows than its share make a mode missing
CLUSTERS = 50  # at most
AMPLE = 1.5  # times as many counted rows a cluster as it takes to see that one is empty
MOST = 5000  # real rows that say where kinds are, and as many that are counted
LEVELS = 50  # categories of a column, at most
NAMED = 4  # that a sentence lists
DRAWS = 200  # of the bootstrap
REMEDY = {
    True: "a critic that judges several rows at once and so sees what is missing (--packing 4), the default game with "
    "its penalties (--game Relativistic), a longer --budget; a mixture or a flow leaves no mode out",
    False: "a longer training (--budget) or a wider model; a mixture or a flow leaves no mode out",
}


@final
@dataclass(frozen=True)
class Modes:
    """One way of parting rows into kinds, and how many of each there are."""

    by: str
    named: Callable[[int], str]
    real: Array  # (K,) counts
    made: Array

    @property
    def chances(self) -> Array:
        """(1), of each mode."""
        from scipy.stats import binom

        m, n = self.real.sum(), self.made.sum()
        return binom.cdf(self.made, self.made + self.real, n / (n + FAINT * m))


@final
@dataclass(frozen=True)
class Counted:
    """Rows that are counted: as rows, and as points (N, D)."""

    rows: Rows
    points: Array


def census(real: Counted, made: Counted, *, game: bool = True, seed: int = 0) -> Health:
    """Every way of parting the rows, and what is missing by any of them."""
    order = np.random.default_rng(seed).permutation(len(real.points))[: 2 * MOST]
    known, fresh = np.sort(order[::2]), np.sort(order[1::2])
    ways = [*_columns(real.rows, made.rows), *_labels(real, made, known, fresh), *_clusters(real, made, known, fresh)]
    ways = [way for way in ways if way.real.sum() and way.made.sum()]  # a column may have no cell on one side
    if not ways:
        return Health(left_out=(f"modes: {len(real.points)} real rows are too few to be parted into kinds",))
    tests = sum(len(way.real) for way in ways)
    missing = [(way, np.flatnonzero(way.chances <= ALPHA / tests)) for way in ways]
    readings = tuple(reading for way, places in missing for reading in _readings(way, places, seed))
    found = next(((way, places) for way, places in missing if len(places)), None)
    return Health(() if found is None else (_finding(*found, game),), readings)


# Ways of parting rows ------------------------------------------------------------------------------------------------


def _columns(real: Rows, made: Rows) -> Iterator[Modes]:
    """The categories of every column that both have."""
    if isinstance(real, Table) and isinstance(made, Table):
        for name in (name for name in _categories(real) if name in made.frame):
            yield _counted(f"column '{name}'", name, _said(real, name), _said(made, name))


def _labels(real: Counted, made: Counted, known: Array, fresh: Array) -> Iterator[Modes]:
    """The label of the nearest known row, where rows have labels that are not generated; of both sides alike."""
    said = real.rows.said
    own = () if not isinstance(made.rows, Table) else tuple(made.rows.frame)
    names = () if said is None else tuple(name for name in _categories(said) if name not in own)
    if said is None or not names:
        return
    with one_thread():
        of_real, of_made = (nearest(points, real.points[known])[0] for points in (real.points[fresh], made.points))
    for name in names:
        labels = _said(said, name)[known]
        yield _counted(f"label '{name}' (of the nearest real row)", name, labels[of_real], labels[of_made])


def _clusters(real: Counted, made: Counted, known: Array, fresh: Array) -> Iterator[Modes]:
    from sklearn.cluster import KMeans

    points = real.points[known]
    most = min(seen_at(len(fresh), len(made.points)), len(np.unique(points, axis=0)))
    if most < 2:
        return
    with one_thread():
        means = KMeans(most, n_init=1, max_iter=50, random_state=0).fit(points)
        of_real, of_made = means.predict(real.points[fresh]), means.predict(made.points)
        inside = means.labels_
    rows, counts = real.rows.take(known), [np.bincount(places, minlength=most) for places in (of_real, of_made)]
    yield Modes(f"{most} clusters", lambda k: portrait(rows, inside == k) or f"cluster {k + 1}", *counts)


def seen_at(real: int, made: int) -> int:
    """Of how many kinds, equally frequent, a missing one would be seen. (1)"""
    chance = -np.log1p(-made / (made + FAINT * real))  # what each real row tells
    enough = (k for k in range(CLUSTERS, 1, -1) if chance * real / k >= AMPLE * np.log(k / ALPHA))
    return next(enough, 1)


def _categories(rows: Table) -> list[str]:
    names = [name for name in measurable(rows) if not is_numeric(rows, name)]
    return [name for name in names if 2 <= len(set(rows.frame[name].dropna())) <= LEVELS]


def _said(rows: Table, name: str) -> Array:
    """A column's cells in words; those that are missing are no kind of row."""
    cells = rows.frame[name].astype("object")
    return cells.map(str).where(cells.notna()).to_numpy()


def _counted(by: str, name: str, real: Array, made: Array) -> Modes:
    counted = [pd.Series(cells, dtype="object").value_counts() for cells in (real, made)]
    levels = counted[0].index.union(counted[1].index)
    counts = [each.reindex(levels, fill_value=0).to_numpy() for each in counted]
    return Modes(by, lambda k: f"{name} {levels[k]}", *counts)


# What is said of them ------------------------------------------------------------------------------------------------


def _finding(way: Modes, places: Array, game: bool) -> Finding:
    gone = places[np.argsort(-way.real[places], kind="stable")]
    listed = ", ".join(way.named(k) for k in gone[:NAMED])
    more = f" and {len(gone) - NAMED} more" if len(gone) > NAMED else ""
    of_real, of_made = (counts[gone].sum() / counts.sum() for counts in (way.real, way.made))
    seen = (
        f"{len(gone)} of {len(way.real)} kinds of rows by {way.by} are missing or nearly so ({listed}{more}): "
        f"{of_real:.1%} of {way.real.sum():,} real rows and {of_made:.1%} of {way.made.sum():,} generated ones"
    )
    return Finding(NAME, seen, REMEDY[game])


def _readings(way: Modes, places: Array, seed: int) -> tuple[Reading, ...]:
    of = f"{way.real.sum():,} real and {way.made.sum():,} generated rows"
    there = float(len(way.real) - len(places))
    distance, low, high, equal = apart(way.real, way.made, seed=seed)
    return (
        Reading(f"modes there, by {way.by}", there, there, there, of, f"all {len(way.real)}"),
        Reading(f"distance of shares, by {way.by}", distance, low, high, of, f"{equal:.2g} at equality"),
    )  # fmt: skip


def apart(real: Array, made: Array, *, seed: int = 0) -> tuple[float, float, float, float]:
    """The total variation distance of two sets of shares, its bootstrap interval, and what equal laws have."""
    rng = np.random.default_rng(seed)
    m, n = int(real.sum()), int(made.sum())
    both = (real + made) / (m + n)
    drawn = _distance(rng.multinomial(m, real / m, DRAWS), rng.multinomial(n, made / n, DRAWS))
    equal = _distance(rng.multinomial(m, both, DRAWS), rng.multinomial(n, both, DRAWS))
    value, (low, high) = float(_distance(real[None], made[None])[0]), np.quantile(drawn, [0.025, 0.975])
    shift = float(drawn.mean()) - value  # a resample lies farther away than what it was drawn from
    return value, max(0.0, float(low) - shift), max(0.0, float(high) - shift), float(equal.mean())


def _distance(first: Array, second: Array) -> Array:
    return np.abs(first / first.sum(1, keepdims=True) - second / second.sum(1, keepdims=True)).sum(1) / 2
