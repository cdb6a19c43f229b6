import pytest
import torch

from likely.bijections import Linear


@pytest.mark.parametrize("shape", [(1,), (5,), (3, 2, 2)])
def test_jacobian(jacobian_agrees, disturbed, shape):
    jacobian_agrees(disturbed(Linear(shape[0])), torch.randn(3, *shape, dtype=torch.float64))


def test_starts_as_a_rotation():
    x = torch.randn(7, 20)
    z, ladj = Linear(20)(x)
    torch.testing.assert_close(z.norm(dim=1), x.norm(dim=1), atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(ladj, torch.zeros(7), atol=1e-5, rtol=0)


def test_starts_as_the_permutation_it_is_given():
    order, x = torch.tensor([2, 0, 3, 1]), torch.randn(7, 4)
    part = Linear(4, torch.eye(4)[order])
    z, ladj = part(x)
    torch.testing.assert_close(z, x[:, order])
    torch.testing.assert_close(part.inverse(z)[0], x)
    assert (ladj == 0).all()


def test_hundred_columns_come_back_in_float32(disturbed):
    part = disturbed(Linear(100), 0.02)
    x = torch.distributions.StudentT(2.0).sample((256, 100))
    with torch.no_grad():
        back = part.inverse(part(x)[0])[0]
    assert ((back - x).abs() / (1 + x.abs().amax(1, keepdim=True))).max() < 1e-4


def test_stays_in_full_precision_under_autocast():
    part, x = Linear(16), torch.randn(8, 16)
    with torch.autocast("cpu", torch.bfloat16):
        z, _ = part(x)
    assert z.dtype == torch.float32
    torch.testing.assert_close(z, part(x)[0])
