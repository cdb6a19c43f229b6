import torch

from likely.bijections import Permutation, Reverse


def test_there_and_back(jacobian_agrees):
    jacobian_agrees(Permutation([2, 0, 1]), torch.randn(3, 3, dtype=torch.float64))
    jacobian_agrees(Reverse(), torch.randn(3, 3, dtype=torch.float64))
    jacobian_agrees(Permutation(torch.tensor([1, 0])), torch.randn(3, 2, 2, 2, dtype=torch.float64))


def test_order_is_read_from_left_to_right():
    assert Permutation([2, 0, 1])(torch.tensor([[1.0, 2.0, 3.0]]))[0].tolist() == [[3.0, 1.0, 2.0]]
