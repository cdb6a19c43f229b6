r"""How many different rows a model can make, by the birthday paradox (Arora, Risteski & Zhang, 2018).

    support = s (s - 1) / 2 / D,   D pairs of s rows that lie closer than t                                          (1)

t is where ten pairs of s real rows lie closer: real rows that nobody made are the measure of "the same". Whether
generated rows meet more often than real ones is a permutation test: with d_i the number of rows, of either side, closer
than t to row i,  D(generated) - D(real) = (sum of d_i over generated rows) - (number of close pairs).              (2)
"""

from typing import Any

import numpy as np

from likely.doctor.finding import Finding
from likely.doctor.health import ALPHA, Health, Reading
from likely.metrics.neighbours import squared
from likely.metrics.thread import one_thread

Array = np.ndarray[Any, Any]
NAME = "few different rows"
FEWEST, MOST = 100, 2000  # rows a side
PAIRS = 10  # of real rows, that are taken for the same
TIMES = 20  # as many pairs of generated rows are a finding
SHUFFLES, AT_ONCE = 4999, 500
REMEDY = {
    True: "more noise to start from (--latent, --codes), a critic that sees how alike rows are (--company 16) or "
    "judges several at once (--packing 4), the default game with its penalties (--game Relativistic)",
    False: "a longer training (--budget), or a family with more noise of its own",
}


def support(real: Array, made: Array, *, game: bool = True, seed: int = 0) -> Health:
    """From points (N, D): half of the real rows say what is close, the other half is compared with."""
    rng = np.random.default_rng(seed)
    size = min(len(real) // 2, len(made), MOST)
    if size < FEWEST:
        few = f"support: {len(real)} real and {len(made)} generated rows are too few"
        return Health(left_out=(f"{few} ({2 * FEWEST} and {FEWEST} wanted)",))
    drawn = rng.permutation(len(real))
    with one_thread():
        near = closeness(real[drawn[:size]])
        both = np.concatenate([real[drawn[size : 2 * size]], made[:size]])
        met = _meetings(both, near)
    return _told(met, size, game, rng)


def closeness(points: Array) -> float:
    """The squared distance within which so many pairs lie."""
    closest: list[Array] = []
    for chunk, far in squared(points, points):
        rows = np.arange(chunk.start, chunk.stop)
        later = far[np.arange(len(points)) > rows[:, None]]
        closest.append(np.sort(np.partition(later, min(PAIRS, len(later) - 1))[:PAIRS]) if len(later) else later)
    return float(np.sort(np.concatenate(closest))[PAIRS - 1])


def _meetings(points: Array, near: float) -> Array:
    """(N, 2): how many other rows of the first half, and of the second, each row meets."""
    met = np.zeros((len(points), 2), np.int64)
    half = len(points) // 2
    for chunk, far in squared(points, points):
        close = far <= near
        close[np.arange(len(close)), np.arange(chunk.start, chunk.stop)] = False  # not itself
        met[chunk] = np.stack([close[:, :half].sum(1), close[:, half:].sum(1)], 1)
    return met


def _told(met: Array, size: int, game: bool, rng: np.random.Generator) -> Health:
    of_real, of_made = met[:size, 0], met[size:, 1]
    readings = tuple(_reading(name, of, size) for name, of in (("real", of_real), ("generated", of_made)))
    pairs_real, pairs_made = of_real.sum() / 2, of_made.sum() / 2
    if pairs_made < TIMES * max(pairs_real, PAIRS) or _chance(met.sum(1), size, rng) > ALPHA:
        return Health(readings=readings)
    value, low, high = different(of_made)
    seen = (
        f"{pairs_made:,.0f} pairs of {size:,} generated rows are as good as the same, {pairs_real:,.0f} of as many "
        f"real rows: as if about {value:,.0f} different rows could be made ({low:,.0f} to {high:,.0f})"
    )
    return Health((Finding(NAME, seen, REMEDY[game]),), readings)


def _reading(name: str, of: Array, size: int) -> Reading:
    pairs = f"{of.sum() / 2:,.0f} pairs that meet among {size:,} rows"
    told = "as many as real rows" if name == "generated" else "the measure of the other"
    return Reading(f"different rows, {name}", *different(of), pairs, told)


def different(met: Array) -> tuple[float, float, float]:
    """(1) with a 95 % interval, from how many others each row meets: of a U-statistic of pairs, by the jackknife."""
    size = len(met)
    pairs, all_pairs = float(met.sum()) / 2, size * (size - 1) / 2
    if pairs == 0:
        return float("inf"), all_pairs / 3, float("inf")  # the rule of three
    spread = max(float(((met - met.mean()) ** 2).sum()), pairs)  # no less than Poisson's
    half = 1.96 * spread**0.5 / pairs
    return all_pairs / pairs, all_pairs / pairs * np.exp(-half), all_pairs / pairs * np.exp(half)


def _chance(degrees: Array, size: int, rng: np.random.Generator) -> float:
    """How often rows shuffled between the sides meet on the second side as much more often than on the first. (2)"""
    seen, above = int(degrees[size:].sum()), 0
    for _ in range(0, SHUFFLES, AT_ONCE):
        shuffled = rng.permuted(np.broadcast_to(degrees, (AT_ONCE, len(degrees))), axis=1)
        above += int((shuffled[:, size:].sum(1) >= seen).sum())
    return (1 + above) / (1 + -(-SHUFFLES // AT_ONCE) * AT_ONCE)
