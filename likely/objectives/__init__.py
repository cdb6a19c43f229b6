"""Objectives: games and their penalties; chain rules, in a row and in any order; the law of codes."""

from likely.objectives.any_order import InAnyOrder
from likely.objectives.code_prior import CodePrior
from likely.objectives.game import Game, Hinge, LeastSquares, Minimax, NonSaturating, Relativistic, Wasserstein
from likely.objectives.in_row import InRow
from likely.objectives.penalty import Interpolated, Judged, Penalty, Unpenalised, ZeroCentred

__all__ = [
    "CodePrior",
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
