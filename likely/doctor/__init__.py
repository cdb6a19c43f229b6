"""The health of a training: what is wrong with a model while it learns, and what helps."""

from likely.doctor.attended import Checkup, attended
from likely.doctor.collapse import collapsed
from likely.doctor.examination import Effort, examined, of_training
from likely.doctor.finding import Finding
from likely.doctor.health import Health, Reading, readings_of
from likely.doctor.idle import idle
from likely.doctor.patient import Patient
from likely.doctor.record import Record, read_record

__all__ = [
    "Checkup",
    "Effort",
    "Finding",
    "Health",
    "Patient",
    "Reading",
    "Record",
    "attended",
    "collapsed",
    "examined",
    "idle",
    "of_training",
    "read_record",
    "readings_of",
]
