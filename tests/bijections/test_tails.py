import pytest
import torch

from likely.bijections import Tails


def test_jacobian(jacobian_agrees, disturbed):
    tails = disturbed(Tails(4), 1.0)
    jacobian_agrees(tails, 10 * torch.randn(5, 4, dtype=torch.float64))
    with torch.no_grad():
        tails.log_bend.fill_(2.0)
    x = torch.randn(5, 4, dtype=torch.float64)
    jacobian_agrees(tails, x * 1e13)  # on the tangents too
    for row in x:
        z, ladj = tails(row[None])
        back = torch.autograd.functional.jacobian(lambda z: tails.inverse(z)[0], z.detach()).view(4, 4)
        assert back.slogdet()[1].item() == pytest.approx(-ladj.item(), abs=1e-10)


def test_a_normal_column_is_standardised_and_a_cauchy_column_comes_in():
    x = torch.stack([3 * torch.randn(20_000) + 5, torch.distributions.StudentT(1.0).sample((20_000,))], 1)
    z, _ = Tails(2).prepare(x)
    assert z.mean(0).abs().max() < 0.05
    assert z[:, 0].std().item() == pytest.approx(1, abs=0.03)
    assert z[:, 1].std().item() == pytest.approx(1, abs=0.3)
    assert z.abs().max() < 7
    skewness, kurtosis = (z**3).mean(0), (z**4).mean(0) / (z**2).mean(0) ** 2
    assert skewness.abs().max() < 0.2
    assert kurtosis[0].item() == pytest.approx(3, abs=0.2)
    assert kurtosis[1] < 5


def test_far_cells_come_back_with_their_relative_precision():
    x = torch.logspace(-6, 20, 200)[:, None] * torch.tensor([1.0, -1.0])
    tails = Tails(2)
    tails.prepare(torch.distributions.StudentT(1.0).sample((1000, 2)))
    with torch.no_grad():
        z, ladj = tails(x)
        back, back_ladj = tails.inverse(z)
    assert ((back - x).abs() / (1 + x.abs())).max() < 3e-5
    assert (ladj + back_ladj).abs().max() < 1e-3
    assert torch.isfinite(tails.inverse(torch.tensor([[1e6, -1e6]]))[0]).all()


@pytest.mark.parametrize("sample", [torch.ones(50, 2), torch.zeros(1, 2), torch.tensor([[0.0, 1.0], [0.0, 1e3]])])
def test_poor_samples_leave_something_finite(sample):
    tails = Tails(2)
    z, ladj = tails.prepare(sample)
    assert z.isfinite().all()
    assert ladj.isfinite().all()
    torch.testing.assert_close(tails.inverse(z)[0], sample, atol=1e-4, rtol=1e-4)
