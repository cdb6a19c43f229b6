"""Whether two columns hang together."""

import numpy as np
import pytest
import torch

from likely.certificates.association import BINS, binned, partner, strength

RNG = np.random.default_rng(0)
NOISE = torch.from_numpy(RNG.normal(size=(2000, 3)))


def test_few_values_are_codes_and_many_are_fifths():
    assert binned(torch.tensor([3.0, 1.0, torch.nan, 1.0])).tolist() == [1, 0, BINS, 0]
    counts = torch.bincount(binned(NOISE[:, 0]))
    assert len(counts) == BINS
    assert counts.min() > 300
    assert binned(torch.full((3,), torch.nan)).tolist() == [BINS] * 3


def test_independent_columns_have_none_and_equal_ones_all():
    a, b = binned(NOISE[:, 0]), binned(NOISE[:, 1])
    assert strength(a, b) == 0
    assert strength(a, a) == pytest.approx(1)
    assert strength(a, torch.zeros_like(a)) == 0
    cells = torch.tensor([0, 1]).repeat(20)
    assert strength(cells, cells) == pytest.approx(1)


def test_one_row_in_two_rare_bins_is_no_proof():
    rare = torch.zeros(500, dtype=torch.int64)
    rare[7] = 1
    assert strength(rare, rare) == 0


def test_the_strongest_partner_is_named_and_a_weak_one_is_not():
    columns = torch.stack([NOISE[:, 0], NOISE[:, 1], NOISE[:, 0] + NOISE[:, 2]], 1)
    found = partner(columns, 2, among=range(3))
    assert found is not None
    assert found.column == 0
    assert partner(columns, 1, among=range(3)) is None
    assert partner(columns, 0, among=[0]) is None
