"""Levels as they are listed; what every schedule keeps to is in test_schedule.py."""

import pytest
import torch

from likely.diffusion import Listed
from likely.errors import FieldError

LEVELS = (20.0, 7.5, 2.0, 0.3, 0.04)


def test_as_many_calls_visit_just_these():
    assert torch.allclose(Listed(LEVELS).grid(5), torch.tensor([*LEVELS, 0.0], dtype=torch.float64))


def test_more_calls_visit_levels_in_between():
    grid = Listed(LEVELS).grid(9)
    assert torch.allclose(grid[:-1:2], torch.tensor(LEVELS, dtype=torch.float64))
    assert torch.allclose(grid[1], torch.tensor(20.0 * 7.5, dtype=torch.float64).sqrt())


@pytest.mark.parametrize("levels", [(), (1.0,), (1.0, 1.0), (1.0, 2.0), (1.0, 0.0), (float("inf"), 1.0)])
def test_what_does_not_fall_is_refused(levels):
    with pytest.raises(FieldError, match="do not fall"):
        Listed(levels)
