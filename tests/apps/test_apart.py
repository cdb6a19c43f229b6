"""The distance of draws from held-out rows: against brute force, and its pseudo-values."""

import numpy as np
import pandas as pd
import pytest
import torch

from likely.apps.apart import apart, pseudo
from likely.data import read


def normal(rows, shift, seed):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(rng.normal(size=(rows, 2)) + shift, columns=["x", "y"])


def test_pseudo_values_against_leaving_each_row_out():
    h = torch.randn(7, 7, generator=torch.Generator().manual_seed(0)).double()
    h = h + h.T

    def mean(rows):
        part = h[rows][:, rows].clone().fill_diagonal_(0.0)
        return part.sum() / (len(rows) * (len(rows) - 1))

    whole = list(range(7))
    expected = [7 * mean(whole) - 6 * mean([j for j in whole if j != i]) for i in whole]
    found = pseudo(h.clone())
    assert torch.allclose(found, torch.stack(expected))
    assert float(found.mean()) == pytest.approx(float(mean(whole)))


def test_the_same_law_is_near_and_another_is_far():
    held = read(normal(300, 0.0, 0))
    same, moved = (apart(held, held.alike(read(normal(300, shift, 1)))) for shift in (0.0, 0.7))
    error = float(same.std()) / 300**0.5
    assert abs(float(same.mean())) < 3 * error
    assert float((moved - same).mean()) > 3 * float((moved - same).std()) / 300**0.5


def test_pictures_lie_in_their_own_space():
    digits = read("digits")
    first, second = digits.take(range(100)), digits.take(range(100, 200))
    found = apart(first, second)
    assert found.shape == (100,)
    assert float(apart(first, first.mixed(np.random.default_rng(0))).mean()) > float(found.mean())
