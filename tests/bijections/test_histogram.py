import pytest
import torch

from likely.bijections import Histogram
from likely.errors import FieldError


def parameters(cells, bins, scale=2.0):
    return scale * torch.randn(2, bins, cells, dtype=torch.float64)


def test_gradients_by_hand_are_those_of_autograd():
    form = Histogram(bins=5, tail=2.0)
    x = 4 * torch.rand(2, 6, dtype=torch.float64) - 2
    x[0, :2] = torch.tensor([-3.0, 2.5])  # beyond the ends
    inputs = x.requires_grad_(), parameters(6, 5).requires_grad_()
    assert torch.autograd.gradcheck(form.forward, inputs)


def test_slopes_agree_with_autograd():
    form = Histogram(bins=7)
    x = (3 * torch.rand(2, 50, dtype=torch.float64) - 1.5).requires_grad_()
    z, ladj = form.forward(x, parameters(50, 7))
    torch.testing.assert_close(ladj, torch.autograd.grad(z.sum(), x)[0].log())


def test_it_is_the_cumulative_histogram():
    form, a = Histogram(bins=4), parameters(1, 4)
    p = a.softmax(1)
    at = torch.tensor([-1.0, -0.5, 0.0, 0.5, 1.0], dtype=torch.float64)
    z, _ = form.forward(at[None].repeat(2, 1), a.expand(2, 4, 5))
    expected = torch.cat((torch.zeros(2, 1), p[..., 0].cumsum(1)), 1) * 2 - 1
    torch.testing.assert_close(z, expected.double(), atol=1e-3, rtol=0)


def test_without_parameters_it_is_the_identity():
    x = torch.linspace(-2, 2, 9)[None]
    z, ladj = Histogram(bins=6).forward(x, torch.zeros(1, 6, 9))
    torch.testing.assert_close(z, x)
    torch.testing.assert_close(ladj, torch.zeros_like(x))


@pytest.mark.parametrize("scale", [1.0, 8.0, 100.0])
def test_it_comes_back_in_float32(scale):
    """However empty a bin is said to be."""
    form, x = Histogram(bins=24), torch.rand(2, 5000) * 2.4 - 1.2
    a = parameters(5000, 24, scale).float()
    z, ladj = form.forward(x, a)
    back, back_ladj = form.inverse(z, a)
    assert (back - x).abs().max() < 1e-4
    inside = torch.floor(12 * (back + 1)) == torch.floor(12 * (x + 1))  # at an edge the neighbouring bin is as right
    assert inside.float().mean() > 0.9
    torch.testing.assert_close(back_ladj[inside], -ladj[inside], atol=1e-2, rtol=0)


def test_settled_parameters_make_a_sample_uniform():
    form = Histogram(bins=10)
    x = torch.rand(3, 4000).pow(torch.tensor([1.0, 1.5, 2.0])[:, None]) * 2 - 1
    z, _ = form.forward(x.reshape(1, -1), form.settled(x).repeat_interleave(4000, 1)[None])
    counts = torch.stack([torch.histc(row, 5, -1, 1) for row in z.view(3, -1)])
    assert (counts / 4000 - 0.2).abs().max() < 0.06


def test_wrong_fields_are_told():
    with pytest.raises(FieldError):
        Histogram(bins=1)
    with pytest.raises(FieldError):
        Histogram(tail=0.0)
