"""Rubin's rules against hand-reckoned numbers, limits, and the coverage that they are for."""

import math

import numpy as np
import pytest
from scipy.stats import t

from likely.errors import FieldError
from likely.pooling import pooled


def test_by_hand():
    told = pooled([1.0, 2.0, 3.0, 4.0], [1.0, 1.0, 2.0, 2.0], freedom=20)
    assert (told.estimate, told.within) == (2.5, 1.5)
    assert told.between == pytest.approx(5 / 3)
    assert told.total == pytest.approx(1.5 + 1.25 * 5 / 3)
    share = (1.25 * 5 / 3) / (1.5 + 1.25 * 5 / 3)
    assert told.share == pytest.approx(share)
    freedom = 1 / (share**2 / 3 + 1 / ((1 - share) * 20 * 21 / 23))
    assert told.freedom == pytest.approx(freedom)
    r = 1.25 * (5 / 3) / 1.5
    assert told.missing_information == pytest.approx((r + 2 / (freedom + 3)) / (r + 1))
    low, high = told.interval(0.9)
    assert high - 2.5 == pytest.approx(t.ppf(0.95, freedom) * math.sqrt(told.total))
    assert low == pytest.approx(5 - high)


def test_where_nothing_is_missing_the_answer_is_that_of_complete_data():
    told = pooled([2.0] * 5, [0.25] * 5, freedom=9)
    assert (told.total, told.share) == (0.25, 0.0)
    assert told.freedom == pytest.approx(9 * 10 / 12)
    assert pooled([2.0] * 5, [0.25] * 5).interval() == pytest.approx((2 - 1.959964 / 2, 2 + 1.959964 / 2))


def test_where_all_is_missing():
    told = pooled([0.0, 1.0], [0.0, 0.0])
    assert (told.share, told.missing_information, told.freedom) == (1.0, 1.0, 1.0)
    assert pooled([0.0, 1.0], [0.0, 0.0], freedom=9).interval() == (-math.inf, math.inf)


def test_what_cannot_be_pooled():
    for estimates, variances, freedom in (([1], [1], 5), ([1, 2], [1], 5), ([1, math.nan], [1, 1], 5),
                                          ([1, 2], [1, -1], 5), ([1, 2], [1, 1], 0)):  # fmt: skip
        with pytest.raises(FieldError):
            pooled(estimates, variances, freedom=freedom)


def test_intervals_cover():
    """A mean of 30 normals, half of them missing, imputed from their posterior by 10 draws: 95 % are 95 %."""
    rng, covered, n, seen, m = np.random.default_rng(0), 0, 30, 15, 10
    for _ in range(1500):
        y = rng.normal(size=seen)
        scale = np.sqrt((seen - 1) * y.var(ddof=1) / rng.chisquare(seen - 1, m))
        centre = rng.normal(y.mean(), scale / math.sqrt(seen))
        whole = np.hstack([np.tile(y, (m, 1)), rng.normal(centre[:, None], scale[:, None], (m, n - seen))])
        low, high = pooled(whole.mean(1), whole.var(1, ddof=1) / n, freedom=n - 1).interval()
        covered += low <= 0 <= high
    assert covered / 1500 == pytest.approx(0.95, abs=0.02)
