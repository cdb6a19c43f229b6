"""Lengths of both players' gradients: a critic that no longer moves, a generator that is no longer told anything.

A critic that always wins leaves a generator of the first game (`Minimax`) hardly any gradient, since its loss is flat
where it loses; what counts is its length now, beside the longest of the training.
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
FAINTER = 1e-4  # the same where nobody can ask the critic
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
    others = [_vanishing(player, now[player][0], told) for player in record.players if player != CRITIC]
    return Health(sum(others, _still(now[CRITIC][0])), readings)


def _now(lengths: Array) -> tuple[float, float, float]:
    """The median of the latest lengths and its 98 % interval (order statistics), as shares of the longest."""
    there = lengths[np.isfinite(lengths)]
    longest, latest = float(there.max()), np.sort(there[-LATEST:])
    if longest == 0:
        return 0.0, 0.0, 0.0
    return float(np.median(latest)) / longest, float(latest[1]) / longest, float(latest[-2]) / longest


def _reading(player: str, value: float, low: float, high: float) -> Reading:
    name = f"the {player}'s gradient, of its longest"
    return Reading(name, value, low, high, f"the latest {LATEST} reports", f"above {FAINT:g}")


def _still(share: float) -> tuple[Finding, ...]:
    if share > STILL:
        return ()
    return (Finding(DEAD, "no gradient reaches its weights any more: it says the same of every row", AGAIN),)


def _vanishing(player: str, share: float, told: Told | None) -> tuple[Finding, ...]:
    if told is None:
        faint, why = share <= FAINTER, "while its loss goes on"
    else:
        faint = share <= FAINT and told.accuracy - 2 * told.accuracy_error >= WINS
        why = f"while the critic tells {told.accuracy:.1%} of held-out and generated rows apart"
    if not faint:
        return ()
    seen = f"those of the {player} are {share:.1g} of their longest, {why}: it learns next to nothing"
    return (Finding(VANISHING, seen, REMEDY),)
