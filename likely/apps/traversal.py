"""One number of a code moved through its range, all others at their mean: what does it say?"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from likely.apps.coded import Coded
from likely.data import Rows

Array = np.ndarray[Any, Any]
REACH = 2.5  # standard deviations to each side


@dataclass(frozen=True)
class Traversal:
    """One number of a code, and the rows that it gives."""

    place: int  # in the code, from 0
    use: float  # the standard deviation of this number over the rows; near 0 the model leaves it alone
    values: Array  # (steps,)
    rows: Rows


def walked(z: Array, place: int, *, steps: int, reach: float = REACH) -> Array:
    """(steps, D): the mean code, with this number from -reach to +reach standard deviations around its mean."""
    codes = np.tile(z.mean(0), (steps, 1))
    codes[:, place] += np.linspace(-reach, reach, steps) * z[:, place].std()
    return codes


def by_use(z: Array) -> Array:
    """The places of a code, the most used first."""
    return np.argsort(-z.std(0), kind="stable")


def traversals(coded: Coded, *, steps: int = 9, most: int = 10, given: Any = None) -> list[Traversal]:
    """The most used numbers of the code, each with its rows; `given` is the condition of one row."""
    chosen = by_use(coded.z)[:most]
    walks = [walked(coded.z, place, steps=steps) for place in chosen]
    repeated = None if given is None else given.loc[given.index.repeat(steps * len(walks))].reset_index(drop=True)
    rows = coded.decoded(np.concatenate(walks), repeated)
    uses = coded.z.std(0)
    return [
        Traversal(int(place), float(uses[place]), walk[:, place], rows.take(range(at * steps, (at + 1) * steps)))
        for at, (place, walk) in enumerate(zip(chosen, walks, strict=True))
    ]
