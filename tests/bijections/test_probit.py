import torch

from likely.bijections import Probit


def test_jacobian(jacobian_agrees):
    jacobian_agrees(Probit(3.0), torch.rand(3, 4, dtype=torch.float64) * 8 - 4)


def test_what_is_uniform_becomes_normal():
    x = torch.rand(20_000, 1, dtype=torch.float64) * 2 - 1
    z, ladj = Probit()(x)
    assert abs(z.mean()) < 0.03
    assert abs(z.std() - 1) < 0.03
    normal = torch.distributions.Normal(0.0, 1.0).log_prob(z)[:, 0]
    torch.testing.assert_close(normal + ladj, torch.full_like(ladj, 0.5).log(), atol=1e-4, rtol=0)


def test_it_is_smooth_at_the_ends_and_comes_back_in_float32():
    probit, x = Probit(2.0), torch.linspace(-2.1, 2.1, 20_001)[:, None]
    z, ladj = probit(x)
    assert (z.diff(dim=0) > 0).all()
    assert ladj.isfinite().all()
    torch.testing.assert_close(probit.inverse(z)[0], x, atol=2e-6, rtol=0)
