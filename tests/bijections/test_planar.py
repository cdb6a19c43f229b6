import pytest
import torch

from likely.bijections import Planar


@pytest.mark.parametrize("size", [1, 2, 5])
def test_jacobian(jacobian_agrees, disturbed, size):
    jacobian_agrees(disturbed(Planar(size), 1.0), 2 * torch.randn(4, size, dtype=torch.float64))


def test_jacobian_given_a_context(jacobian_agrees, disturbed):
    planar = disturbed(Planar(3, context=2), 1.0)
    jacobian_agrees(planar, torch.randn(4, 3, dtype=torch.float64), torch.randn(4, 2, dtype=torch.float64))


@pytest.mark.parametrize("push", [-30.0, -3.0, 0.0, 3.0, 300.0])
def test_any_weights_can_be_undone_in_float32(push):
    """However hard v pulls against w, the slope along w stays positive and a row comes back."""
    planar = Planar(4)
    with torch.no_grad():
        planar.v.copy_(push * planar.w / planar.w.square().sum())
        x = torch.randn(500, 4) * torch.logspace(-2, 4, 500)[:, None]
        z, ladj = planar(x)
        back, back_ladj = planar.inverse(z)
    assert ladj.isfinite().all()
    error = (back - x).abs().amax(1) / (1 + x.abs().amax(1))
    assert error.max() < 1e-4 * max(1.0, abs(push))  # u is that long, and so is what rounds away
    assert (z - planar(back)[0]).abs().amax(1).div(1 + z.abs().amax(1)).max() < 1e-5 * max(1.0, abs(push))
    assert back_ladj.isfinite().all()


def test_weights_of_zero_are_finite():
    planar = Planar(2)
    with torch.no_grad():
        planar.w.zero_()
    z, ladj = planar(torch.ones(1, 2))
    assert z.isfinite().all()
    assert ladj.isfinite().all()


def test_the_way_back_has_the_gradient_of_the_way_back():
    planar = Planar(3).double()
    z = torch.randn(2, 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda z: planar.inverse(z)[0], z, atol=1e-6)
    jacobian = torch.autograd.functional.jacobian(lambda row: planar.inverse(row)[0], z[:1]).view(3, 3)
    assert planar.inverse(z)[1][0].item() == pytest.approx(jacobian.slogdet()[1].item(), abs=1e-8)
    planar.inverse(z)[1].sum().backward()
    assert planar.v.grad is not None
