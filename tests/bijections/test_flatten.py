import torch

from likely.bijections import Flatten


def test_jacobian(jacobian_agrees):
    jacobian_agrees(Flatten((2, 3, 2)), torch.randn(2, 2, 3, 2, dtype=torch.float64))
