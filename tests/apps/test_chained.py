"""Unknown cells drawn by chained trees."""

import numpy as np
import pytest

from likely.apps.chained import Chained
from likely.errors import FieldError


def holed(rows=600):
    rng = np.random.default_rng(0)
    side = rng.integers(0, 2, rows)
    whole = np.stack([side, 10 * side + rng.normal(size=rows), rng.normal(size=rows)], 1)
    cells = np.where(rng.random(whole.shape) < 0.2, np.nan, whole)
    return whole, cells, np.array([True, False, False])


def test_draws_follow_the_conditional_and_leave_known_cells_alone():
    whole, cells, choices = holed()
    made = list(Chained().completions(cells, choices, 8, rng=np.random.default_rng(1)))
    known, told = ~np.isnan(cells), ~np.isnan(cells[:, 1]) & np.isnan(cells[:, 0])
    for x in made:
        assert np.array_equal(x[known], cells[known])
        assert np.isin(x[:, 1], cells[known[:, 1], 1]).all()
        assert (x[told, 0] == whole[told, 0]).mean() > 0.93
    side = ~np.isnan(cells[:, 0]) & np.isnan(cells[:, 1])
    apart = np.stack(made)[:, side, 1] - 10 * whole[side, 0]
    assert abs(apart.mean()) < 0.3
    assert apart.std() == pytest.approx(1, abs=0.3)
    again = next(Chained().completions(cells, choices, 8, rng=np.random.default_rng(1)))
    assert np.array_equal(again, made[0])


def test_columns_alone_and_few_rows_are_drawn_from_what_there_is():
    cells = np.array([[1.0], [np.nan], [3.0]])
    drawn = next(Chained().completions(cells, np.array([False]), 1, rng=np.random.default_rng(0)))
    assert drawn[1, 0] in (1.0, 3.0)


def test_what_cannot_be_is_refused():
    with pytest.raises(FieldError, match="share"):
        Chained(share=0)
    with pytest.raises(FieldError, match="trees"):
        Chained(trees=0)
