"""The adaptive solver: as near as its tolerance says, in the calls it needs, each row for itself."""

from itertools import pairwise

import pytest
import torch
from mixtures import start, three
from orders import HIGH, LOW, truth

from likely.diffusion import Adaptive, Karras, walked
from likely.errors import FieldError
from likely.rng import Keyed

SCHEDULE = Karras(low=LOW, high=HIGH)


def walk(tolerance, calls=2000, rows=32):
    return walked(Adaptive(tolerance), three().denoise, SCHEDULE, start(SCHEDULE, rows), calls=calls, rng=Keyed(0))


def test_the_error_follows_the_tolerance_and_the_calls_its_cube_root():
    tolerances = (1e-2, 1e-3, 1e-4, 1e-5, 1e-6)
    walks = [walk(tolerance) for tolerance in tolerances]
    errors = [float((drawn.x - truth()).norm(dim=1).mean()) for drawn in walks]
    assert all(error < 10 * tolerance for error, tolerance in zip(errors, tolerances))
    assert all(before / after > 2 for before, after in pairwise(errors))
    growth = walks[-1].calls / walks[-2].calls
    assert 1.7 < growth < 2.6  # the cube root of ten is 2.15


def test_where_calls_run_out_the_rest_is_one_step():
    error = [float((walk(1e-6, calls).x - truth()).norm(dim=1).mean()) for calls in (8, 32, 128, 512)]
    assert error[0] > error[1] > error[2] > error[3]
    assert [walk(1e-6, calls).calls <= calls for calls in (8, 32, 128)] == [True] * 3


def test_a_row_takes_its_own_steps():
    """Company that is hard to solve changes nothing: bit for bit but for the order of sums."""
    hard = torch.cat([start(SCHEDULE, 32)[:5], 1e3 * torch.ones(3, 2).double()])
    mixed = walked(Adaptive(), three().denoise, SCHEDULE, hard, calls=300, rng=Keyed(0)).x
    alone = walked(Adaptive(), three().denoise, SCHEDULE, hard[:5], calls=300, rng=Keyed(0)).x
    assert torch.allclose(mixed[:5], alone, atol=1e-12)


def test_float32_stops():
    rows = start(SCHEDULE, 32).float()
    denoise = lambda x, sigma, c: three().denoise(x.double(), sigma.double()).float()  # noqa: E731
    drawn = walked(Adaptive(1e-4), denoise, SCHEDULE, rows, calls=1000, rng=Keyed(0))
    assert drawn.calls < 400
    assert float((drawn.x - truth()).norm(dim=1).mean()) < 1e-2


def test_a_tolerance_of_nothing_is_refused():
    with pytest.raises(FieldError, match="tolerance"):
        Adaptive(0.0)
