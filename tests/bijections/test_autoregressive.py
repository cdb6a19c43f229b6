import pytest
import torch

from likely.bijections import Affine, Inverse, Spline, autoregressive

FORMS = [Affine(), Spline(bins=4, tail=3.0)]


@pytest.mark.parametrize("form", FORMS, ids=repr)
@pytest.mark.parametrize("columns", [1, 2, 5])
@pytest.mark.parametrize("heard", [0, 3])
@pytest.mark.parametrize("backwards", [False, True])
def test_jacobian(jacobian_agrees, disturbed, form, columns, heard, backwards):
    layer = disturbed(autoregressive(form, columns, hidden=(16, 16), backwards=backwards, context=heard), 0.2)
    context = torch.randn(4, heard, dtype=torch.float64) if heard else None
    jacobian_agrees(layer, 2 * torch.randn(4, columns, dtype=torch.float64), context)


@pytest.mark.parametrize("backwards", [False, True])
def test_the_jacobian_is_triangular_and_full(backwards):
    layer = autoregressive(Affine(), 6, hidden=(64, 64), backwards=backwards).double()
    jacobian = torch.autograd.functional.jacobian(lambda x: layer(x)[0].sum(0), torch.randn(20, 6).double()).sum(1)
    depends = torch.ones(6, 6).triu() if backwards else torch.ones(6, 6).tril()
    assert torch.equal((jacobian != 0).float(), depends)


@pytest.mark.parametrize("form", FORMS, ids=repr)
@pytest.mark.parametrize("columns", [2, 7])
def test_the_way_back_is_the_naive_loop(disturbed, form, columns):
    """The naive loop runs the whole network for every column."""
    layer = disturbed(autoregressive(form, columns, hidden=(16, 16)), 0.2).double()
    z = torch.randn(5, columns, dtype=torch.float64)
    naive = torch.zeros_like(z)
    with torch.no_grad():
        for column in range(columns):
            said = layer.network(naive.t()).view(form.outputs, columns, 5)[:, column]
            naive[:, column] = form.inverse(z[None, :, column], said[None])[0][0]
        torch.testing.assert_close(layer.inverse(z)[0], naive, atol=1e-12, rtol=1e-12)


@pytest.mark.parametrize("form", FORMS, ids=repr)
@pytest.mark.parametrize("heard", [0, 2])
def test_gradients_of_the_way_back(disturbed, form, heard):
    """Against finite differences, of the rows, of the context and of every weight."""
    layer = disturbed(autoregressive(form, 3, hidden=(5,), context=heard), 0.2).double()
    z = torch.randn(2, 3, dtype=torch.float64, requires_grad=True)
    context = torch.randn(2, heard, dtype=torch.float64, requires_grad=True)

    def back(z, context, *_):
        return layer.inverse(z, context if heard else None)

    assert torch.autograd.gradcheck(back, (z, context, *layer.parameters()), atol=1e-6)


def test_the_other_way_round_exchanges_both_ways(disturbed):
    layer = disturbed(autoregressive(Spline(), 5, hidden=(16,)), 0.2).double()
    x = torch.randn(6, 5, dtype=torch.float64)
    with torch.no_grad():
        z, ladj = Inverse(layer)(x)
        torch.testing.assert_close(layer(z)[0], x)
        torch.testing.assert_close(layer(z)[1], -ladj)


@pytest.mark.parametrize("form", [Affine(), Spline()], ids=repr)
def test_heavy_tails_come_back_in_float32(disturbed, form):
    layer = disturbed(autoregressive(form, 100, hidden=(64, 64)), 0.01)
    x = torch.distributions.StudentT(1.0).sample((512, 100))
    with torch.no_grad():
        z, ladj = layer(x)
        back, back_ladj = layer.inverse(z)
    assert ((back - x).abs() / (1 + x.abs())).max() < 1e-4
    assert ((ladj + back_ladj).abs() / (1 + ladj.abs())).max() < 1e-3


@pytest.mark.parametrize("form", [Affine(), Spline()], ids=repr)
def test_extreme_rows_are_finite_with_their_gradients(disturbed, form):
    layer = disturbed(autoregressive(form, 6, hidden=(16,)), 0.1)
    x = torch.tensor([1e6, -1e6, 0.0, 5.0, -5.0, 1e-30]).repeat(3, 1).requires_grad_()
    for way in (layer, Inverse(layer)):
        z, ladj = way(x)
        (ladj.sum() - 1e-12 * (z**2).sum()).backward()
        assert z.isfinite().all()
        assert ladj.isfinite().all()
        assert all(p.grad is not None and p.grad.isfinite().all() for p in (x, *layer.parameters()))


def test_a_narrow_network_still_sees_every_column():
    layer = autoregressive(Affine(), 40, hidden=(4,)).double()
    jacobian = torch.autograd.functional.jacobian(lambda x: layer(x)[0].sum(0), torch.randn(5, 40).double()).sum(1)
    assert torch.equal((jacobian != 0).float(), torch.ones(40, 40).tril())
