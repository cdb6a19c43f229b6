r"""Utility: do synthetic rows teach as much? Trained on synthetic, tested on real; beside trained on real.

For each column in turn, boosted trees learn it from all others, once from synthetic rows and once from as many real
ones, and are asked about real rows that neither saw. Of labelled pieces they learn the labels. What they say is
judged by

    the chance that of two rows the one with more of the column is told to have more                    (1)

1/2 where nothing was learned, 1 where all was: the area under the ROC curve for two categories, for more its mean over
each against the rest, weighted by how often they come, and for numbers the concordance (from D of Somers, 1962).

    var = (G - 1) / G sum_g (a_{-g} - mean)^2 + sum over learners of m / n var_k(a_k)                   (2)

Other rows would have been asked about (a_{-g} is (1) without one of G groups of them), and other rows learned from: a_k
is (1) after m rows drawn with replacement from the n, all of them unless they are many. Both learners count: the ideal
was learned from rows, too. The interval is Student's, with the degrees of freedom of Satterthwaite (1946).
"""

# scikit-learn's and scipy's hints are narrower than what they take
# pyright: reportArgumentType=false, reportReturnType=false, reportAttributeAccessIssue=false

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, final

import numpy as np

from likely.data import Pieces, Rows
from likely.errors import WrongRows
from likely.metrics.features import categorical, codes, features, named, sampled
from likely.metrics.measure import Measure
from likely.metrics.thread import one_thread
from likely.suggestion import shown

Array = np.ndarray[Any, Any]
MOST, MOST_TARGETS = 5000, 8  # rows learned from; columns asked about, drawn at random from more
FEWEST = 20  # rows learned from, and asked about
GROUPS, AGAIN = 10, 4  # groups of asked rows, and times that each learner learns again, for the interval
MOST_AGAIN = 1000  # rows that it then learns from
MOST_LEVELS, MOST_CLASSES = 250, 10  # categories a tree splits as such; classes told apart, the others are one
TREES, LEAVES = 60, 15
WIDTH = 32  # principal directions of pieces


@final
@dataclass(frozen=True)
class Lesson:
    """One column to learn, from rows of three kinds: real ones to ask about, real ones, and synthetic ones."""

    name: str
    category: bool
    kinds: list[bool]  # which inputs are categories
    x: list[Array]
    y: list[Array]

    def taught(self, by: int, seed: int, rows: Array | None = None) -> Array:
        """What is told of the asked rows after rows of one kind: scores of each class (N, K), or of numbers (N, 1)."""
        from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

        rows = np.arange(len(self.y[by])) if rows is None else rows
        rows = rows[np.isfinite(self.y[by][rows])]
        x, y = self.x[by][rows], self.y[by][rows]
        asked = len(self.x[0])
        if len(np.unique(y)) < 2:
            return np.zeros((asked, max(len(self.classes), 1)))
        way = HistGradientBoostingClassifier if self.category else HistGradientBoostingRegressor
        trees = way(max_iter=TREES, max_leaf_nodes=LEAVES, early_stopping=False, categorical_features=self.kinds,
                    random_state=seed).fit(x, y)  # fmt: skip
        if not self.category:
            return trees.predict(self.x[0])[:, None]
        told, known = trees.predict_proba(self.x[0]), list(trees.classes_)
        absent = np.zeros(asked)
        return np.stack([told[:, known.index(each)] if each in known else absent for each in self.classes], 1)

    @property
    def classes(self) -> Array:
        """Of the asked rows."""
        return np.unique(self.y[0][np.isfinite(self.y[0])])

    def score(self, told: Array, kept: Array) -> float:
        """(1) of some of the asked rows."""
        y, told = self.y[0][kept], told[kept]
        if not self.category:
            return concordance(y, told[:, 0])
        shares = [float((y == each).mean()) for each in self.classes]
        areas = [concordance(y == each, told[:, place]) for place, each in enumerate(self.classes)]
        return float(np.average(areas, weights=shares)) if sum(shares) else 0.5


