r"""Copies: generated rows that lie at rows the model learned from, more often than chance puts them there.

Rows it learned from and rows held out are alike but for the learning. So of the real rows that are nearest to some
generated row, R in all, an honest model has as many held-out ones as a draw of R from N learned and M held-out rows:

    held-out among them ~ Hypergeometric(N + M, M, R)                                                                (1)
    copied = 1 - (share of held-out among them) / (M / (N + M)),   0 where honest, 1 where every one is a copy      (2)

This counts each real row once, however many generated rows lie near it, and ties fall to one of them at random.
"""

from typing import Any

import numpy as np

from likely.doctor.finding import Finding
from likely.doctor.health import ALPHA, Health, Reading
from likely.metrics.measure import wilson
from likely.metrics.neighbours import nearest
from likely.metrics.thread import one_thread

Array = np.ndarray[Any, Any]
NAME = "copies of training rows"
FEWEST = 10  # held-out rows
COPIED = 0.2  # of the rows that are met, beyond what chance has
REMEDY = {
    True: "differentiable augmentation (--augmentation Differentiable), a smaller critic (--width), a shorter "
    "--budget, or more rows",
    False: "a shorter training (--budget), a smaller or wider-kernelled model, or more rows",
}


def copying(learned: Array, held_out: Array, made: Array, *, game: bool = True, seed: int = 0) -> Health:
    """From points (N, D) of all three."""
    if len(held_out) < FEWEST:
        few = f"{len(held_out)} held-out rows" if len(held_out) else "no row was held out"
        return Health(left_out=(f"copies: {few}; what unseen rows have is not known ({FEWEST} wanted)",))
    met, held = _met(learned, held_out, made, seed)
    chance = _chance(len(learned), len(held_out), met, held)
    value, low, high = copied(len(learned), len(held_out), met, held)
    of = f"{made.shape[0]:,} generated rows beside {len(learned):,} learned and {len(held_out):,} held-out rows"
    readings = (Reading("copied", value, max(low, -1.0), min(high, 1.0), of, "0"),)
    if chance > ALPHA or value < COPIED:
        return Health(readings=readings)
    usual = len(held_out) / (len(learned) + len(held_out))
    seen = (
        f"of {met:,} real rows that are nearest to some generated row {held:,} are unseen ones, where an honest model "
        f"has {usual * met:,.0f}: about {value:.0%} of its rows are copies ({max(low, 0):.0%} to {min(high, 1):.0%})"
    )
    return Health((Finding(NAME, seen, REMEDY[game]),), readings)


def _met(learned: Array, held_out: Array, made: Array, seed: int) -> tuple[int, int]:
    """How many real rows are nearest to some generated row, and how many of them are held-out ones."""
    points = np.concatenate([learned, held_out])
    order = np.random.default_rng(seed).permutation(len(points))  # the first of those equally near is any of them
    with one_thread():
        places = np.unique(nearest(made, points[order])[0])
    return len(places), int((order[places] >= len(learned)).sum())


def _chance(learned: int, held_out: int, met: int, held: int) -> float:
    from scipy.stats import hypergeom

    return float(hypergeom.cdf(held, learned + held_out, held_out, met))  # (1)


def copied(learned: int, held_out: int, met: int, held: int) -> tuple[float, float, float]:
    """(2) with a 95 % interval."""
    usual = held_out / (learned + held_out)
    low, high = wilson(held / met, met)
    return 1 - held / met / usual, 1 - high / usual, 1 - low / usual
