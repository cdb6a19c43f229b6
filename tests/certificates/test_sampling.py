"""Samples: repeated, alone, inside the space."""

import torch

from likely.certificates.sampling import alone, apart, inside, outside, same_seed, stays_put
from likely.spaces import Category, Count, Image, Real, Tokens, Vector
from tests.certificates import planted
from tests.certificates.planted import clock, subject

NAN = float("nan")


def test_each_sees_its_own_bug():
    for look, bug in ((same_seed, planted.IgnoredSeed), (alone, planted.WholeBatch), (inside, planted.Overflowing)):
        assert look(subject(planted.Kernels), clock()).passed
        assert not look(subject(bug), clock()).passed


def test_rounding_is_no_difference_and_missing_cells_are_equal():
    rows = torch.tensor([[1.0, NAN], [2.0, 3.0]])
    assert apart(rows, rows + 1e-5) == 0
    assert apart(rows, torch.tensor([[1.0, 0.0], [2.0, 3.0]])) == 0.5


def test_a_constant_sample_may_stay_put():
    assert not stays_put(torch.zeros(24, 2), torch.zeros(24, 2))
    assert stays_put(torch.arange(24.0)[:, None], torch.arange(24.0)[:, None])


def test_what_is_outside():
    space = Vector((Real(), Real(missing=True), Count(), Category(3), Category(2, missing=True)))
    right = torch.tensor([[0.5, NAN, 7.0, 2.0, NAN]])
    wrong = torch.tensor([[NAN, torch.inf, -1.0, 3.0, 0.5]])
    assert not outside(right, space).any()
    assert outside(wrong, space).all()
    assert outside(torch.tensor([[[[0.0, 4.0], [1.5, NAN]]]]), Image(1, 2, 2, 4)).tolist() == [
        [[[False, True], [True, True]]]
    ]
    assert outside(torch.tensor([[-1, 4, -2]]), Tokens(4, 3)).tolist() == [[False, True, True]]
    assert outside(torch.tensor([[[[NAN]]]]), Image(1, 1, 1, None)).all()