def utility(real: Rows, synthetic: Rows, *, targets: Sequence[str] = (), seed: int = 0) -> list[Measure]:
    """(1) after synthetic rows, and what it lost against real ones; nothing where there is nothing to learn."""
    size = min(len(real) // 2, len(synthetic), MOST)
    _check(real, targets)
    if size < FEWEST:
        return []
    order, half = np.random.default_rng(seed).permutation(len(real)), len(real) // 2
    asked, known = (real.take(np.sort(part[:MOST])) for part in (order[half:], order[:size]))
    found: dict[str, Judgement] = {}
    with one_thread():
        for lesson in lessons(asked, known, sampled(synthetic, size, seed), targets, seed):
            found[lesson.name] = _judged(lesson, seed)
    return _measures(found, (size, size)) if found else []


def lessons(asked: Rows, known: Rows, drawn: Rows, targets: Sequence[str], seed: int) -> Iterator[Lesson]:
    """Each column that can be learned; those named, or some."""
    sides = (asked, known, drawn)
    about = [rows.said for rows in sides]
    if any(each is None for each in about):
        return
    tables = [each for each in about if each is not None]
    matrices, kinds, names = codes(*tables), categorical(tables[0]), named(tables[0])
    pieces = features(*sides, width=WIDTH) if isinstance(asked, Pieces) else None
    for name in _chosen(names, targets, seed):
        at = names.index(name)
        others = [place for place in range(len(names)) if place != at]
        split = [
            kinds[j] and np.nanmax([np.nanmax(m[:, j], initial=0) for m in matrices]) < MOST_LEVELS for j in others
        ]
        x = [m[:, others] for m in matrices] if pieces is None else pieces
        y = _pooled([m[:, at] for m in matrices]) if kinds[at] else [m[:, at] for m in matrices]
        if x[0].shape[1] and len(np.unique(y[0][np.isfinite(y[0])])) > 1:
            yield Lesson(name, kinds[at], split if pieces is None else [False] * x[0].shape[1], x, y)


def _check(real: Rows, targets: Sequence[str]) -> None:
    """Targets are columns that can be learned."""
    names = named(real.said) if targets and real.said is not None else []
    if lacking := [name for name in targets if name not in names]:
        raise WrongRows(f"there is no column {shown(lacking)} to learn", expected=f"some of {shown(names, most=20)}")


def _chosen(names: list[str], targets: Sequence[str], seed: int) -> list[str]:
    drawn = np.sort(np.random.default_rng(seed).permutation(len(names))[:MOST_TARGETS])
    return list(targets) or [names[at] for at in drawn]


def _pooled(columns: list[Array]) -> list[Array]:
    """Categories: the most frequent among the asked rows, and all others as one."""
    seen, counts = np.unique(columns[0][np.isfinite(columns[0])], return_counts=True)
    kept = seen[np.argsort(-counts, kind="stable")[:MOST_CLASSES]]
    return [np.where(np.isin(column, kept) | np.isnan(column), column, -1.0) for column in columns]


class Judgement(NamedTuple):
    """(1) after real rows and after synthetic ones, (2, ...)."""

    whole: Array  # (2,)
    without: Array  # (2, GROUPS): without each group of the asked rows
    again: Array  # (2, AGAIN): after rows drawn again


def _judged(lesson: Lesson, seed: int) -> Judgement:
    told = [lesson.taught(by, seed) for by in (1, 2)]
    seen = np.isfinite(lesson.y[0])
    groups = np.random.default_rng(seed).permutation(len(seen)) % GROUPS
    whole = [lesson.score(each, seen) for each in told]
    without = [[lesson.score(each, seen & (groups != group)) for group in range(GROUPS)] for each in told]
    again = [
        [lesson.score(lesson.taught(by, seed, rows), seen) for rows in _redrawn(lesson, by, seed)] for by in (1, 2)
    ]
    return Judgement(np.array(whole), np.array(without), np.array(again))


def _redrawn(lesson: Lesson, by: int, seed: int) -> list[Array]:
    """Rows to learn again from, the same for every column."""
    chance, size = np.random.default_rng((seed, by)), len(lesson.y[by])
    return [chance.integers(0, size, min(size, MOST_AGAIN)) for _ in range(AGAIN)]


def _measures(found: dict[str, Judgement], sizes: tuple[int, int]) -> list[Measure]:
    mean = Judgement(*(np.mean(each, 0) for each in zip(*found.values(), strict=True)))
    real, drawn = mean.whole.tolist()
    learned = mean.again.var(1, ddof=1) * min(MOST_AGAIN / sizes[0], 1.0)
    half, apart = (_half(asked, learned) for asked in (mean.without[1], mean.without[1] - mean.without[0]))
    of = f"{len(found)} columns" if len(found) > 1 else f"'{next(iter(found))}'"
    note = f"area under the curve of trees that learned {of} from synthetic rows; the ideal is after as many real ones"
    lost = "how much less that area is than after as many real rows, on the same unseen real rows"
    after = {name: float(each.whole[1]) for name, each in found.items()}
    gap = {name: float(each.whole[0] - each.whole[1]) for name, each in found.items()}
    low, high = max(drawn - half, 0.0), min(drawn + half, 1.0)
    less = real - drawn
    return [
        Measure("utility", drawn, low, high, sizes, real, note, after, "utility"),
        Measure("utility lost", less, less - apart, less + apart, sizes, 0.0, lost, gap, "utility"),
    ]


def _half(without: Array, learned: Array) -> float:
    """Half a 95 % interval by (2), from the area without each group and the learners' variances."""
    from scipy.stats import t

    each = np.array([(GROUPS - 1) * without.var(), *learned])  # (2)
    freedom = np.array([GROUPS - 1, *[AGAIN - 1] * len(learned)])
    if not each.sum():
        return 0.0
    return float(t.ppf(0.975, each.sum() ** 2 / (each**2 / freedom).sum()) * np.sqrt(each.sum()))


def concordance(y: Array, told: Array) -> float:
    """(1); 1/2 where no two rows differ."""
    from scipy.stats import kendalltau, rankdata

    if y.dtype == bool or len(np.unique(y)) == 2:
        more = y == y.max()
        a, b = int(more.sum()), int((~more).sum())
        return float((rankdata(told)[more].sum() - a * (a + 1) / 2) / (a * b)) if a and b else 0.5
    pairs, tied, flat = len(y) * (len(y) - 1) / 2, _ties(y), _ties(told)
    if pairs in (tied, flat):
        return 0.5
    return float((1 + kendalltau(y, told).statistic * np.sqrt((pairs - flat) / (pairs - tied))) / 2)


def _ties(values: Array) -> float:
    counts = np.unique(values, return_counts=True)[1].astype(float)
    return float((counts * (counts - 1) / 2).sum())
