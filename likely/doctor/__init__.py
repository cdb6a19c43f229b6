"""The health of a training: what is wrong with a model while it learns, and what helps."""

from likely.doctor.attended import Checkup, attended
from likely.doctor.collapse import collapsed
from likely.doctor.finding import Finding
from likely.doctor.idle import idle

__all__ = ["Checkup", "Finding", "attended", "collapsed", "idle"]
