"""Lengths of both players' gradients: a critic that no longer moves, a generator that is no longer told anything.

A critic that always wins leaves a generator of the first game (`Minimax`) hardly any gradient, since its loss is flat
where it loses; what counts is its length now, beside the longest of the training. A game that has come to rest has
short gradients as well, and a critic that does not win.
"""

from typing import Any

import numpy as np

from likely.doctor.calibrated import Told
from likely.doctor.finding import Finding
from likely.doctor.health import Health, Reading
from likely.doctor.record import CRITIC, Record

Array = np.ndarray[Any, Any]
LATEST = 10  # reports that say how it is now
FAINT = 0.02  # of the longest, below which a generator that loses to its critic learns nothing
LOST = 0.01  # of its largest, below which a critic's loss says that it always wins, where nobody can ask it
STILL = 1e-8  # of the longest, below which a player stands still
WINS = 0.95  # of held-out and generated rows, told apart by a critic that wins
VANISHING, DEAD = "vanishing gradients", "dead critic"
AGAIN = "a fresh start with another seed (--seed), lower rates (--critic-rate) or a critic without a slope that ends"
REMEDY = (
    "a game whose generator learns while it loses (--game NonSaturating, or --game Relativistic, the default), fewer "
    "turns of the critic (--turns 1), a lower --critic-rate, or a price on its slope (--game.penalty ZeroCentred)"
)


def gradients(record: Record, told: Told | None = None) -> Health:
    """How long the players' gradients are now; `told` is how well the critic tells rows, where it can be asked."""
    if not record.game:
        return Health()
    if not np.isfinite(record.lengths_of(CRITIC)).any():
        return Health(left_out=("gradients: the log of this training does not tell their lengths",))
    if len(record.steps) < 2 * LATEST:
        few = f"gradients: {len(record.steps)} reports are too few ({2 * LATEST} wanted)"
        return Health(left_out=(few,))
    now = {player: _now(record.lengths_of(player)) for player in record.players}
    readings = tuple(_reading(player, *seen) for player, seen in now.items())
    wins = _wins(record.losses_of(CRITIC), told)
    others = [_vanishing(player, now[player][0], wins) for player in record.players if player != CRITIC]
    return Health(sum(others, _still(now[CRITIC][0])), readings)


def _wins(losses: Array, told: Told | None) -> str:
    """That the critic always wins, in words; by its loss alone where nobody can ask it."""
    if told is not None:
        said = f"while the critic tells {told.accuracy:.1%} of held-out and generated rows apart"
        return said if told.accuracy - 2 * told.accuracy_error >= WINS else ""
    sizes = np.abs(losses[np.isfinite(losses)])
    gone = len(sizes) >= LATEST and np.median(sizes[-LATEST:]) <= LOST * sizes.max()
    return "while the critic's loss is next to nothing" if gone else ""


def _now(lengths: Array) -> tuple[float, float, float]:
    """The median of the latest lengths and its 98 % interval (order statistics), as shares of the longest."""
    there = lengths[np.isfinite(lengths)]
    longest, latest = float(there.max()), np.sort(there[-LATEST:])
    if longest == 0:
        return 0.0, 0.0, 0.0
    return float(np.median(latest)) / longest, float(latest[1]) / longest, float(latest[-2]) / longest


def _reading(player: str, value: float, low: float, high: float) -> Reading:
    name = f"the {player}'s gradient, of its longest"
    return Reading(name, value, low, high, f"the latest {LATEST} reports", "any, where the critic does not always win")


def _still(share: float) -> tuple[Finding, ...]:
    if share > STILL:
        return ()
    return (Finding(DEAD, "no gradient reaches its weights any more: it says the same of every row", AGAIN),)


def _vanishing(player: str, share: float, wins: str) -> tuple[Finding, ...]:
    if not wins or share > FAINT:
        return ()
    seen = f"those of the {player} are {share:.1g} of their longest, {wins}: it learns next to nothing"
    return (Finding(VANISHING, seen, REMEDY),)
