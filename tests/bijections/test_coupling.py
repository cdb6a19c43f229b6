import pytest
import torch

from likely.bijections import (
    Affine,
    Chain,
    Checkerboard,
    Convolutional,
    Coupling,
    Cut,
    Dense,
    Histogram,
    Reverse,
    Spline,
)


@pytest.mark.parametrize("form", [Affine(), Spline(bins=5, tail=3.0)])
@pytest.mark.parametrize("columns", [1, 2, 5])
@pytest.mark.parametrize("heard", [0, 3])
def test_jacobian_of_rows(jacobian_agrees, disturbed, form, columns, heard):
    kept = columns // 2
    coupling = Coupling(form, Cut(kept), Dense(kept, columns - kept, form.outputs, hidden=(16,), context=heard))
    context = torch.randn(4, heard, dtype=torch.float64) if heard else None
    jacobian_agrees(disturbed(coupling), 2 * torch.randn(4, columns, dtype=torch.float64), context)


@pytest.mark.parametrize("form", [Affine(), Spline(bins=4)])
@pytest.mark.parametrize("heard", [None, (3,), (3, 2, 2)])
def test_jacobian_of_images(jacobian_agrees, disturbed, form, heard):
    width = 3 if heard else 0
    by_channel = Coupling(form, Cut(1, first=True), Convolutional(2, 1, form.outputs, width=8, context=width))
    by_pixel = Coupling(form, Checkerboard(1), Convolutional(4, 3, form.outputs, width=8, context=width))
    context = torch.randn(2, *heard, dtype=torch.float64) if heard else None
    for coupling in (by_channel, by_pixel):
        jacobian_agrees(disturbed(coupling, 0.1), torch.randn(2, 3, 3, 3, dtype=torch.float64), context)


def test_a_histogram_starts_from_each_column_s_own():
    x = torch.stack((torch.rand(3000), torch.rand(3000) ** 2, torch.rand(3000) ** 0.5), 1) * 2 - 1
    coupling = Coupling(Histogram(bins=20), Cut(1), Dense(1, 2, 20))
    before, after = coupling(x)[1].mean(), coupling.prepare(x)[1].mean()
    assert after > before + 0.3
    assert (coupling(x)[0][:, 1:].mean(0).abs() < 0.1).all()


def _stack(form, columns):
    def coupling(i):
        moved = columns // 2 if i % 2 else columns - columns // 2
        return Coupling(form, Cut(columns // 2, first=i % 2 == 1), Dense(columns - moved, moved, form.outputs))

    return Chain([part for i in range(8) for part in (coupling(i), Reverse())])


@pytest.mark.parametrize("form", [Affine(), Spline()])
@pytest.mark.parametrize("columns", [2, 100])
def test_heavy_tails_come_back_in_float32(disturbed, form, columns):
    flow = disturbed(_stack(form, columns), 0.03)
    x = torch.distributions.StudentT(1.5).sample((512, columns))
    with torch.no_grad():
        z, ladj = flow(x)
        back, back_ladj = flow.inverse(z)
        again, _ = flow(back)
        there, there_ladj = flow.double().inverse(z.double())  # what the last bit of z is of x, where the flow is steep
    assert ((again - z).abs() / (1 + z.abs())).max() < 1e-5
    lost = ((there - x).abs() / (1 + x.abs())).max()
    assert ((back - x).abs() / (1 + x.abs())).max() < max(1e-4, 4 * lost)
    lost = ((ladj + there_ladj).abs() / (1 + ladj.abs())).max()
    assert ((ladj + back_ladj).abs() / (1 + ladj.abs())).max() < max(1e-3, 4 * lost)


@pytest.mark.parametrize("form", [Affine(), Spline()])
def test_extreme_rows_are_finite_with_their_gradients(disturbed, form):
    flow = disturbed(_stack(form, 6), 0.1)
    x = torch.tensor([1e6, -1e6, 0.0, 5.0, -5.0, 1e-30]).repeat(3, 1).requires_grad_()
    z, ladj = flow(x)
    (ladj.sum() - 1e-12 * (z**2).sum()).backward()
    assert z.isfinite().all()
    assert ladj.isfinite().all()
    assert x.grad is not None
    assert x.grad.isfinite().all()
    assert all(p.grad.isfinite().all() for p in flow.parameters())
    back, back_ladj = flow.inverse(z)
    assert back.isfinite().all()
    assert back_ladj.isfinite().all()


def test_rows_do_not_depend_on_their_companions(disturbed):
    flow = disturbed(_stack(Spline(), 5), 0.1)
    x = torch.randn(64, 5)
    torch.testing.assert_close(flow(x)[0][10:11], flow(x[10:11])[0], atol=1e-5, rtol=1e-5)
