import math

import pytest
import torch

from likely.bijections.root import rising_root

CURVES = {
    "a line": (lambda t: 3 * t, lambda t: torch.full_like(t, 3.0)),
    "a cube, flat at its root": (lambda t: t**3, lambda t: 3 * t**2),
    "a steep step": (lambda t: torch.tanh(1e4 * t), lambda t: 1e4 * (1 - torch.tanh(1e4 * t) ** 2)),
    "an exponential": (lambda t: torch.exp(t) - 1, torch.exp),
}


@pytest.mark.parametrize("curve", CURVES)
def test_the_root_of_any_rising_function(curve):
    value, slope = CURVES[curve]
    at = torch.linspace(-4, 4, 33, dtype=torch.float64)
    found = rising_root(lambda t: (value(t - at), slope(t - at)), at - 7, at + 9)
    torch.testing.assert_close(found, at, atol=1e-5 if "flat" in curve else 1e-12, rtol=0)


def test_a_function_without_a_slope_is_halved():
    found = rising_root(lambda t: (torch.sign(t - math.pi), torch.zeros_like(t)), torch.zeros(2), torch.full((2,), 8.0))
    torch.testing.assert_close(found, torch.full((2,), math.pi), atol=1e-6, rtol=0)


def test_without_a_root_the_nearer_end():
    found = rising_root(lambda t: (t + 5, torch.ones_like(t)), torch.zeros(1), torch.ones(1))
    assert found.item() == pytest.approx(0, abs=1e-6)
