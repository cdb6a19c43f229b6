"""Planes: features by hand; a cell that is not told has none. Naive Bayes is the oracle of the rest."""

import math

import torch

from likely.distributions.plane import planes
from likely.distributions.state import Cells
from likely.spaces import Category, Real, Vector


def test_features_and_weights_by_hand() -> None:
    cells = Cells(Vector((Real(atoms=(9.0,), missing=True), Category(2))))
    log_law = torch.log(torch.tensor([[0.5, 0.3, 0.2, 0.6, 0.4], [0.8, 0.1, 0.1, 0.5, 0.5]]).double())
    slope, added = torch.tensor([[2.0], [-1.0]]).double(), torch.tensor([[-3.0], [-4.0]]).double()
    line = slope, added, torch.tensor([1.0]).double(), torch.tensor([0])
    found = planes(cells, log_law, [line], torch.log(torch.tensor([0.25, 0.75]).double()))
    x = torch.tensor([[3.0, 1.0], [9.0, 0.0], [math.nan, math.nan]])
    assert found.features(x).tolist() == [[2, 1, 0, 0, 0, 1], [0, 0, 1, 0, 1, 0], [0, 0, 0, 1, 0, 0]]
    scores = torch.tensor([
        [2 * 2.0 - 3 + math.log(0.5 * 0.4 * 0.25), -2.0 - 4 + math.log(0.8 * 0.5 * 0.75)],
        [math.log(0.3 * 0.6 * 0.25), math.log(0.1 * 0.5 * 0.75)],
        [math.log(0.2 * 0.25), math.log(0.1 * 0.75)],
    ]).double()  # fmt: skip
    torch.testing.assert_close(found.log_posterior(x), scores.log_softmax(1))
