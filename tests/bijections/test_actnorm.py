import torch

from likely.bijections import ActNorm


def test_jacobian_of_rows_and_images(jacobian_agrees, disturbed):
    jacobian_agrees(disturbed(ActNorm(4)), torch.randn(3, 4, dtype=torch.float64))
    jacobian_agrees(disturbed(ActNorm(2)), torch.randn(3, 2, 3, 2, dtype=torch.float64))


def test_prepare_standardises_each_channel():
    part = ActNorm(2)
    z, ladj = part.prepare(torch.randn(64, 2, 5, 5) * torch.tensor([3.0, 0.1])[:, None, None] + 7)
    torch.testing.assert_close(z.mean((0, 2, 3)), torch.zeros(2), atol=1e-4, rtol=0)
    torch.testing.assert_close(z.std((0, 2, 3), correction=0), torch.ones(2), atol=1e-3, rtol=0)
    assert ladj.shape == (64,)


def test_a_first_forward_changes_nothing():
    part = ActNorm(3)
    x = torch.randn(8, 3) + 5
    assert torch.equal(part(x)[0], x)


def test_a_constant_column_and_a_single_row_stay_finite():
    for rows in (1, 5):
        part = ActNorm(2)
        z, ladj = part.prepare(torch.ones(rows, 2))
        assert z.isfinite().all()
        assert ladj.isfinite().all()
