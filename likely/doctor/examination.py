"""One look at a model: what it makes beside real rows, what its critic says of both, and how its training went."""

from dataclasses import dataclass
from typing import Any, final

import numpy as np

from likely.contracts import Judges
from likely.data import Pieces, Rows
from likely.doctor.calibrated import Told, told_apart
from likely.doctor.census import Counted, census
from likely.doctor.copying import copying
from likely.doctor.critic import another_judge, critic
from likely.doctor.gradients import gradients
from likely.doctor.health import Health
from likely.doctor.oscillation import oscillation
from likely.doctor.patient import Made, Patient
from likely.doctor.record import Record
from likely.doctor.support import support
from likely.errors import LikelyError
from likely.metrics.features import FAR, features, sampled

Array = np.ndarray[Any, Any]
NUMBERS = 1 << 24  # in all the real rows that are looked at as points


@final
@dataclass(frozen=True)
class Effort:
    """How much is looked at."""

    made: int = 4000  # rows that are drawn
    real: int = 20_000  # rows that were learned from, at most; as many held-out ones at most
    judged: int = 2000  # rows of each kind that the critic scores
    seconds: float = 20.0  # of drawing


PASSING = Effort(made=512, real=2000, judged=512, seconds=1.0)  # while a model trains


def of_training(record: Record, told: Told | None = None) -> Health:
    """What the reports of a training show."""
    return gradients(record, told) + oscillation(record)


def examined(patient: Patient, record: Record, effort: Effort | None = None) -> Health:
    """Everything; what only rows at large show (support, copies) where these are not `PASSING`."""
    effort = effort or Effort()
    training = patient.model.training
    patient.model.eval()
    try:
        return _looked(patient, record, effort)
    finally:
        patient.model.train(training)


def _looked(patient: Patient, record: Record, effort: Effort) -> Health:
    made = patient.made(effort.made, effort.seconds)
    points = _points(patient, made, effort)
    told, health = _critic(patient, made, points, effort)
    health += of_training(record, told)
    if isinstance(points, str):
        return health + Health(left_out=(points,))
    return health + _rows(patient, made, points, effort)


# What it makes -------------------------------------------------------------------------------------------------------


@final
@dataclass(frozen=True)
class Points:
    """Rows in one Euclidean space."""

    learned: Array
    held_out: Array
    made: Array
    of: Rows  # the learned ones
    paged: bool = False  # rows follow one another, and held-out ones are others for that


def _points(patient: Patient, made: Made, effort: Effort) -> "Points | str":
    """All rows as points, or why they cannot be."""
    try:
        width = max(1, int(np.prod(patient.codec.space.shape)))
        most = max(200, min(effort.real, NUMBERS // width))
        known, unseen = (None if rows is None else sampled(rows, most, patient.seed)
                         for rows in (patient.learned, patient.held_out))  # fmt: skip
        assert known is not None
        sides = [patient.modelled(rows, made.rows) for rows in (known, *([] if unseen is None else [unseen]))]
        learned, *other = features(*sides, made.rows)
    except LikelyError as error:
        return f"modes, support and copies: {error.what}"
    held_out = other[0] if len(other) == 2 else learned[:0]
    paged = isinstance(known, Pieces) and known.consecutive
    return Points(learned, held_out, other[-1], known, paged)


def _rows(patient: Patient, made: Made, points: Points, effort: Effort) -> Health:
    game, seed = isinstance(patient.model, Judges), patient.seed
    health = census(Counted(points.of, points.learned), Counted(made.rows, points.made), game=game, seed=seed)
    if effort == PASSING:
        return health
    health += support(_near(points.learned), _near(points.made), game=game, seed=seed)
    if points.paged:
        return health + Health(left_out=("copies: pages follow one another, and held-out ones are others for that",))
    return health + copying(points.learned, points.held_out, points.made, game=game, seed=seed)


def _near(points: Array) -> Array:
    """Rows none of whose numbers is so far out that it counts as no farther: those would all be the same."""
    return points[(np.abs(points) != FAR).all(1)]


# What its critic says ------------------------------------------------------------------------------------------------


def _critic(patient: Patient, made: Made, points: "Points | str", effort: Effort) -> tuple[Told | None, Health]:
    if not isinstance(patient.model, Judges):
        return None, Health()
    if patient.held_out is None:
        return None, Health(left_out=("the critic: no row was held out to judge it by",))
    real, learned = (patient.scores(rows, effort.judged) for rows in (patient.held_out, patient.learned))
    fake = patient.judged(made.u[: effort.judged], None if made.c is None else made.c[: effort.judged])
    told = told_apart(real, fake, seed=patient.seed)
    beside = None if isinstance(points, str) else another_judge(points.held_out, points.made, seed=patient.seed)
    return told, critic(real, fake, learned, told, beside=beside)
