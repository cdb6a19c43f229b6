"""Rows as points: standardised, blind to missing cells, apart where states differ."""

import math

import torch

from likely.distributions.embedding import Embedding
from likely.distributions.state import Cells
from likely.spaces import Category, Count, Real, Vector, reals


def test_reals_are_in_units_of_their_spread_and_missing_ones_in_the_middle() -> None:
    embedding = Embedding(Cells(reals(2)))
    embedding.learn(torch.tensor([1.0, 10.0]).double(), torch.tensor([4.0, 25.0]).double())
    points = embedding.points(torch.tensor([[3.0, 0.0], [math.nan, 10.0]]))
    assert points.tolist() == [[1.0, -2.0], [0.0, 0.0]]


def test_counts_are_logarithmic_and_different_states_are_apart() -> None:
    embedding = Embedding(Cells(Vector((Count(), Category(3, missing=True), Real(atoms=(0.0,))))))
    rows = torch.tensor(
        [[5.0, 0, 1.0], [5.0, 0, 1.0], [5.0, 1, 1.0], [5.0, math.nan, 1.0], [5.0, 0, 0.0], [1e6, 0, 1.0]]
    )
    points = embedding.points(rows)
    gaps = (points - points[0]).square().sum(1)
    assert gaps[1] == 0
    assert (gaps[2:5] > 0.3).all()
    assert (gaps[2:] < 250).all()
    assert points.shape == (6, embedding.width)
