"""Objectives: games, penalties, energies; chain rules, in a row and in any order; codes, their law; noise to undo."""

from likely.objectives.any_order import InAnyOrder
from likely.objectives.autoencoding import Autoencoding
from likely.objectives.code_prior import CodePrior
from likely.objectives.contrast import Contrast, Contrastive, Persistent, ScoreMatching
from likely.objectives.corruption import Corruption, GaussianNoise, Masking, SaltAndPepper
from likely.objectives.game import Game, Hinge, LeastSquares, Minimax, NonSaturating, Relativistic, Wasserstein
from likely.objectives.in_row import InRow
from likely.objectives.inferred import Emits, Inferred, Infers
from likely.objectives.penalty import Interpolated, Judged, Penalty, Unpenalised, ZeroCentred

__all__ = [
    "Autoencoding",
    "CodePrior",
    "Contrast",
    "Contrastive",
    "Corruption",
    "Emits",
    "Game",
    "GaussianNoise",
    "Hinge",
    "InAnyOrder",
    "InRow",
    "Inferred",
    "Infers",
    "Interpolated",
    "Judged",
    "LeastSquares",
    "Masking",
    "Minimax",
    "NonSaturating",
    "Penalty",
    "Persistent",
    "Relativistic",
    "SaltAndPepper",
    "ScoreMatching",
    "Unpenalised",
    "Wasserstein",
    "ZeroCentred",
]
