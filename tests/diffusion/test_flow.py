"""The flow's coordinates: still for a normal law, and the probability flow for any."""

import torch
from mixtures import gaussian, three

from likely.diffusion.flow import beside, drift


def look(mixture):
    return lambda x, sigma: mixture.denoise(x, sigma)


def test_a_normal_law_stands_still():
    y, v = torch.randn(9, 2).double(), torch.linspace(-4, 3, 9).double()
    assert drift(look(gaussian(1.0)), y, v).abs().max() < 1e-12


def test_it_is_the_probability_flow():
    """dx / d sigma = (x - D) / sigma, through y = x / sqrt(1 + sigma^2), by small differences."""
    mixture, y, v, h = three(), torch.randn(9, 2).double(), torch.linspace(-2, 3, 9).double(), 1e-6
    sigma = beside(v.exp(), y)
    x = y * (1 + sigma**2).sqrt()
    moved = x + (x - mixture.denoise(x, v.exp())) / sigma * (sigma * h)
    later = moved / (1 + (sigma * (1 + h)) ** 2).sqrt()
    assert torch.allclose((later - y) / h, drift(look(mixture), y, v), atol=1e-4)


def test_one_value_a_row_lies_beside_cells():
    assert beside(torch.arange(3.0), torch.zeros(3, 2, 4)).shape == (3, 1, 1)
