r"""Privacy: does a synthetic row lie nearer to a row that was learned from than a real one has any reason to?

    distance ratio = median_s d(s, learned) / median_h d(h, learned),   s synthetic, h held-out rows      (1)
    membership AUC: how well d(x, synthetic) tells a learned x from a held-out one, the smaller the likelier  (2)

Both are of equal numbers of rows, so that an honest model gets 1 and 1/2. (2) is an attacker who has the synthetic rows
alone: GAN-Leaks (Chen et al., 2020). A row with the very cells of a learned one is listed by its place, and so is one
whose nearest learned row is nearer than any is to a held-out row, and far nearer than the second nearest, where rows
have a distance at all.
"""

from dataclasses import dataclass
from typing import Any, final

import numpy as np

from likely.data import Rows
from likely.metrics.features import PLAIN, Sight, keys, sampled
from likely.metrics.measure import Measure
from likely.metrics.neighbours import nearest, squared
from likely.metrics.thread import one_thread
from likely.metrics.two_sample import interval

Array = np.ndarray[Any, Any]
MOST = 5000  # rows a side
FEWEST = 10
RESAMPLED = 200  # times, for the interval of (1)
NEARER = 1 / 3  # of the distance to the second nearest: a copy, and not a crowd


@final
@dataclass(frozen=True)
class Copy:
    """A synthetic row and the learned row that it repeats, by their places from 0."""

    synthetic: int
    learned: int
    exact: bool  # every modelled cell is the same


def leaks(learned: Rows, held_out: Rows, synthetic: Rows, *, sight: Sight = PLAIN, seed: int = 0) -> list[Measure]:
    """(1) and (2); nothing where there are too few rows."""
    size = min(len(learned), len(held_out), MOST)
    if size < FEWEST or len(synthetic) < FEWEST:
        return []
    parts = sampled(learned, size, seed), sampled(held_out, size, seed + 1), sampled(synthetic, MOST, seed + 2)
    a, b, c = sight.points(*parts)
    with one_thread():
        near, usual, of_learned, of_held = (
            np.sqrt(nearest(*pair)[1]) for pair in ((c, a), (b, a), (a, c), (b, c))
        )  # fmt: skip
    return [_ratio(near, usual, (size, len(c)), seed).within("privacy", sight.name),
            _attack(of_learned, of_held, len(c)).within("privacy", sight.name)]  # fmt: skip


def _ratio(near: Array, usual: Array, rows: tuple[int, int], seed: int) -> Measure:
    rng, least = np.random.default_rng(seed), float(usual[usual > 0].min()) if (usual > 0).any() else 1.0
    drawn = [np.median(rng.choice(side, (RESAMPLED, len(side))), axis=1) for side in (near, usual)]
    value = (np.median(near) + least) / (np.median(usual) + least)  # copies everywhere leave 0 / 0
    low, high = np.quantile((drawn[0] + least) / (drawn[1] + least), [0.025, 0.975])
    note = "median distance to the nearest learned row, beside that of held-out rows: below 1 is too near"
    return Measure("distance ratio", float(value), float(low), float(high), rows, 1.0, note)


def _attack(of_learned: Array, of_held: Array, drawn: int) -> Measure:
    from likely.metrics.utility import concordance

    size = len(of_learned)
    value = concordance(np.repeat([True, False], size), -np.concatenate([of_learned, of_held]))  # (2)
    low, high = interval(value, size)
    note = "how well nearness to a synthetic row tells learned rows from unseen ones: above 0.5 gives them away"
    return Measure("membership AUC", value, low, high, (size, drawn), 0.5, note)


# Row by row ----------------------------------------------------------------------------------------------------------


def copied(learned: Rows, held_out: Rows, synthetic: Rows, *, sight: Sight = PLAIN) -> tuple[Copy, ...]:
    """The synthetic rows that repeat a learned one, exactly or nearly; of all rows, but nearly among `MOST` a side."""
    known = keys(learned)
    values, first = np.unique(known, return_index=True)
    own = keys(synthetic)
    place = np.searchsorted(values, own).clip(max=len(values) - 1)
    same = values[place] == own
    found = [Copy(int(at), int(first[place[at]]), exact=True) for at in np.flatnonzero(same)]
    return tuple(sorted([*found, *_nearly(learned, held_out, synthetic, same, sight)], key=lambda each: each.synthetic))


def _nearly(learned: Rows, held_out: Rows, synthetic: Rows, same: Array, sight: Sight) -> list[Copy]:
    if min(len(learned), len(held_out)) < FEWEST or np.unique(keys(held_out)).size < len(held_out):
        return []  # where real rows repeat each other, nearness is no copy
    rest = np.flatnonzero(~same)[:MOST]
    if not len(rest):
        return []
    a, b, c = sight.points(
        learned.take(range(min(len(learned), MOST))), sampled(held_out, MOST, 0), synthetic.take(rest)
    )
    with one_thread():
        usual = nearest(b, a)[1].min()
        places, far = _two_nearest(c, a)
    hits = (far[:, 0] < usual) & (far[:, 0] < NEARER**2 * far[:, 1])
    return [Copy(int(rest[at]), int(places[at]), exact=False) for at in np.flatnonzero(hits)]


def _two_nearest(queries: Array, points: Array) -> tuple[Array, Array]:
    places, far = np.zeros(len(queries), int), np.zeros((len(queries), 2))
    for chunk, each in squared(queries, points):
        places[chunk], far[chunk] = each.argmin(1), np.partition(each, 1, axis=1)[:, :2]
    return places, far
