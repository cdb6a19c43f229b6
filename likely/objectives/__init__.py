"""Objectives: games and their penalties; the chain rule over codes in a row, and over cells in any order."""

from likely.objectives.any_order import InAnyOrder
from likely.objectives.game import Game, Hinge, LeastSquares, Minimax, NonSaturating, Relativistic, Wasserstein
from likely.objectives.in_row import InRow
from likely.objectives.penalty import Interpolated, Judged, Penalty, Unpenalised, ZeroCentred

__all__ = [
    "Game",
    "Hinge",
    "InAnyOrder",
    "InRow",
    "Interpolated",
    "Judged",
    "LeastSquares",
    "Minimax",
    "NonSaturating",
    "Penalty",
    "Relativistic",
    "Unpenalised",
    "Wasserstein",
    "ZeroCentred",
]
