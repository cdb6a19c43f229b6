"""Games: what the two players of a GAN want, and the penalties that keep the critic smooth."""

from likely.objectives.game import Game, Hinge, LeastSquares, Minimax, NonSaturating, Relativistic, Wasserstein
from likely.objectives.penalty import Interpolated, Judged, Penalty, Unpenalised, ZeroCentred

__all__ = [
    "Game",
    "Hinge",
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
