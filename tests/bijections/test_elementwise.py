import torch

from likely.bijections import Additive, Affine


def test_affine_slopes_agree_with_autograd():
    x = torch.randn(2, 6, dtype=torch.float64, requires_grad=True)
    parameters = 3 * torch.randn(2, 2, 6, dtype=torch.float64)
    z, ladj = Affine().forward(x, parameters)
    (slope,) = torch.autograd.grad(z.sum(), x)
    torch.testing.assert_close(ladj, slope.log())
    back, back_ladj = Affine().inverse(z, parameters)
    torch.testing.assert_close(back, x)
    torch.testing.assert_close(back_ladj, -ladj)


def test_affine_scales_are_bounded():
    parameters = torch.tensor([1e6, -1e6, 0.0]).expand(1, 2, 3).clone()
    z, ladj = Affine(limit=2.0).forward(torch.full((1, 3), 1e6), parameters)
    assert z.isfinite().all()
    assert ladj.abs().max() <= 2.0
    assert ladj[0, 2] == 0


def test_additive_shifts_and_keeps_volumes():
    x, t = torch.randn(1, 6), torch.randn(1, 1, 6)
    z, ladj = Additive().forward(x, t)
    assert torch.equal(z, x + t[:, 0])
    assert not ladj.any()
    torch.testing.assert_close(Additive().inverse(z, t)[0], x)
