import pytest
import torch

from likely.bijections import Logit


@pytest.mark.parametrize("margin", [0.01, 0.05, 0.2])
def test_jacobian_within_and_beyond(jacobian_agrees, margin):
    jacobian_agrees(Logit(margin), torch.linspace(-1.3, 1.3, 20, dtype=torch.float64).view(4, 5))
    jacobian_agrees(Logit(margin), torch.rand(2, 1, 2, 2, dtype=torch.float64))


def test_the_tangent_continues_the_curve():
    part = Logit().double()
    x = torch.tensor([[1 - 1e-9], [1 + 1e-9]], dtype=torch.float64)
    z, ladj = part(x)
    torch.testing.assert_close(z[0], z[1], atol=1e-6, rtol=0)
    torch.testing.assert_close(ladj[0], ladj[1], atol=1e-6, rtol=0)


def test_far_values_are_finite_both_ways():
    x = torch.tensor([[1e6], [-1e6], [1.0], [-1.0]])
    z, ladj = Logit()(x)
    back, back_ladj = Logit().inverse(z)
    assert all(values.isfinite().all() for values in (z, ladj, back, back_ladj))
    torch.testing.assert_close(back, x, rtol=1e-5, atol=1e-5)
